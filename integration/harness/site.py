"""A whole mail site on one machine: Postfix with connectord beside it, and two next hops to see where mail goes.

Mail that carries the tag of the connector `contoso` leaves through the sink `contoso`; all other mail, through the
sink `default`.
"""

import contextlib
import functools
import grp
import json
import pwd
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping

from .certificates import SERVER_ONLY, Certificate, CertificateStore
from .client import SmtpClient
from .daemon import SANDBOX_USER, Connectord, all_are_confined, connectorctl, make_user
from .dns_server import Fault, FaultyNameserver, Nameserver
from .postfix import Parameters, PrivatePostfix, beside_connectord
from .sink import Message, Sink
from .waiting import wait_until
from .workspace import Workspace

UNCONFINED_USER = "nobody"  # exists everywhere; connectord becomes it
USER = SANDBOX_USER if all_are_confined() else UNCONFINED_USER
GROUP = grp.getgrgid(pwd.getpwnam(USER).pw_gid).gr_name

SERVER_TABLE = """\
[server]
authserv_id = "mx.example.net"
milter = "{milter}"
policy = "{policy}"
user = "{user}"
history = "{path}/kept/changes.json"
mail_key = "{path}/kept/mail.key"
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


@dataclass(frozen=True)
class SiteOptions:
    """What a host or a site is like, beside its connectors. Lines are TOML; PATH in those of the trace is the run's folder."""

    # Of connectord. The listeners are by default unix sockets in a folder as packages make it: of connectord's user,
    # open to Postfix.
    milter: str | None = None
    policy: str | None = None
    socketmap: bool = False  # whether there is that listener too
    server: str = ""  # further lines of [server]
    reject_direct_send: bool = False
    log_format: str = "text"
    launch: bool = True  # else starting connectord is left to the scenario
    confined: bool = all_are_confined()  # whether it is as the shipped unit confines it
    trace: str | None = None  # lines of [trace]; None: there is no message trace

    # With a zone, lines of a zone file, there is a DNS server beside it, which spoils what `faults` says and fails for
    # the domains `failing`; then mail is authenticated as `authentication` says, lines of the table of that name.
    zone: str | None = None
    faults: Mapping[str, Fault] | None = None
    failing: tuple[str, ...] = ()
    authentication: str = ""

    # Of Postfix: what goes to main.cf, and `entrances` as PrivatePostfix takes them.
    parameters: Parameters | None = None
    entrances: Mapping[str, Parameters] | None = None
    attached: bool = True  # else Postfix knows nothing of connectord
    keep_mail: bool = False  # in files, too

    prefix: str = "connectord-test-"  # of the run's folder


class Host:
    """A machine with connectord and no mail server. Start it with a `with` statement; nothing is left afterwards.

    `connectors` is the part of connectord.toml that a scenario is about. A message trace is in `trace_file`, whose
    folder connectord makes.
    """

    def __init__(self, connectors: str = "", options: SiteOptions = SiteOptions()):
        self.options = options
        self.stack = contextlib.ExitStack()
        with self._or_close():
            self.workspace = self.stack.enter_context(Workspace(options.prefix))
            self.path = self.workspace.path
            self.trace_file = self.path / "trace" / "trace.db"
            self.user = SANDBOX_USER if options.confined else UNCONFINED_USER
            if options.confined:
                make_user(self.user)
            self.make_listener_folder(self.path / "run")
            for name in ("trace", "kept", "validation", "fleet", "sts") if options.confined else ():
                self.make_state_folder(name)
            self.milter = options.milter or f"unix:{self.path}/run/milter.sock"
            self.policy = options.policy or f"unix:{self.path}/run/policy.sock"
            self.socketmap = f"unix:{self.path}/run/socketmap.sock" if options.socketmap else None
            server = options.server
            if self.socketmap:
                server += f'\nsocketmap = "{self.socketmap}"'
            has_zone, has_faults = options.zone is not None, options.faults is not None
            self.nameserver = Nameserver(self.workspace, options.zone, options.failing) if has_zone else None
            self.faulty_nameserver = FaultyNameserver(self.nameserver.port, options.faults) if has_faults else None
            self._settings = {"path": self.path, "user": self.user, "server": server,
                              "log_format": options.log_format, "dns": self._dns_table(),
                              "authentication": options.authentication if self.nameserver else NO_CHECKS,
                              "reject_direct_send": str(options.reject_direct_send).lower(),
                              "trace": self._trace_table()}
            self.connectord = Connectord(self.workspace, self.configuration(connectors),
                                         confined=options.confined)

    def __enter__(self):
        with self._or_close():
            self.start()
        return self

    def __exit__(self, *_) -> None:
        self.stack.close()

    def make_state_folder(self, name: str) -> Path:
        """A folder of root's, which connectord gives its user at its start; that user's, if it does not start as root."""
        folder = self.path / name
        folder.mkdir(mode=0o755)
        if self.options.confined:
            shutil.chown(folder, self.user, self.user)
        return folder

    def let_read(self, secret: Path) -> None:
        """A secret that only root may read is enough for a connectord that starts as root, and for no other."""
        if self.options.confined:
            shutil.chown(secret, "root", self.user)
            secret.chmod(0o640)

    def start(self) -> None:
        for server in filter(None, (self.nameserver, self.faulty_nameserver)):
            self.stack.callback(server.stop)
            server.start()
        self.stack.callback(self.connectord.stop)
        if self.options.launch:
            self.connectord.start()

    def configuration(self, connectors: str) -> str:
        """The whole of connectord.toml with these connectors."""
        text = SERVER_TABLE.format(milter=self.milter, policy=self.policy, **self._settings) + connectors
        if "[validation]" not in text:  # nothing outside of the run's folder is written
            text += f'\n[validation]\nenabled = false\nstate = "{self.path}/validation"\n'
        return text

    def add_to_server(self, *lines: str) -> None:
        """Further lines for the table [server], which the next configuration has."""
        self._settings["server"] += "\n" + "\n".join(lines) + "\n"

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

    def said(self) -> str:
        """The end of what the servers have logged."""
        return f"connectord says:\n{self.connectord.log()[-3000:]}"

    def _dns_table(self) -> str:
        server = self.faulty_nameserver or self.nameserver
        return DNS_TABLE.format(server=server.endpoint) if server else ""

    def _trace_table(self) -> str:
        if self.options.trace is None:
            return ""
        return f'[trace]\nstore = "sqlite:{self.trace_file}"\n' + self.options.trace.replace("PATH", str(self.path))

    def make_listener_folder(self, folder: Path) -> None:
        """As the package does, where connectord does not start as root: sockets are of the folder's group."""
        folder.mkdir(mode=0o755)
        shutil.chown(folder, self.user, "postfix")
        if self.options.confined:
            folder.chmod(0o2755)

    @contextlib.contextmanager
    def _or_close(self):
        """Leaves nothing behind when the start fails half way."""
        try:
            yield
        except BaseException:
            self.stack.close()
            raise


class Site(Host):
    """A host with Postfix too."""

    def __init__(self, connectors: str = "", options: SiteOptions = SiteOptions()):
        super().__init__(connectors, options)
        with self._or_close():
            self.certificates = certificates_of_the_world(self.path / "certificates")
            mail = self.path / "mail"
            self.sinks = {name: Sink(name, self.certificates["sink"], mail / name if options.keep_mail else None)
                          for name in ("contoso", "default")}
            self.postfix = PrivatePostfix(self.workspace, {**self._parameters(), **(options.parameters or {})},
                                           options.entrances)

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
            raise AssertionError(str(error)) from None

    def said(self) -> str:
        return f"{super().said()}\n{self.postfix.said()}"

    def arrivals(self, token: str) -> list[Message]:
        return [message for sink in self.sinks.values() for message in sink.holding(token)]

    def _parameters(self) -> dict[str, str]:
        selection = self.path / "header_checks"
        selection.write_text(f"/^X-Connector: contoso$/ FILTER smtp:[127.0.0.1]:{self.sinks['contoso'].port}\n")
        server, authority = self.certificates["server"], self.certificates["authority"]
        next_hop = f"smtp:[127.0.0.1]:{self.sinks['default'].port}"
        attachment = (beside_connectord(milter=self.milter, policy=self.policy, socketmap=self.socketmap)
                      if self.options.attached else {})
        return {"milter_header_checks": f"regexp:{selection}", **attachment, "default_transport": next_hop,
                "relay_transport": next_hop, "smtpd_tls_cert_file": str(server.file),
                "smtpd_tls_key_file": str(server.key), "smtpd_tls_CAfile": str(authority.file)}


def certificates_of_the_world(folder: Path) -> dict[str, Certificate]:
    """The certificates of everybody in the scenarios, by the names of their files."""
    folder.mkdir(parents=True)
    for name, (content, mode) in files_of_the_world().items():
        (folder / name).write_bytes(content)
        (folder / name).chmod(mode)
    return {file.stem: Certificate(file, file.with_suffix(".key")) for file in folder.glob("*.pem")}


@functools.cache
def files_of_the_world() -> dict[str, tuple[bytes, int]]:
    """Contents and modes: made once in this process, since that starts a program for each certificate."""
    with tempfile.TemporaryDirectory() as folder:
        make_certificates_of_the_world(CertificateStore(Path(folder)))
        return {file.name: (file.read_bytes(), file.stat().st_mode) for file in Path(folder).iterdir()}


def make_certificates_of_the_world(store: CertificateStore) -> None:
    authority = store.authority("authority", "Contoso Issuing CA")
    impostor = store.authority("impostor-authority", "Contoso Issuing CA")  # the same name, but nobody trusts it
    store.self_signed("server", "mx.example.net")
    store.self_signed("sink", "sink.example.net")
    store.issued("partner", authority, "mail.contoso.com", alternative_names=("mail.contoso.com",))
    store.issued("other-name", authority, "mail.fabrikam.com")
    store.issued("impostor", impostor, "mail.contoso.com")
    store.issued("server-only", authority, "mail.contoso.com", usage=SERVER_ONLY)
    store.issued("alternative-names-only", authority, "", alternative_names=("mail.contoso.com",))
    store.self_signed("pinned", "mail.pinned.example")
    store.self_signed("unpinned", "mail.pinned.example")
