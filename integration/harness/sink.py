"""The next hops: SMTP servers in this process that accept whatever comes and keep it, to be looked at afterwards."""

import base64
import contextlib
import socket
import socketserver
import ssl
import threading
from dataclasses import dataclass, field
from pathlib import Path

from .certificates import Certificate
from .waiting import wait_until


@dataclass
class Message:
    """One message as it came in: envelope, content, and the TLS version of the connection (None: in the clear).

    `login` is the user and password that the client gave, if any.
    """

    sink: str
    helo: str
    tls_version: str | None
    mail_from: str
    recipients: list[str]
    content: bytes
    login: tuple[str, str] | None = None
    headers: list[tuple[str, str]] = field(init=False)
    body: bytes = field(init=False)

    def __post_init__(self):
        head, _, self.body = self.content.partition(b"\r\n\r\n")
        self.headers = split_headers(head.decode("utf-8", "replace"))

    def all(self, name: str) -> list[str]:
        """The values of all headers of this name, in any case, from top to bottom, folding and all."""
        return [value for key, value in self.headers if key.lower() == name.lower()]


def split_headers(head: str) -> list[tuple[str, str]]:
    headers: list[tuple[str, str]] = []
    for line in head.split("\r\n"):
        if line[:1] in (" ", "\t") and headers:
            headers[-1] = (headers[-1][0], headers[-1][1] + "\r\n" + line)
        else:
            name, _, value = line.partition(":")
            headers.append((name.rstrip(), value.strip()))
    return headers


class Sink:
    """Listens on a loopback port of its own from start() to stop(). Thread-safe.

    With a certificate it offers STARTTLS. With a folder it also leaves each message there, as a file that a person
    can read. With `asks_for_login` it takes mail of those only who log in, whoever they are.
    """

    def __init__(self, name: str, certificate: Certificate | None = None, folder: Path | None = None,
                 address: tuple[str, int] = ("127.0.0.1", 0), asks_for_login: bool = False):
        self.name = name
        self.folder = folder
        self.asks_for_login = asks_for_login
        self.tls = server_context(certificate) if certificate else None
        self.logins: list[tuple[str, str]] = []  # with or without a message
        self._messages: list[Message] = []
        self._lock = threading.Lock()
        self._listen(address)
        self.port: int = self._server.server_address[1]
        if folder:
            folder.mkdir(parents=True, exist_ok=True)

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def come_back(self) -> None:
        """Listens again, after stop(), where it did."""
        self._listen(self._server.server_address)
        self.start()

    def _listen(self, address: tuple[str, int]) -> None:
        self._server = (Server6 if ":" in address[0] else Server)(address[:2], Session)
        self._server.sink = self

    def messages(self) -> list[Message]:
        with self._lock:
            return list(self._messages)

    def holding(self, token: str) -> list[Message]:
        """The messages that have `token` somewhere in their content."""
        return [message for message in self.messages() if token.encode() in message.content]

    def wait_for(self, token: str, timeout: float = 15.0) -> Message:
        return wait_until(lambda: self.holding(token), f"{token} at the sink {self.name}", timeout)[0]

    def keep(self, message: Message) -> None:
        with self._lock:
            self._messages.append(message)
            number = len(self._messages)
        if self.folder:
            (self.folder / f"{number:04}.eml").write_bytes(message.content.replace(b"\r\n", b"\n"))


def server_context(certificate: Certificate, maximum: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.file, certificate.key)
    if maximum:
        context.maximum_version = maximum
    return context


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128
    sink: Sink


class Server6(Server):
    address_family = socket.AF_INET6


class Session(socketserver.StreamRequestHandler):
    """One connection from Postfix. As much of RFC 5321 as a client of good manners needs."""

    server: Server

    def handle(self):
        with contextlib.suppress(ConnectionError, ssl.SSLError):  # Postfix may end, or not like us, at any moment
            self.converse()

    def converse(self) -> None:
        self.helo = self.mail_from = ""
        self.recipients: list[str] = []
        self.login: tuple[str, str] | None = None
        self.say("220 sink ESMTP")
        while line := self.rfile.readline():
            verb, _, argument = line.decode("utf-8", "replace").strip().partition(" ")
            action = getattr(self, "do_" + verb.lower(), None)
            if not action:
                self.say("502 5.5.1 not here")
            elif action(argument) is False:
                return

    def do_ehlo(self, argument: str):
        self.helo = argument
        offers = ["sink", "PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"]
        if self.server.sink.tls and not isinstance(self.connection, ssl.SSLSocket):
            offers.append("STARTTLS")
        if self.server.sink.asks_for_login:
            offers.append("AUTH PLAIN")
        for offer in offers[:-1]:
            self.say(f"250-{offer}")
        self.say(f"250 {offers[-1]}")

    def do_helo(self, argument: str):
        self.helo = argument
        self.say("250 sink")

    def do_starttls(self, _: str):
        self.say("220 2.0.0 go ahead")
        try:
            self.connection = self.server.sink.tls.wrap_socket(self.connection, server_side=True)
        except (ssl.SSLError, OSError):
            return False  # the client likes neither our version nor our certificate
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)
        return True

    def do_auth(self, argument: str):
        _, _, response = argument.partition(" ")
        _, user, password = base64.b64decode(response).decode().split("\0")
        self.login = (user, password)
        self.server.sink.logins.append(self.login)
        self.say("235 2.7.0 welcome")

    def do_mail(self, argument: str):
        if self.server.sink.asks_for_login and not self.login:
            self.say("530 5.7.0 log in first")
            return
        self.mail_from, self.recipients = path_of(argument), []
        self.say("250 2.1.0 ok")

    def do_rcpt(self, argument: str):
        self.recipients.append(path_of(argument))
        self.say("250 2.1.5 ok")

    def do_data(self, _: str):
        self.say("354 go ahead")
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return False
            lines.append(line[1:] if line.startswith(b".") else line)
        self.server.sink.keep(Message(self.server.sink.name, self.helo, self.tls_version(), self.mail_from,
                                      self.recipients, b"".join(lines), self.login))
        self.say("250 2.0.0 kept")
        return True

    def do_rset(self, _: str):
        self.mail_from, self.recipients = "", []
        self.say("250 2.0.0 ok")

    def do_noop(self, _: str):
        self.say("250 2.0.0 ok")

    def do_quit(self, _: str):
        self.say("221 2.0.0 bye")
        return False

    def tls_version(self) -> str | None:
        return self.connection.version() if isinstance(self.connection, ssl.SSLSocket) else None

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def finish(self):
        try:
            super().finish()
        except OSError:
            pass  # the peer has gone already


def path_of(argument: str) -> str:
    return argument[argument.find("<") + 1:argument.rfind(">")]
