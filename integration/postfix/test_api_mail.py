"""What the API changes, the next message feels: on a real Postfix."""

import re

from api_scenario import ApiHost, server_lines
from harness.daemon import connectorctl
from harness.openapi import Description
from harness.site import Site
from harness.waiting import wait_until
from scenario import CONTOSO, SiteScenario

WITHOUT_CONNECTORS = ""
CONTOSO_BY_API = {
    "name": "contoso", "direction": "inbound", "scenario": "partner",
    "identify": {"sender_domains": ["contoso.com"]},
    "require": {"tls": True, "certificate": {"subject": "mail.contoso.com", "issuer": "Contoso Issuing CA"}}}


class Mail(SiteScenario):
    connectors = WITHOUT_CONNECTORS

    @classmethod
    def setUpClass(cls):
        cls.site = Site(cls.connectors, launch=False)
        text = cls.site.connectord.config_file.read_text()
        lines = server_lines(cls.site.path)
        cls.site.connectord.write_configuration(text.replace("[server]\n", f"[server]\n{lines}\n"))
        cls.enterClassContext(cls.site)
        cls.api_host = ApiHost(cls.site)
        cls.api = cls.api_host.client()

    def tearDown(self):
        self.api.delete("contoso", "*")

    def make_contoso(self):
        made = self.api.create(CONTOSO_BY_API)
        self.assertEqual(made.status, 201, str(made))

    def test_a_connector_is_in_force_for_the_next_message_and_out_of_it_when_it_is_disabled(self):
        self.assert_delivered(self.send("alice@contoso.com", tls=False), None)
        self.make_contoso()
        self.assert_refused(self.send("alice@contoso.com", tls=False), "550 5.7.10", "contoso")
        self.assert_delivered(self.send("alice@contoso.com", certificate="partner"), "contoso")
        self.assertEqual(self.api.set_enabled("contoso", False).status, 200)
        self.assert_delivered(self.send("alice@contoso.com", tls=False), None)
        self.assertEqual(self.api.set_enabled("contoso", True).status, 200)
        self.assert_refused(self.send("alice@contoso.com", tls=False), "550 5.7.10", "contoso")
        self.assertEqual(self.api.delete("contoso", "*").status, 204)
        self.assert_delivered(self.send("alice@contoso.com", tls=False), None)

    def test_a_connection_that_is_open_is_decided_anew_at_its_next_message(self):
        with self.open(tls=False) as client:
            self.assertEqual(client.mail("alice@contoso.com").code, 250)
            self.make_contoso()
            self.assertEqual(client.rcpt("user@example.net").code, 250, "a message has one configuration")
            client.rset()
            client.mail("alice@contoso.com")
            self.assertEqual(client.rcpt("user@example.net").code, 550)

    def test_mail_is_counted_by_connector_action_finding_and_tls_version(self):
        self.make_contoso()
        before = self.metrics()
        self.assert_refused(self.send("alice@contoso.com", tls=False), "550 5.7.10")
        self.assert_delivered(self.send("alice@contoso.com", certificate="partner"), "contoso")
        after = self.metrics()
        for name in ('connectord_messages_total{connector="contoso",direction="inbound",action="reject"}',
                     'connectord_messages_total{connector="contoso",direction="inbound",action="accept"}',
                     'connectord_failed_findings_total{check="require.tls",outcome="fail"}',
                     'connectord_messages_by_tls_total{version="none"}',
                     'connectord_messages_by_tls_total{version="TLSv1.3"}',
                     'connectord_stage_seconds_count{stage="end_of_message"}'):
            with self.subTest(name):
                self.assertEqual(after.get(name, 0) - before.get(name, 0), 1, after)
        self.assertGreater(after["connectord_policy_requests_total"], before["connectord_policy_requests_total"])

    def test_mail_flows_while_connectors_come_and_go(self):
        for _ in range(10):
            self.make_contoso()
            self.assert_delivered(self.send("bob@example.org", tls=False), None)
            self.assertEqual(self.api.delete("contoso", "*").status, 204)

    def metrics(self) -> dict[str, float]:
        text = self.api_host.client("read").get("/metrics")
        self.assertEqual(text.media_type, "text/plain")
        return {name: float(value) for name, value in
                (line.rsplit(" ", 1) for line in text.content.decode().splitlines() if not line.startswith("#"))}


class Trace(SiteScenario):
    """What connectorctl trace finds, page by page."""

    @classmethod
    def setUpClass(cls):
        cls.site = Site(CONTOSO, launch=False, trace="")
        text = cls.site.connectord.config_file.read_text()
        cls.site.connectord.write_configuration(text.replace("[server]\n", f"[server]\n{server_lines(cls.site.path)}\n"))
        cls.enterClassContext(cls.site)
        cls.api_host = ApiHost(cls.site)
        cls.api = cls.api_host.client("read")

    def test_messages_are_found_page_by_page_each_with_its_story_and_counted(self):
        for _ in range(3):
            self.assert_refused(self.send("alice@contoso.com", tls=False), "550 5.7.10")
        self.assert_delivered(self.send("alice@contoso.com", certificate="partner"), "contoso")
        found, cursor = [], ""
        while cursor is not None:
            page = self.api.get("/api/exchange/messagetrace?sender=contoso.com&limit=3" +
                                (f"&cursor={cursor}" if cursor else ""))
            self.assertEqual(page.status, 200, str(page))
            found += page.json["messages"]
            cursor = page.json["next"]
        self.assertEqual([row["action"] for row in found], ["accept", "reject", "reject", "reject"])
        self.assertEqual(found, self.site.trace("--sender", "contoso.com"))
        story = self.api.get(f"/api/exchange/messagetrace/{found[1]['id']}")
        self.assertEqual(story.json["rows"][0]["reply"][:10], "550 5.7.10")
        report = self.api.get("/api/exchange/reports/connectors?group=action&interval=day")
        self.assertEqual({row["group"]: row["messages"] for row in report.json["volumes"]}, {"reject": 3, "accept": 1})
        description = Description(self.api.get("/api/openapi.json").json)
        for method, path, answer in self.api.answers:
            description.check(method, path, answer)

    def test_the_wait_for_the_trace_is_measured(self):
        self.assert_delivered(self.send("alice@contoso.com", certificate="partner"), "contoso")
        text = self.api.get("/metrics").content.decode()
        self.assertRegex(text, r'(?m)^connectord_stage_seconds_count\{stage="trace"\} [1-9]')
        self.assertRegex(text, r"(?m)^connectord_trace_waiting 0$")
        self.assertRegex(text, r"(?m)^connectord_trace_failures_total 0$")

    def test_what_cannot_be_searched_for_is_told_with_its_parameter(self):
        for query, field in (("limit=0", "limit"), ("limit=x", "limit"), ("since=someday", "since"),
                             ("status=lost", "status"), ("action=eat", "action"), ("direction=up", "direction"),
                             ("client=x", "client"), ("cursor=x", "cursor"), ("page=2", "page"),
                             ("since=1h&until=2h", "until")):
            with self.subTest(query):
                answer = self.api.get(f"/api/exchange/messagetrace?{query}")
                self.assertEqual((answer.status, answer.fields), (400, [field]), str(answer))
        for row in ("x", "-1", "999999", "9" * 30):
            self.assertEqual(self.api.get(f"/api/exchange/messagetrace/{row}").status, 404)
        self.assertEqual(self.api.get("/api/exchange/reports/connectors?group=x").fields, ["group"])


class CommandLine(SiteScenario):
    """connectorctl does all of it, too."""

    connectors = CONTOSO

    @classmethod
    def setUpClass(cls):
        cls.site = Site(cls.connectors, launch=False)
        text = cls.site.connectord.config_file.read_text()
        cls.site.connectord.write_configuration(text.replace("[server]\n", f"[server]\n{server_lines(cls.site.path)}\n"))
        cls.enterClassContext(cls.site)
        cls.api_host = ApiHost(cls.site)

    def ctl(self, *arguments: str, status: int = 0):
        output = self.api_host.ctl(*arguments)
        self.assertEqual(output.status, status, output.stdout + output.stderr)
        return output

    def test_a_connectors_life_from_the_shell(self):
        self.ctl("create", "fabrikam", "--direction", "inbound", "--scenario", "partner", "--set",
                 'identify.sender_domains=["fabrikam.example"]', "--set", "require.tls=true", "--set", "comment=by phone")
        shown = self.ctl("show", "fabrikam").stdout
        self.assertIn('comment = "by phone"', shown)
        self.assert_refused(self.send("a@fabrikam.example", tls=False), "550 5.7.10", "fabrikam")
        self.ctl("disable", "fabrikam")
        self.assert_delivered(self.send("a@fabrikam.example", tls=False), None)
        self.ctl("enable", "fabrikam")
        self.ctl("update", "fabrikam", "--set", "mode=audit", "--unset", "comment")
        shown = self.ctl("show", "fabrikam").stdout
        self.assertIn('mode = "audit"', shown)
        self.assertNotIn("comment", shown)
        self.assert_delivered(self.send("a@fabrikam.example", tls=False), "fabrikam", "default")
        self.ctl("delete", "fabrikam")
        self.ctl("show", "fabrikam", status=1)

    def test_files_in_json_and_toml_are_taken(self):
        file = self.site.path / "connector"
        for text in ('{"name": "fabrikam", "direction": "outbound", "scenario": "partner", '
                     '"recipient_domains": ["f.example"]}',
                     '# mine\n[[outbound]]\nname = "fabrikam"\nscenario = "partner"\nrecipient_domains = ["f.example"]\n'
                     '[outbound.route]\nsmart_hosts = ["[mx.f.example]"]\n'):
            with self.subTest(text):
                file.write_text(text)
                self.ctl("create", "--file", str(file))
                self.ctl("update", "fabrikam", "--file", str(file), "--set", "comment=c")
                self.assertIn("fabrikam", self.ctl("list").stdout)
                self.ctl("delete", "fabrikam")

    def test_what_is_wrong_is_told_with_its_field_and_changes_nothing(self):
        told = self.ctl("create", "bad", "--direction", "inbound", "--scenario", "partner", "--set",
                        'identify.sender_domains=["x y"]', status=1).stderr
        self.assertRegex(told, re.compile(r"^  identify.sender_domains: .*x y", re.MULTILINE))
        self.assertIn(str(self.site.connectord.config_file), self.ctl("delete", "contoso", status=1).stderr)
        self.ctl("enable", "nobody", status=1)
        self.ctl("create", "bad", "--direction", "up", status=2)
        no_api = connectorctl("enable", "contoso", "--api", f"unix:{self.site.path}/nothing")
        self.assertEqual(no_api.status, 1)
        self.assertIn("cannot connect", no_api.stderr)

    def test_a_status_of_a_hand_made_file_goes_through_too(self):
        folder = self.api_host.connectors_folder
        (folder / "hand.toml").write_text('[[inbound]]\nname = "hand"\nscenario = "internet"\n'
                                          'identify = { sender_domains = ["hand.example"] } # mine\n')
        (folder / "hand.toml").chmod(0o666)
        self.site.connectord.hang_up()
        wait_until(lambda: self.api_host.client().connector("hand").status == 200, "the hand-made connector")
        self.ctl("disable", "hand")
        self.assertEqual((folder / "hand.toml").read_text().splitlines()[:2], ["[[inbound]]", "enabled = false"])
