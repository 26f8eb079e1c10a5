"""What is changed on one host is soon on all, and what came to one is found from all."""

import json
import time

from fleet_scenario import CONTOSO, IN_COMMON, MEMBERS, FleetScenario, apply, connectors, fleet
from harness.waiting import wait_until

FABRIKAM = CONTOSO.replace("contoso", "fabrikam")
SOON = 2.0  # seconds


class OneHost(FleetScenario):
    def test_a_connector_made_on_one_decides_mail_on_all(self):
        self.addCleanup(apply, "mx1", IN_COMMON + CONTOSO)
        apply("mx2", IN_COMMON + CONTOSO + FABRIKAM)
        made = time.monotonic()
        for name in MEMBERS:
            wait_until(lambda: "fabrikam" in connectors(name), f"the connector on {name}")
        self.assertLess(time.monotonic() - made, SOON)
        for name in MEMBERS:
            sent = self.host("partner").send("alice@fabrikam.com", "bob@example.net", server=name, tls=False)
            self.assertEqual((sent.command, sent.reply.code, sent.reply.enhanced), ("RCPT", 550, "5.7.10"), str(sent.reply))
            self.assertIn("fabrikam", sent.reply.text)

    def test_mail_of_each_is_found_from_all(self):
        sent = {name: self.host("partner").send("bob@example.org", f"to-{name}@example.net", server=name, tls=False)
                for name in MEMBERS}
        self.assertEqual({one.reply.code for one in sent.values()}, {250}, sent)
        for asked in MEMBERS:
            for name in MEMBERS:
                wait_until(lambda: (name, sent[name].reply.queue_id) in self.found(asked, f"to-{name}@example.net"),
                           f"mail of {name} in the trace on {asked}", 10.0)

    @staticmethod
    def found(host: str, recipient: str) -> set[tuple]:
        rows = fleet[host].output("connectorctl", "trace", "--recipient", recipient, "--json").splitlines()
        return {(row["host"], row["queue_id"]) for row in map(json.loads, rows)}
