"""The tag is trusted further on, so nobody but connectord may set it."""

from harness.client import message
from harness.site import SiteOptions
from harness.submission import new_token, submit
from scenario import CONTOSO, SiteScenario

FORGERIES = {
    "one": ("X-Connector: contoso",),
    "several": ("X-Connector: contoso", "X-Connector: fabrikam", "X-Connector: contoso"),
    "of another case": ("x-cOnNeCtOr: contoso", "X-CONNECTOR: contoso"),
    "folded": ("X-Connector:\r\n contoso", "X-Connector: con\r\n\ttoso"),
    "without a space": ("X-Connector:contoso",),
    "with a space before the colon": ("X-Connector : contoso",),
    "empty": ("X-Connector:",),
    "between other headers": ("X-Connector: contoso", "X-Other: one", "X-Connector: contoso", "X-Other: two"),
    "longer than Postfix keeps": ("X-Connector: contoso" + ("\r\n " + "a" * 900) * 150,),
    "behind a field that is longer than Postfix keeps": ("X-Long: " + "x" * 150_000, "X-Connector: contoso"),
    "behind a thousand others": (*("X-Other: x",) * 1000, "X-Connector: contoso"),
    "as many as may be": ("X-Connector: contoso",) * 50,
}


class ForgedTags(SiteScenario):
    connectors = CONTOSO
    options = SiteOptions(parameters={"non_smtpd_milters": "$smtpd_milters"}, trace="")

    def test_untagged_mail_loses_every_forged_tag_and_nothing_else(self):
        for case, headers in FORGERIES.items():
            with self.subTest(case):
                sent = self.send("someone@example.org", headers=headers, tls=False)
                arrived = self.assert_delivered(sent, None)
                others = [header.split(": ")[1] for header in headers if header.startswith("X-Other")]
                self.assertEqual(arrived.all("X-Other"), others)

    def test_tagged_mail_keeps_the_true_tag_only(self):
        for case, headers in FORGERIES.items():
            with self.subTest(case):
                self.assert_delivered(self.send("alice@contoso.com", headers=headers, certificate="partner"), "contoso")

    def test_a_message_of_thousands_is_refused_unchanged_and_the_connections_others_go_on(self):
        cases = {
            "one too many": ("X-Connector: contoso",) * 51,
            "ten thousand": ("X-Connector:a",) * 10_100,
            "a hundred thousand": ("X-Connector:a",) * 100_000,
            "results in our name": ("Authentication-Results: mx.example.net; dmarc=pass",) * 10_100,
            "of every name": ("X-Connector:a", "X-Connector-Route:a", "X-Connector-Quarantine:no") * 20,
            "behind a header of a megabyte": (*("X:",) * 300_000, *("X-Connector:a",) * 50),
        }
        for case, headers in cases.items():
            with self.subTest(case), self.open(certificate="partner") as client:
                refused = submit(client, "alice@contoso.com", headers=headers)
                self.assert_refused(refused, "550 5.6.0", "header fields", at="END")
                self.assert_delivered(submit(client, "alice@contoso.com"), "contoso")
        self.assertNotIn("panic", self.site.postfix.log())
        self.assertLess(self.site.connectord.resident_kib(), 64 << 10)
        logged = self.site.connectord.log_lines(r'connector=contoso, action=reject, reply="550 5\.6\.0.*'
                                                r'finding="forged_fields')
        traced = [row for row in self.site.trace("--status", "failed") if row["reply"].startswith("550 5.6.0")]
        self.assertEqual((len(logged), len(traced)), (len(cases), len(cases)))

    def test_submissions_of_thousands_are_refused_too(self):
        token = new_token()
        self.site.postfix.sendmail(message(token, *("X-Connector:a",) * 10_100), "-f", "cron@example.org",
                                   "user@example.net")
        self.site.connectord.wait_for_log(r'from=<cron@example\.org>.*reply="550 5\.6\.0')
        self.assert_delivered(self.send("someone@example.org", tls=False), None)

    def test_headers_of_a_similar_name_stay(self):
        headers = ("X-Connector-Note: mine", "Connector: mine", "X-Connectors: mine")
        arrived = self.assert_delivered(self.send("someone@example.org", headers=headers, tls=False), None)
        for name in ("X-Connector-Note", "Connector", "X-Connectors"):
            self.assertEqual(arrived.all(name), ["mine"])

    def test_the_tag_stands_above_all_headers_of_the_message(self):
        arrived = self.assert_delivered(self.send("alice@contoso.com", certificate="partner"), "contoso")
        names = [name for name, _ in arrived.headers]
        self.assertLess(names.index("X-Connector"), names.index("Subject"))

    def test_the_body_arrives_as_it_was_sent(self):
        with self.open(certificate="partner") as client:
            client.mail("alice@contoso.com")
            client.rcpt("user@example.net")
            token = new_token()
            body = "X-Connector: this is text\r\n.a line with a dot\r\n\r\nthe end"
            self.assertEqual(client.data(message(token, body=body)).code, 250)
        self.assertEqual(self.site.arrival(token).body, body.encode() + b"\r\n")

    def test_mail_by_the_sendmail_command_is_nobodys_inbound_mail_and_cannot_forge_a_tag(self):
        for sender in ("cron@example.org", "alice@contoso.com", "cron", ""):
            with self.subTest(sender):
                token = new_token()
                self.site.postfix.sendmail(message(token, "X-Connector: contoso", "X-CONNECTOR:\r\n contoso"), "-f",
                                           sender, "user@example.net")
                arrived = self.site.arrival(token)
                self.assertEqual((arrived.sink, arrived.all("X-Connector")), ("default", []))
