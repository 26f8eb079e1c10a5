"""A whole mail site on one machine: Postfix with connectord beside it, and two next hops to see where mail goes.

Mail that carries the tag of the connector `contoso` leaves through the sink `contoso`; all other mail, through the
sink `default`.
"""

import contextlib
import json
import re
import shutil
from pathlib import Path
from typing import Mapping

from .certificates import SERVER_ONLY, Certificate, CertificateStore
from .client import SmtpClient
from .daemon import Connectord, connectorctl
from .dns_server import Fault, FaultyNameserver, Nameserver
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
{server}

[organization]
accepted_domains = ["example.net"]
reject_direct_send = {reject_direct_send}

{dns}
[authentication]
{authentication}

{trace}
[log]
target = "stderr"
format = "{log_format}"

"""

# There is no DNS but what a scenario brings along.
NO_CHECKS = """\
spf = false
dkim = false
dmarc = "off"
"""

DNS_TABLE = """\
[dns]
servers = ["{server}"]
timeout = "1s"
budget = "3s"
"""


class Host:
    """A machine with connectord and no mail server. Start it with a `with` statement; nothing is left afterwards.

    `connectors` is the part of connectord.toml that a scenario is about; `server`, further lines for the table of that
    name. `milter` and `policy` name the listeners; by default they are unix sockets in a folder as packages make it:
    of connectord's user, open to Postfix. `socketmap` says whether there is that one too. With `launch` false, starting
    connectord is left to the scenario. With `trace`, lines for the table of that name, there is a message trace in
    `trace_file`, whose folder connectord makes; PATH stands for the run's folder.

    With a `zone`, lines of a zone file, there is a DNS server beside it, which spoils what `faults` says and fails for
    the domains `failing`; then mail is authenticated as `authentication` says, lines for the table of that name.
    """

    def __init__(self, connectors: str = "", *, milter: str | None = None, policy: str | None = None,
                 socketmap: bool = False, server: str = "", reject_direct_send: bool = False, log_format: str = "text",
                 launch: bool = True, zone: str | None = None, faults: Mapping[str, Fault] | None = None,
                 failing: tuple[str, ...] = (), authentication: str = "", trace: str | None = None,
                 prefix: str = "connectord-test-"):
        self.stack = contextlib.ExitStack()
        with self._or_close():
            self.workspace = self.stack.enter_context(Workspace(prefix))
            self.path = self.workspace.path
            self.trace_file = self.path / "trace" / "trace.db"
            self._make_listener_folder()
            self.milter = milter or f"unix:{self.path}/run/milter.sock"
            self.policy = policy or f"unix:{self.path}/run/policy.sock"
            self.socketmap = f"unix:{self.path}/run/socketmap.sock" if socketmap else None
            if self.socketmap:
                server += f'\nsocketmap = "{self.socketmap}"'
            self.nameserver = Nameserver(self.workspace, zone, failing) if zone is not None else None
            self.faulty_nameserver = FaultyNameserver(self.nameserver.port, faults) if faults is not None else None
            self._settings = {"user": USER, "server": server, "log_format": log_format, "dns": self._dns_table(),
                              "authentication": authentication if self.nameserver else NO_CHECKS,
                              "reject_direct_send": str(reject_direct_send).lower(),
                              "trace": "" if trace is None else f'[trace]\nstore = "sqlite:{self.trace_file}"\n'
                                                                        + trace.replace("PATH", str(self.path))}
            self._launch = launch
            self.connectord = Connectord(self.workspace, self.configuration(connectors))

    def __enter__(self):
        with self._or_close():
            self.start()
        return self

    def __exit__(self, *_) -> None:
        self.stack.close()

    def start(self) -> None:
        for server in filter(None, (self.nameserver, self.faulty_nameserver)):
            self.stack.callback(server.stop)
            server.start()
        self.stack.callback(self.connectord.stop)
        if self._launch:
            self.connectord.start()

    def configuration(self, connectors: str) -> str:
        """The whole of connectord.toml with these connectors."""
        text = SERVER_TABLE.format(milter=self.milter, policy=self.policy, **self._settings) + connectors
        if "[validation]" not in text:  # nothing outside of the run's folder is written
            text += f'\n[validation]\nstate = "{self.path}/validation"\n'
        return text

    def reconfigure(self, connectors: str) -> None:
        """Writes other connectors; takes effect when connectord starts, or at SIGHUP."""
        self.connectord.write_configuration(self.configuration(connectors))

    def trace(self, *options: str) -> list[dict]:
        """The rows of the trace that `connectorctl trace` finds."""
        found = connectorctl("trace", "--config", self.connectord.config_file, "--json", "--limit", "100000", *options)
        if found.status != 0:
            raise AssertionError(f"connectorctl trace: {found.stderr}")
        return [json.loads(line) for line in found.stdout.splitlines()]

    def log_of(self, queue_id: str) -> str:
        """connectord's line about one message."""
        return self.connectord.wait_for_log(rf"\b{re.escape(queue_id)}:")

    def _dns_table(self) -> str:
        server = self.faulty_nameserver or self.nameserver
        return DNS_TABLE.format(server=server.endpoint) if server else ""

    def _make_listener_folder(self) -> None:
        folder = self.path / "run"
        folder.mkdir(mode=0o755)
        shutil.chown(folder, USER, "postfix")

    @contextlib.contextmanager
    def _or_close(self):
        """Leaves nothing behind when the start fails half way."""
        try:
            yield
        except BaseException:
            self.stack.close()
            raise


class Site(Host):
    """A host with Postfix too. `entrances` are as PrivatePostfix takes them, and `parameters` go to main.cf.

    With `attached` false, Postfix knows nothing of connectord.
    """

    def __init__(self, connectors: str = "", *, parameters: Parameters | None = None,
                 entrances: Mapping[str, Parameters] | None = None, keep_mail: bool = False, attached: bool = True,
                 **host):
        super().__init__(connectors, **host)
        self._attached = attached
        with self._or_close():
            self.certificates = certificates_of_the_world(self.path / "certificates")
            self.sinks = {name: Sink(name, self.certificates["sink"], self.path / "mail" / name if keep_mail else None)
                          for name in ("contoso", "default")}
            self.postfix = PrivatePostfix(self.workspace, {**self._parameters(), **(parameters or {})}, entrances)

    def start(self) -> None:
        for sink in self.sinks.values():
            sink.start()
            self.stack.callback(sink.stop)
        super().start()
        self.stack.callback(self.postfix.stop)
        self.postfix.start()

    def client(self, source: str = "127.0.0.1", entrance: str = "smtp") -> SmtpClient:
        return SmtpClient(self.postfix.ports[entrance], source)

    def arrival(self, token: str, timeout: float = 15.0) -> Message:
        """The message with this token, at whichever sink it arrives."""
        try:
            return wait_until(lambda: self.arrivals(token), f"{token} at a sink", timeout)[0]
        except TimeoutError as error:
            raise AssertionError(f"{error}; Postfix says:\n{self.postfix.log()[-3000:]}") from None

    def arrivals(self, token: str) -> list[Message]:
        return [message for sink in self.sinks.values() for message in sink.holding(token)]

    def _parameters(self) -> dict[str, str]:
        selection = self.path / "header_checks"
        selection.write_text(f"/^X-Connector: contoso$/ FILTER smtp:[127.0.0.1]:{self.sinks['contoso'].port}\n")
        server, authority = self.certificates["server"], self.certificates["authority"]
        next_hop = f"smtp:[127.0.0.1]:{self.sinks['default'].port}"
        attachment = (beside_connectord(milter=self.milter, policy=self.policy, socketmap=self.socketmap)
                      if self._attached else {})
        return {"milter_header_checks": f"regexp:{selection}", **attachment, "default_transport": next_hop,
                "relay_transport": next_hop, "smtpd_tls_cert_file": str(server.file),
                "smtpd_tls_key_file": str(server.key), "smtpd_tls_CAfile": str(authority.file)}


def certificates_of_the_world(folder: Path) -> dict[str, Certificate]:
    """The certificates of everybody in the scenarios, by the names of their files."""
    store = CertificateStore(folder)
    authority = store.authority("authority", "Contoso Issuing CA")
    impostor = store.authority("impostor-authority", "Contoso Issuing CA")  # the same name, but nobody trusts it
    made = [
        authority,
        store.self_signed("server", "mx.example.net"),
        store.self_signed("sink", "sink.example.net"),
        store.issued("partner", authority, "mail.contoso.com", alternative_names=("mail.contoso.com",)),
        store.issued("other-name", authority, "mail.fabrikam.com"),
        store.issued("impostor", impostor, "mail.contoso.com"),
        store.issued("server-only", authority, "mail.contoso.com", usage=SERVER_ONLY),
        store.issued("alternative-names-only", authority, "", alternative_names=("mail.contoso.com",)),
        store.self_signed("pinned", "mail.pinned.example"),
        store.self_signed("unpinned", "mail.pinned.example"),
    ]
    return {certificate.file.stem: certificate for certificate in made}
