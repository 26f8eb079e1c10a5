"""trace show and doctor say where the time of a message went, and which server's it was."""

import json

from harness.daemon import connectorctl
from harness.site import SiteOptions
from harness.waiting import wait_until
from outbound import OutboundScenario, outbound


class WhereTimeGoes(OutboundScenario):
    hosts = ("partner",)
    options = SiteOptions(trace='mail_log = "PATH/postfix/mail.log"')

    @classmethod
    def configuration(cls) -> str:
        return outbound("contoso-out", "contoso.com", hosts=(cls.at("partner"),))

    def test_each_part_of_the_way_has_its_time(self):
        self.arrived(self.leave("alice@contoso.com"), "partner")
        row = wait_until(lambda: self.site.trace("--status", "delivered"), "the delivery in the trace", 30)[0]
        reported = connectorctl("trace", "show", str(row["id"]), "--config", self.site.connectord.config_file)
        self.assertEqual(reported.status, 0, reported.stderr)
        self.assertRegex(reported.stdout, r"connectord took \S+ ?\S* at the end of the message")
        self.assertRegex(reported.stdout, r"until the queue manager had it, .* in the queue, .* to connect "
                         r".*to hand it over")
        self.assertIn("smtp_tls_loglevel = 1", reported.stdout)
        story = json.loads(connectorctl("trace", "show", str(row["id"]), "--json", "--config",
                                        self.site.connectord.config_file).stdout)
        delays = story["attempts"][0]["delays_ms"]
        self.assertEqual(set(delays), {"before_queue_manager", "in_queue_manager", "connection", "transmission"})
        doctor = json.loads(connectorctl("doctor", "--json", "--config", self.site.connectord.config_file,
                                         "--postfix-config", self.site.postfix.configuration).stdout)
        self.assertIn("95 of 100 messages wait no longer than", str(doctor["notes"]))

    def test_a_log_without_tls_is_told_with_the_line_that_has_it_logged(self):
        self.addCleanup(self.site.postfix.run_with(smtp_tls_loglevel="0"))
        reported = json.loads(connectorctl("status", "--json", "--config", self.site.connectord.config_file,
                                           "--postfix-config", self.site.postfix.configuration).stdout)
        self.assertIn("smtp_tls_loglevel = 1", str(reported))
