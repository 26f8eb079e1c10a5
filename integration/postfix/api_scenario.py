"""What the scenarios of the API share: a host whose connectord has one, and tokens of every role."""

from dataclasses import replace
import os
import pwd
import shutil
from pathlib import Path

from harness.api import ApiClient
from harness.daemon import connectorctl
from harness.site import USER, Host
from scenario import CONTOSO, HostScenario

FABRIKAM = {"name": "fabrikam", "direction": "inbound", "scenario": "partner",
            "identify": {"sender_domains": ["fabrikam.example"]}, "require": {"tls": True}}
RELAY = {"name": "relay", "direction": "outbound", "scenario": "internet",
         "recipient_domains": ["relay.example"], "route": {"smart_hosts": ["[relay.example.net]:25"]}}


def server_lines(folder: str | Path, listener: str | None = None) -> str:
    """Lines of [server] for an API, by default on a unix socket; `folder` is Host.path."""
    return (f'api = "{listener or f"unix:{folder}/run/api.sock"}"\napi_tokens = "{folder}/etc/tokens"\n'
            f'audit_log = "{folder}/state/audit.log"\ninclude = ["connectors.d/*.toml"]')


class ApiHost:
    """Makes what an administrator would, beside a host's configuration, and starts it."""

    def __init__(self, host: Host, environment: dict[str, str] | None = None):
        self.host = host
        self.connectors_folder = host.path / "connectors.d"
        self.connectors_folder.mkdir()
        shutil.chown(self.connectors_folder, USER)
        (host.path / "etc").mkdir(mode=0o755)
        host.make_state_folder("state")
        self.audit_log = host.path / "state" / "audit.log"
        self.token_file = host.path / "etc" / "tokens"
        host.connectord.start(environment)
        self.tokens = {role: self.new_token(role, role) for role in ("read", "operate", "admin")}

    def new_token(self, name: str, role: str) -> str:
        made = self.ctl("token", "add", name, "--role", role)
        assert made.status == 0, made.stderr
        return made.stdout.strip()

    def ctl(self, *arguments: str | Path):
        return connectorctl(*arguments, "--config", self.host.connectord.config_file)

    def client(self, role: str | None = "admin") -> ApiClient:
        return ApiClient(self.host.connectord.endpoint("api"), self.tokens[role] if role else None)


class ApiScenario(HostScenario):
    """Has one connectord with an API for all tests of a class. `api` is an administrator's client."""

    connectors = CONTOSO
    listener: str | None = None  # by default a unix socket
    site: ApiHost
    api: ApiClient

    @classmethod
    def setUpClass(cls):
        cls.host = Host(cls.connectors, replace(cls.options, launch=False))
        text = cls.host.connectord.config_file.read_text()
        lines = server_lines(cls.host.path, cls.listener)
        cls.host.connectord.write_configuration(text.replace("[server]\n", f"[server]\n{lines}\n"))
        cls.enterClassContext(cls.host)
        cls.site = ApiHost(cls.host)
        cls.api = cls.site.client()

    def files(self) -> dict[str, bytes]:
        """All that configures connectord, byte for byte."""
        files = [self.host.connectord.config_file, *sorted(self.site.connectors_folder.iterdir())]
        return {str(file): file.read_bytes() for file in files}

    def create(self, connector: dict) -> None:
        """Makes a connector that is gone after the test."""
        answer = self.api.create(connector)
        self.assertEqual(answer.status, 201, str(answer))
        query = f"?direction={connector['direction']}"
        self.addCleanup(lambda: self.api.delete(connector["name"] + query, "*"))

    def assert_problem(self, answer, status: int, *words: str) -> None:
        """Problem details with this status, and these words somewhere in them."""
        self.assertEqual((answer.status, answer.media_type), (status, "application/problem+json"), str(answer))
        self.assertEqual(answer.json["status"], status)
        for word in words:
            self.assertIn(word, answer.content.decode())


def become_nobody() -> None:
    """For a child process: the user that connectord is, too."""
    entry = pwd.getpwnam("mail")
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
