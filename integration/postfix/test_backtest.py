"""connectorctl backtest: what a draft would have done with the mail that has come."""

import json

from harness.daemon import connectorctl
from harness.site import SiteOptions
from scenario import CONTOSO, SiteScenario


class Backtest(SiteScenario):
    connectors = CONTOSO
    options = SiteOptions(trace="")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        scenario = cls()
        for _ in range(2):
            scenario.assert_delivered(scenario.send("alice@contoso.com", certificate="partner"), "contoso")
        scenario.assert_refused(scenario.send("mallory@contoso.com", tls=False), "550 5.7.10")
        scenario.assert_delivered(scenario.send("bob@fabrikam.example"), None)
        scenario.doCleanups()

    def backtest(self, draft: str, *options: str):
        file = self.site.path / "draft.toml"
        file.write_text(draft)
        return connectorctl("backtest", "--connector", file, "--config", self.site.connectord.config_file, *options)

    def changes(self, draft: str, *options: str) -> list[tuple]:
        output = self.backtest(draft, "--json", *options)
        self.assertEqual(output.status, 0, output.stderr)
        report = json.loads(output.stdout)
        self.assertEqual((report["messages"], report["unlike_then"]), (4, 0))
        return [(group["change"], group["sender_domain"], group["client_address"], group["messages"])
                for group in report["groups"]]

    def test_the_same_connector_changes_nothing(self):
        self.assertEqual(self.changes(CONTOSO), [])

    def test_it_tells_who_would_be_refused(self):
        draft = CONTOSO.replace('"mail.contoso.com"', '"other.contoso.com"')
        self.assertEqual(self.changes(draft), [("refused", "contoso.com", "127.0.0.2", 2)])
        text = self.backtest(draft).stdout
        self.assertIn("4 messages: 2 as now, 2 otherwise", text)
        self.assertRegex(text, r"<alice@contoso\.com> to <user@example\.net>: 550 5\.7\.\d+ .*trace show \d+")

    def test_it_tells_who_would_be_let_in(self):
        draft = CONTOSO[:CONTOSO.index("[inbound.require]")]
        self.assertEqual(self.changes(draft), [("let_in", "contoso.com", "127.0.0.2", 1)])

    def test_a_new_connector_is_tried_beside_the_others(self):
        draft = ('[[inbound]]\nname = "fabrikam"\nscenario = "partner"\n[inbound.identify]\n'
                 'sender_domains = ["fabrikam.example"]\n[inbound.require]\nclient_networks = ["192.0.2.0/24"]\n')
        self.assertEqual(self.changes(draft), [("refused", "fabrikam.example", "127.0.0.2", 1)])

    def test_a_draft_with_an_error_is_told_with_its_place(self):
        output = self.backtest(CONTOSO.replace("tls = true", 'tls = "yes"'))
        self.assertEqual(output.status, 1)
        self.assertRegex(output.stderr, r"draft\.toml:8:\d+: error: inbound\.require\.tls")
        self.assertIn("the draft does not load", output.stderr)
        for draft, words in (("", "the file is empty"), ('[organization]\naccepted_domains = ["example.net"]\n', "there is no connector in")):
            with self.subTest(draft):
                output = self.backtest(draft)
                self.assertEqual(output.status, 1)
                self.assertIn(words, output.stderr)

    def test_a_time_that_is_none_is_told_with_its_option(self):
        output = self.backtest(CONTOSO, "--since", "someday")
        self.assertEqual(output.status, 1)
        self.assertIn('--since: "someday" is no time', output.stderr)
