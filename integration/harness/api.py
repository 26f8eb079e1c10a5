"""The API's client: requests as a program sends them, and as no decent one would."""

import http.client
import json
import socket
import ssl
from dataclasses import dataclass, field
from typing import Any, Mapping

from .network import connect

CONNECTORS = "/api/exchange/connectors"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content) if self.content else None

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").split(";")[0]

    @property
    def etag(self) -> str:
        return self.headers.get("etag", "")

    @property
    def fields(self) -> list[str]:
        """The fields that the problem details name."""
        return [error["field"] for error in self.json.get("errors", [])]

    def __str__(self) -> str:
        return f"{self.status} {self.content.decode(errors='replace')[:2000]}"


class _Connection(http.client.HTTPConnection):
    def __init__(self, endpoint: str, tls: ssl.SSLContext | None):
        super().__init__("localhost", timeout=30)
        self._endpoint, self._tls = endpoint, tls

    def connect(self) -> None:
        self.sock = connect(self._endpoint, timeout=30)
        if self._tls:
            self.sock = self._tls.wrap_socket(self.sock, server_hostname="localhost")


@dataclass
class ApiClient:
    """A client at `endpoint` (unix:/path, inet:host:port), with a token or without."""

    endpoint: str
    token: str | None = None
    tls: ssl.SSLContext | None = None
    answers: list[tuple[str, str, Answer]] = field(default_factory=list)  # all that came, with method and path

    def request(self, method: str, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None) -> Answer:
        """`body` is bytes as they are to be sent, or what becomes JSON."""
        sent = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        if body is not None:
            sent["Content-Type"] = "application/json"
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
        connection = _Connection(self.endpoint, self.tls)
        try:
            connection.request(method, path, body, {**sent, **(headers or {})})
            response = connection.getresponse()
            answer = Answer(response.status, {name.lower(): value for name, value in response.getheaders()},
                            response.read())
        finally:
            connection.close()
        self.answers.append((method, path, answer))
        return answer

    def get(self, path: str, **more) -> Answer:
        return self.request("GET", path, **more)

    def create(self, connector: dict) -> Answer:
        return self.request("POST", CONNECTORS, connector)

    def connector(self, name: str, query: str = "") -> Answer:
        return self.get(f"{CONNECTORS}/{name}{query}")

    def replace(self, name: str, connector: dict, etag: str | None) -> Answer:
        return self.request("PUT", f"{CONNECTORS}/{name}", connector, headers={"If-Match": etag} if etag else {})

    def set_enabled(self, name: str, enabled: bool, etag: str | None = None) -> Answer:
        return self.request("PUT", f"{CONNECTORS}/{name}/status", {"enabled": enabled},
                            headers={"If-Match": etag} if etag else {})

    def delete(self, name: str, etag: str | None) -> Answer:
        return self.request("DELETE", f"{CONNECTORS}/{name}", headers={"If-Match": etag} if etag else {})

    def raw(self, data: bytes) -> bytes:
        """What comes back for bytes that need be no HTTP, until the other side closes."""
        with connect(self.endpoint, timeout=30) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            received = b""
            while piece := connection.recv(65536):
                received += piece
            return received
