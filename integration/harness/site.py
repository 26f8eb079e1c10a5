"""A whole mail site on one machine: Postfix with connectord beside it, and two next hops to see where mail goes.

Mail that carries the tag of the connector `contoso` leaves through the sink `contoso`; all other mail, through the
sink `default`.
"""

import contextlib
import grp
import shutil
import uuid
from typing import Mapping

from .certificates import CertificateStore
from .client import SmtpClient
from .daemon import Connectord
from .postfix import Parameters, PrivatePostfix, beside_connectord
from .sink import Message, Sink
from .waiting import wait_until
from .workspace import Workspace

USER = "nobody"  # exists everywhere; connectord becomes it

SERVER_TABLE = """\
[server]
authserv_id = "mx.example.net"
milter = "{milter}"
policy = "{policy}"
user = "{user}"

[organization]
accepted_domains = ["example.net"]
reject_direct_send = {reject_direct_send}

[log]
target = "stderr"
format = "{log_format}"

"""

ENTRANCES: Mapping[str, Parameters] = {"smtp": {}}


class Site:
    """Start it with a `with` statement; leaving that stops everything and removes all files.

    `connectors` is the part of connectord.toml that a scenario is about. `entrances` are Postfix's, as
    PrivatePostfix takes them; `parameters` go to its main.cf.
    """

    def __init__(self, connectors: str, *, parameters: Parameters | None = None,
                 entrances: Mapping[str, Parameters] = ENTRANCES, reject_direct_send: bool = False,
                 log_format: str = "text", keep_mail: bool = False, prefix: str = "connectord-test-"):
        self._stack = contextlib.ExitStack()
        try:
            self.workspace = self._stack.enter_context(Workspace(prefix))
            self.path = self.workspace.path
            self._make_listener_folder()
            self._reject_direct_send, self._log_format = reject_direct_send, log_format
            self.certificates = certificates_of_the_world(self.path)
            self.sinks = {name: self._sink(name, keep_mail) for name in ("contoso", "default")}
            self.connectord = Connectord(self.workspace, self.configuration(connectors))
            self.postfix = PrivatePostfix(self.workspace, {**self._parameters(), **(parameters or {})}, entrances)
        except BaseException:
            self._stack.close()
            raise

    def __enter__(self) -> "Site":
        try:
            for sink in self.sinks.values():
                sink.start()
                self._stack.callback(sink.stop)
            self.connectord.start()
            self._stack.callback(self.connectord.stop)
            self._stack.callback(self.postfix.stop)
            self.postfix.start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_) -> None:
        self._stack.close()

    def configuration(self, connectors: str) -> str:
        """The whole of connectord.toml with these connectors."""
        return SERVER_TABLE.format(milter=self.milter, policy=self.policy, user=USER, log_format=self._log_format,
                                   reject_direct_send=str(self._reject_direct_send).lower()) + connectors

    @property
    def milter(self) -> str:
        return f"unix:{self.path}/run/milter.sock"

    @property
    def policy(self) -> str:
        return f"unix:{self.path}/run/policy.sock"

    def client(self, source: str = "127.0.0.1", entrance: str = "smtp") -> SmtpClient:
        return SmtpClient(self.postfix.ports[entrance], source)

    def arrival(self, token: str, timeout: float = 15.0) -> Message:
        """The message with this token, at whichever sink it arrives."""
        def look():
            return [message for sink in self.sinks.values() for message in sink.holding(token)]
        return wait_until(look, f"{token} at any sink; Postfix says:\n{self.postfix.log()[-3000:]}", timeout)[0]

    def log_of(self, queue_id: str) -> str:
        """connectord's line about one message."""
        return self.connectord.wait_for_log(rf"\b{queue_id}:")

    def _sink(self, name: str, keep_mail: bool) -> Sink:
        return Sink(name, self.certificates["sink"], self.path / "mail" / name if keep_mail else None)

    def _make_listener_folder(self) -> None:
        folder = self.path / "run"
        folder.mkdir(mode=0o755)
        shutil.chown(folder, USER, grp.getgrnam("postfix").gr_name)

    def _parameters(self) -> dict[str, str]:
        selection = self.path / "header_checks"
        selection.write_text(f"/^X-Connector: contoso$/ FILTER smtp:[127.0.0.1]:{self.sinks['contoso'].port}\n")
        server, authority = self.certificates["server"], self.certificates["authority"]
        next_hop = f"smtp:[127.0.0.1]:{self.sinks['default'].port}"
        return {**beside_connectord(milter=self.milter, policy=self.policy),
                "milter_header_checks": f"regexp:{selection}", "default_transport": next_hop,
                "relay_transport": next_hop, "smtpd_tls_cert_file": str(server.file),
                "smtpd_tls_key_file": str(server.key), "smtpd_tls_CAfile": str(authority.file)}


def certificates_of_the_world(path):
    """The certificates of everybody in the scenarios, by who has them."""
    store = CertificateStore(path / "certificates")
    authority = store.authority("Contoso Issuing CA")
    impostor_authority = store.authority("Contoso Issuing CA")  # the same name, another key: nobody trusts it
    return {
        "authority": authority,
        "server": store.self_signed("mx.example.net"),
        "sink": store.self_signed("sink.example.net"),
        "partner": store.issued(authority, "mail.contoso.com", alternative_names=("mail.contoso.com",)),
        "other name": store.issued(authority, "mail.fabrikam.com"),
        "impostor": store.issued(impostor_authority, "mail.contoso.com"),
        "pinned": store.self_signed("mail.pinned.example"),
        "unpinned": store.self_signed("mail.pinned.example"),
    }


def new_token() -> str:
    """Marks one message so that it is found again at its destination."""
    return "token-" + uuid.uuid4().hex
