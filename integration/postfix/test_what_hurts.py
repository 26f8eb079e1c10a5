"""connectorctl status and doctor name what hurts mail now: each situation is made for real, reported, and mended."""

import json
import signal
import subprocess
import time

from authentication import OTHER_ADDRESS, AuthenticationScenario, checked_by
from harness.daemon import connectorctl
from harness.dns_server import txt
from harness.site import Site, SiteOptions
from harness.trace_file import TraceFile
from harness.waiting import wait_until
from outbound import OutboundScenario, outbound
from scenario import CONTOSO, SiteScenario


def issues(site: Site, command: str, *options: str) -> list[dict]:
    """What it finds, the worst first."""
    reported = connectorctl(command, "--json", "--config", site.connectord.config_file, "--postfix-config",
                            site.postfix.configuration, *options)
    report = json.loads(reported.stdout)
    return report["troubles"] if command == "doctor" else report["missing"] + report["notes"]


class Reporting:
    """What a scenario's commands find. Both must name what hurts mail now."""

    def assert_reported(self, area: str, words: str, severity: str = "critical", commands=("status", "doctor")) -> dict:
        found = {}
        for command in commands:
            all_of_them = issues(self.site, command)
            fitting = [each for each in all_of_them if each["area"] == area and words in each["what"]]
            self.assertTrue(fitting, f"{command} tells: {all_of_them}")
            found = fitting[0]
            self.assertEqual(found["severity"], severity)
            self.assertTrue(found["write"], found)
        return found

    def assert_not_reported(self, area: str) -> None:
        for command in ("status", "doctor"):
            self.assertEqual([each for each in issues(self.site, command) if each["area"] == area
                              and each["severity"] != "note"], [])

    def text(self) -> str:
        return connectorctl("status", "--config", self.site.connectord.config_file, "--postfix-config",
                            self.site.postfix.configuration).stdout


class MailThatComesIn(Reporting, SiteScenario):
    connectors = CONTOSO
    options = SiteOptions(parameters={"non_smtpd_milters": "$smtpd_milters", "smtpd_forbid_bare_newline": "normalize"},
                          trace='on_failure = "defer"')

    def test_a_connector_whose_mail_turned_from_taken_to_refused_is_told_with_the_finding(self):
        for _ in range(2):
            self.assert_delivered(self.send("alice@contoso.com", certificate="partner"), "contoso")
        self.assertIn("all is well", self.text())
        for _ in range(2):
            self.assert_refused(self.send("alice@contoso.com", tls=False), "550 5.7.10", "contoso")
        reported = self.assert_reported("connectors", "contoso: the last 2 of 4 messages were refused")
        self.assertIn("require.tls", reported["why"])
        text = self.text()
        self.assertNotIn("all is well", text)
        self.assertTrue(text.startswith("critical  connectors: contoso"), text)
        self.assertRegex(text, r"\n1 critical, 0 warnings\n$")
        self.assert_delivered(self.send("alice@contoso.com", certificate="partner"), "contoso")
        self.assert_not_reported("connectors")
        self.assertIn("all is well", self.text())

    def test_a_full_disk_is_told_as_what_it_does_to_mail(self):
        trace = TraceFile(self.site.connectord, self.site.trace_file)
        with trace.disk_full():
            sent = self.send("alice@contoso.com", certificate="partner")
            self.assertEqual(sent.reply.code, 451, sent.reply)
            trace.wait_for_trouble()
            reported = self.assert_reported("trace", "all mail is deferred (451 4.3.0) since ")
            self.assertIn("cannot be written", reported["why"])
        trace.wait_until_written()
        self.assert_not_reported("trace")

    def test_a_file_that_was_edited_and_not_loaded_is_told(self):
        text = self.site.connectord.config_file.read_text()
        self.addCleanup(self.site.connectord.reload)
        self.addCleanup(self.site.connectord.write_configuration, text)
        self.site.connectord.write_configuration(text + "\n# Some words.\n")
        file = str(self.site.connectord.config_file)
        reported = self.assert_reported("configuration", "edited and not loaded: " + file)
        self.assertIn("systemctl reload connectord", reported["write"])
        self.site.connectord.reload()
        self.assert_not_reported("configuration")

    def test_a_socketmap_that_nobody_serves_is_told(self):
        self.addCleanup(self.site.postfix.run_with(transport_maps=f"socketmap:unix:{self.site.path}/gone.sock:transport"))
        wait_until(lambda: (sent := self.send("alice@contoso.com", certificate="partner")).reply.code == 451 and sent,
                   "Postfix to defer for the lack of its table")
        reported = self.assert_reported("postfix", "transport_maps asks the socketmap unix:")
        self.assertIn("451", reported["why"])
        subprocess.run(reported["write"].splitlines()[-1], shell=True, check=True)
        self.assert_not_reported("postfix")
        self.assert_delivered(self.send("alice@contoso.com", certificate="partner"), "contoso")

    def test_tls_that_postfix_has_switched_off_is_told(self):
        self.addCleanup(self.site.postfix.run_with(smtpd_tls_CAfile=f"{self.site.path}/gone.pem"))
        def answer() -> str:
            with self.site.client() as client:
                client.ehlo("client.example.org")
                return str(client.command("STARTTLS"))

        # A process that was there before the reload may take a connection yet.
        wait_until(lambda: answer().startswith("454 4.7.0"), "Postfix to have no TLS")
        reported = self.assert_reported("tls", f"smtpd_tls_CAfile = {self.site.path}/gone.pem cannot be used")
        self.assertIn("454 4.7.0 TLS not available", reported["why"])

    def test_a_daemon_that_hangs_is_told_within_seconds_as_that(self):
        self.site.connectord.process.send_signal(signal.SIGSTOP)
        self.addCleanup(self.site.connectord.process.send_signal, signal.SIGCONT)
        began = time.monotonic()
        reported = self.assert_reported("connectord", "hangs", commands=("status",))
        self.assertLess(time.monotonic() - began, 15)
        self.assertIn("restart", reported["write"])

    def test_what_is_missing_is_stated_as_the_fact_that_it_is(self):
        self.addCleanup(self.site.postfix.run_with(smtpd_milters=""))
        reported = self.assert_reported("postfix", f"smtpd_milters lacks {self.site.milter}; it is empty")
        self.assertIn("connectord is asked about", reported["why"])
        self.assertRegex(reported["write"], "postconf .* && postfix .*reload$")


class MailOfAGateway(Reporting, AuthenticationScenario):
    connectors = f"""
[[inbound]]
name = "gateway"
scenario = "internet"
[inbound.identify]
client_networks = ["{OTHER_ADDRESS}"]
"""
    options = checked_by("".join(txt(f"{name}.example", "v=spf1 ip4:203.0.113.7 ~all") for name in "abc"), trace="")

    def test_a_gateway_that_is_judged_as_the_sender_is_told_with_the_key(self):
        for name in "abcab":
            self.assert_delivered(self.send(f"alice@{name}.example", source=OTHER_ADDRESS, tls=False), "gateway")
        reported = self.assert_reported("spf", "gateway: SPF fails for all 5 of 5 messages")
        self.assertIn("[inbound.enhanced_filtering]\nskip_last = true\n", reported["write"])
        # It counts by whole seconds, and this one may have the last message.
        wait_until(lambda: not [each for each in issues(self.site, "status", "--since", "0s") if each["area"] == "spf"],
                   "status not to count what was before")


class MailThatLeaves(Reporting, OutboundScenario):
    hosts = ("partner",)
    options = SiteOptions(trace="")

    @classmethod
    def configuration(cls) -> str:
        return outbound("contoso-out", "contoso.com", hosts=(cls.at("partner"),))

    def queue(self) -> dict:
        reported = connectorctl("queue", "--json", "--config", self.site.connectord.config_file, "--postfix-config",
                                self.site.postfix.configuration)
        self.assertEqual(reported.status, 0, reported.stderr)
        return json.loads(reported.stdout)

    def test_mail_that_waits_for_a_next_hop_is_told_and_the_queue_says_how_long(self):
        self.assertEqual(self.queue()["next_hops"], [])
        self.sinks["partner"].stop()
        self.leave("alice@contoso.com", "bob@contoso.com")
        # At the very moment of a try there is no next one.
        line = wait_until(lambda: next((each for each in self.queue()["next_hops"] if each["tried"] == 2 and each["next_try"]),
                                       None), "the message to be deferred")
        self.assertEqual((line["connector"], line["next_hop"]), ("contoso-out", self.at("partner")))
        self.assertEqual((line["messages"], line["recipients"]), (1, 2))
        self.assertIn("Connection refused", line["last_error"])
        self.assertGreater(line["next_try"], line["oldest"])
        self.assertGreater(line["first_bounce"], line["next_try"])
        reported = self.assert_reported("queue", "contoso-out: 1 message waits for ", severity="warning")
        self.assertIn("Connection refused", reported["why"])
        self.assertIn("connectorctl validate contoso-out", reported["write"])
        text = connectorctl("queue", "--config", self.site.connectord.config_file, "--postfix-config",
                            self.site.postfix.configuration).stdout
        self.assertRegex(text, r"contoso-out +\[localhost\]:\d+ +1 ")
        self.assertIn("minimal_backoff_time", text)
