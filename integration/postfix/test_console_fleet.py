"""The console of a fleet's member in a real browser: the mail of all hosts, and a change that all of them get."""

import json
import unittest

from harness.daemon import connectorctl
from harness.fleet import make_tables
from harness.postgresql import PostgreSql
from harness.site import Site, SiteOptions
from harness.waiting import wait_until
from harness.workspace import Workspace
from scenario import CONTOSO, submit
from test_console import RULE, BrowserScenario, obstacle
from test_fleet_trace import fleet_table

PARTNER = """
[[inbound]]
name = "fabrikam"
scenario = "partner"
identify.sender_domains = ["fabrikam.example"]
require.tls = true
"""


@unittest.skipIf(obstacle(), obstacle())
class BrowserOfAMember(BrowserScenario):
    """The browser is on mx1. mx2 has a Postfix of its own, and the same database."""

    @classmethod
    def setUpClass(cls):
        workspace = cls.enterClassContext(Workspace())
        cls.database = PostgreSql(workspace)
        cls.database.start()
        cls.addClassCleanup(cls.database.stop)
        make_tables(cls.database)
        cls.connectors = CONTOSO + RULE + fleet_table(cls.database, workspace.path, "mx1")
        super().setUpClass()
        cls.other = cls.enterClassContext(Site(CONTOSO, SiteOptions(launch=False, trace="")))
        cls.other.reconfigure(CONTOSO + fleet_table(cls.database, cls.other.path, "mx2"))
        cls.other.connectord.start()

    def answer(self, question: dict) -> dict:
        if "on" not in question:
            return super().answer(question)
        return getattr(self, question["do"])(question["on"])

    def mail(self, host: str) -> dict:
        """Somebody unknown sends to a host; its row is in the database."""
        with (self.site if host == "mx1" else self.other).client() as client:
            client.ehlo()
            sent = submit(client, f"carol@{host}.example", "user@example.net")
        wait_until(lambda: self.database.psql(f"SELECT 1 FROM connectord.message WHERE queue_id = '{sent.queue_id}'"), "its row")
        return {"reply": str(sent.reply)}

    def connector(self, _: str) -> dict:
        """What mx2 has of the fleet's connector."""
        listed = connectorctl("list", "--json", "--config", self.other.connectord.config_file)
        return next(one for one in json.loads(listed.stdout) if one["name"] == "fabrikam")

    def stop(self, _: str) -> dict:
        self.database.stop()
        return {}

    def start(self, _: str) -> dict:
        self.database.start()
        return {}

    def test_the_mail_of_all_hosts_is_found_and_a_change_is_theirs_too(self):
        file = self.site.path / "fleet.toml"
        file.write_text(PARTNER)
        applied = self.api_host.ctl("fleet", "apply", file, "--over", "0")
        self.assertEqual(applied.status, 0, applied.stderr)
        self.other.connectord.wait_for_log("took the fleet's generation, generation=1")
        for host in ("mx1", "mx2"):
            self.mail(host)
        self.run_scenario("member")
