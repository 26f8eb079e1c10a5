"""Domains without a dot, which a Postfix with append_dot_mydomain completes behind connectord."""

import json

from harness.daemon import connectorctl
from harness.site import SiteOptions
from scenario import CONTOSO, STRANGER_ADDRESS, SiteScenario

PLANT_ADDRESS = "127.0.0.7"
SHORT = "553 5.1.7"

COMPLETING = {"append_dot_mydomain": "yes", "mydomain": "example.net"}

PARTNER_BELOW_US = f"""
[[inbound]]
name = "branch"
scenario = "partner"
[inbound.identify]
sender_domains = ["mail.example.net"]
[inbound.require]
tls = true

[[inbound]]
name = "plant"
scenario = "on-premises"
[inbound.identify]
client_networks = ["{PLANT_ADDRESS}"]
"""


class Partners(SiteScenario):
    """A partner's requirements cannot be got round by leaving the end of its name to Postfix."""

    connectors = PARTNER_BELOW_US
    options = SiteOptions(parameters=COMPLETING)

    def test_postfix_makes_the_partners_name_of_a_short_one(self):
        # Of a host that may use short names, to see what all this is about.
        sent = self.send("boss@mail", tls=False, source=PLANT_ADDRESS)
        self.assertEqual(self.assert_delivered(sent, "plant").mail_from, "boss@mail.example.net")

    def test_a_stranger_may_not_use_one(self):
        self.assert_refused(self.send("boss@mail.example.net", tls=False, source=STRANGER_ADDRESS), "550 5.7.10", "branch")
        for sender in ("boss@mail", "boss@MAIL", "boss@mail.", '"boss"@mail', "@relay.example:boss@mail", "boss@localhost"):
            with self.subTest(sender):
                self.assert_refused(self.send(sender, tls=False, source=STRANGER_ADDRESS), SHORT)

    def test_other_senders_are_not_concerned(self):
        for sender in ("", "boss@[192.0.2.1]", "boss@example.org"):
            with self.subTest(sender):
                self.assert_delivered(self.send(sender, tls=False, source=STRANGER_ADDRESS), None)


class DirectSend(SiteScenario):
    """Nor can direct send."""

    connectors = ""
    options = SiteOptions(parameters=COMPLETING, reject_direct_send=True)

    def test_a_short_name_is_ours(self):
        for sender in ("boss@mail", "boss@localhost", "boss"):
            with self.subTest(sender):
                self.assert_refused(self.send(sender, tls=False, source=STRANGER_ADDRESS), "550 5.7.1")


class NothingToBypass(SiteScenario):
    """Where there is neither, nobody is refused for a short name."""

    connectors = ""
    options = SiteOptions(parameters=COMPLETING)

    def test_a_short_name_passes(self):
        self.assert_delivered(self.send("boss@mail", tls=False, source=STRANGER_ADDRESS), None)


class InStatusAndDoctor(SiteScenario):
    connectors = CONTOSO
    options = SiteOptions(parameters={**COMPLETING, "non_smtpd_milters": "$smtpd_milters"})

    def reported(self, *command: str) -> str:
        return connectorctl(*command, "--config", self.site.connectord.config_file, "--postfix-config",
                            self.site.postfix.configuration).stdout

    def test_status_and_doctor_tell_of_the_parameter(self):
        status = json.loads(self.reported("status", "--json"))
        self.assertIn("append_dot_mydomain is yes", str(status["notes"]))
        self.assertEqual(status["missing"], [])
        troubles = json.loads(self.reported("doctor", "--json"))["troubles"]
        found = [each for each in troubles if "append_dot_mydomain" in each["what"]]
        self.assertEqual([each["severity"] for each in found], ["warning"], troubles)
        self.assertIn("append_dot_mydomain = no", found[0]["write"])
