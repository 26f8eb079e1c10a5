"""A fleet: hosts that have connectors in common in one PostgreSQL."""

import json
import shutil
from pathlib import Path

from .daemon import Output, connectorctl
from .postgresql import PASSWORD, PostgreSql
from .site import GROUP, Host, SiteOptions

TABLE = """\
[fleet]
database = "{database}"
password_file = "{path}/password"
name = "{name}"
state = "{path}/fleet"
"""


def make_tables(server: PostgreSql) -> None:
    """As an administrator does it once: the tables, and what the hosts' login may do."""
    made = connectorctl("fleet", "migrate", "--database", server.admin_uri())
    if made.status != 0:
        raise AssertionError(f"connectorctl fleet migrate: {made.stderr}")
    server.psql("GRANT connectord_ingest, connectord_admin, connectord_read TO connectord")


class Member(Host):
    """A host of a fleet; connectord is started by start_connectord()."""

    def __init__(self, server: PostgreSql, name: str, connectors: str = "", database: str | None = None,
                 options: SiteOptions = SiteOptions(launch=False)):
        self.name = name
        self._database = database or server.uri()
        super().__init__("", options)
        self.write_password(PASSWORD)
        self.reconfigure(connectors)

    def write_password(self, text: str) -> None:
        place = self.path / "password"
        place.write_text(text + "\n")
        place.chmod(0o640)
        shutil.chown(place, "root", GROUP)

    def configuration(self, connectors: str) -> str:
        path = self.workspace.path
        return super().configuration(connectors) + TABLE.format(database=self._database, path=path, name=self.name)

    @property
    def state(self) -> Path:
        return self.path / "fleet"

    def ctl(self, *arguments: str | Path) -> Output:
        return connectorctl(*arguments, "--config", self.connectord.config_file)

    def apply(self, document: str, *options: str) -> Output:
        file = self.path / "applied.toml"
        file.write_text(document)
        return self.ctl("fleet", "apply", file, *options)

    def fleet_status(self) -> dict[str, dict]:
        """What every host last said of itself, by name."""
        return {host["host"]: host for host in json.loads(self.ctl("fleet", "status", "--json").stdout)["hosts"]}

    def connectors(self) -> list[str]:
        """The names of those that run."""
        listed = self.ctl("list", "--json")
        if listed.status != 0:
            raise AssertionError(listed.stderr)
        return sorted(one["name"] for one in json.loads(listed.stdout))

    def has_taken(self, generation: int) -> bool:
        return bool(self.connectord.log_lines(rf"took the fleet's generation, generation={generation},"))
