"""What the API changes, the next message feels: on a real Postfix."""

import json
import os
import re
import time
from unittest import mock

from api_scenario import ApiHost, server_lines
from harness.daemon import connectorctl
from harness.openapi import Description
from harness.site import USER, Site, SiteOptions
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
        cls.site = Site(cls.connectors, SiteOptions(launch=False, trace=""))
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

    def test_a_rule_is_in_force_for_the_next_message_and_out_of_it_when_it_is_disabled(self):
        path = "/api/exchange/rules/no%20lottery"
        rule = {"name": "no lottery", "when": {"header": [{"name": "X-Case", "words": ["lottery"]}]},
                "action": [{"do": "reject", "text": "No lottery"}]}
        self.addCleanup(lambda: self.api.request("DELETE", path, headers={"If-Match": "*"}))
        lottery = {"headers": ("X-Case: lottery",), "tls": False}
        self.assert_delivered(self.send("bob@example.org", **lottery), None)
        made = self.api.request("POST", "/api/exchange/rules", rule)
        self.assertEqual(made.status, 201, str(made))
        self.assert_refused(self.send("bob@example.org", **lottery), "550 5.7.1", "No lottery", at="END")
        self.assertEqual(self.api.request("PUT", f"{path}/status", {"enabled": False}).status, 200)
        self.assert_delivered(self.send("bob@example.org", **lottery), None)
        changed = self.api.request("PUT", path, {**rule, "mode": "audit"}, headers={"If-Match": self.api.get(path).etag})
        self.assertEqual(changed.status, 200, str(changed))
        self.assert_delivered(self.send("bob@example.org", **lottery), None)

    def test_a_backtest_leaves_rules_out_that_past_mail_cannot_answer(self):
        path = "/api/exchange/rules/no%20lottery"
        rule = {"name": "no lottery", "when": {"body_or_subject_words": ["lottery"]}, "action": [{"do": "reject"}]}
        self.addCleanup(lambda: self.api.request("DELETE", path, headers={"If-Match": "*"}))
        self.assertEqual(self.api.request("POST", "/api/exchange/rules", rule).status, 201)
        self.assert_delivered(self.send("alice@contoso.com", tls=False), None)

        def refused():
            answer = self.api.request("POST", "/api/exchange/backtest", CONTOSO_BY_API)
            self.assertEqual(answer.status, 200, str(answer))
            return answer.json["changes"]["refused"] and answer.json

        replayed = wait_until(refused, "a message that the draft would refuse")
        self.assertEqual(replayed["changes"]["not_known"], 0, replayed)
        self.assertLess(replayed["unlike_then"], replayed["messages"], "all mail would be deferred")

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


class TracedScenario(SiteScenario):
    role = "read"

    @classmethod
    def setUpClass(cls):
        cls.site = Site(CONTOSO, SiteOptions(launch=False, trace=""))
        text = cls.site.connectord.config_file.read_text()
        cls.site.connectord.write_configuration(text.replace("[server]\n", f"[server]\n{server_lines(cls.site.path)}\n"))
        cls.enterClassContext(cls.site)
        cls.api_host = ApiHost(cls.site)
        cls.api = cls.api_host.client(cls.role)


class Trace(TracedScenario):
    """What connectorctl trace finds, page by page."""

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

    def test_words_of_people_find_messages_too(self):
        sent = self.send("alice@contoso.com", author="news@author.example", certificate="partner")
        path = "/api/exchange/messagetrace"
        for query in (f"word={sent.queue_id}", "word=author.example", "author=news@author.example",
                      "author=author.example&status=accepted"):
            with self.subTest(query):
                found = self.api.get(f"{path}?{query}")
                self.assertEqual([row["queue_id"] for row in found.json["messages"]], [sent.queue_id])
        self.assertEqual(self.api.get(f"{path}?author=author.example&status=bounced").json["messages"], [])
        self.assertEqual(self.api.get(f"{path}/{sent.queue_id}").json["rows"][0]["queue_id"], sent.queue_id)
        unknown = self.api.get(f"{path}?connector=contso")
        self.assertEqual((unknown.status, unknown.fields), (400, ["connector"]))
        self.assertIn('did you mean "contoso"?', str(unknown.json))


class News(TracedScenario):
    """What is new in the trace, and what somebody should look at."""

    role = "admin"

    def test_a_search_is_saved_whole_and_followed(self):
        before = self.api.get("/api/exchange/messagetrace?limit=1").json["messages"]
        after = before[0]["id"] if before else 0
        for number in range(3):
            self.send("carol@elsewhere.example", f"csv{number}@example.net", tls=False)
        wait_until(lambda: len(self.rows(after)) == 3, "three new rows")
        rows = self.rows(after)
        self.assertEqual([row["rcpt_to"] for row in rows], [f"csv{number}@example.net" for number in range(3)])
        saved = self.api.get("/api/exchange/messagetrace.csv?sender=carol@elsewhere.example")
        self.assertEqual((saved.status, saved.media_type), (200, "text/csv"))
        lines = saved.content.decode().splitlines()
        self.assertTrue(lines[0].startswith("id,time,direction,"))
        self.assertEqual([line.split(",")[0] for line in lines[1:4]], [f'"{row["id"]}"' for row in reversed(rows)])
        for wrong in ("messagetrace?after=x", "messagetrace?after=1&cursor=2", "messagetrace.csv?limit=5", "messagetrace.csv?client=x"):
            self.assertEqual(self.api.get(f"/api/exchange/{wrong}").status, 400, wrong)

    def rows(self, after: int) -> list[dict]:
        return self.api.get(f"/api/exchange/messagetrace?after={after}&limit=100").json["messages"]

    def test_insights_are_told_counted_and_muted_with_a_reason(self):
        self.send("ceo@example.net", tls=False)
        path = "/api/exchange/insights"
        wanted = "own_domain_from_outside:example.net"

        def found() -> dict | None:
            return next((one for one in self.api.get(path).json["insights"] if one["id"] == wanted), None)

        insight = wait_until(found, wanted, 40)
        self.assertEqual(insight["search"]["sender"], "example.net")
        self.assertGreaterEqual(insight["evidence"][0]["count"], 1)
        self.assertIn("reject_direct_send = true", insight["write"])
        gauge = 'connectord_insight{connector="",name="own_domain_from_outside"}'
        self.assertEqual(self.metric(gauge), 1)
        reader = self.api_host.client("read")
        order = {"reason": "a printer", "until": "2099-01-01T00:00:00Z"}
        self.assertEqual(reader.request("POST", f"{path}/{wanted}/mute", order).status, 403)
        self.assertEqual(self.api.request("POST", f"{path}/{wanted}/mute", order).fields, ["until"])
        self.assertEqual(self.api.request("POST", f"{path}/nothing:x/mute", order).status, 404)
        order["until"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86_400))
        muted = self.api.request("POST", f"{path}/{wanted}/mute", order)
        self.assertEqual((muted.status, muted.json["who"]), (200, "admin"))
        self.assertEqual(found()["muted"]["reason"], "a printer")
        self.assertEqual(self.metric(gauge), 0)
        entry = self.api.get("/api/exchange/audit?limit=1").json["entries"][0]
        self.assertEqual((entry["action"], entry["insight"], entry["after"]["reason"]), ("mute", wanted, "a printer"))
        shown = self.api_host.ctl("insights", "--json", "--postfix-config", str(self.site.postfix.configuration))
        told = {one["id"]: one["muted"] for one in json.loads(shown.stdout)["insights"]}
        self.assertEqual(told[wanted]["reason"], "a printer")
        self.assertEqual(self.api.request("DELETE", f"{path}/{wanted}/mute").status, 204)
        self.assertIsNone(found()["muted"])
        self.assertEqual(self.api.request("DELETE", f"{path}/{wanted}/mute").status, 404)

    def metric(self, name: str) -> float:
        line = next(line for line in self.api.get("/metrics").content.decode().splitlines() if line.startswith(name))
        return float(line.rpartition(" ")[2])


class CommandLine(SiteScenario):
    """connectorctl does all of it, too."""

    connectors = CONTOSO

    @classmethod
    def setUpClass(cls):
        cls.site = Site(cls.connectors, SiteOptions(launch=False, trace=""))
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
        reported = self.ctl("create", "bad", "--direction", "inbound", "--scenario", "partner", "--set",
                            'identify.sender_domains=["x y"]', status=1).stderr
        self.assertRegex(reported, re.compile(r"^  identify.sender_domains: .*x y", re.MULTILINE))
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


class Queue(SiteScenario):
    """As root, who alone may ask a Postfix that main.cf of /etc/postfix does not know."""

    connectors = ('[[outbound]]\nname = "contoso-out"\nscenario = "partner"\nrecipient_domains = ["example.net"]\n'
                  '[outbound.route]\nsmart_hosts = ["[127.0.0.1]:9"]\n')

    @classmethod
    def setUpClass(cls):
        cls.site = Site(cls.connectors, SiteOptions(launch=False, socketmap=True))
        text = cls.site.connectord.config_file.read_text()
        lines = server_lines(cls.site.path)
        text = text.replace("[server]\n", f"[server]\n{lines}\n").replace(f'user = "{USER}"\n', '')
        cls.site.connectord.write_configuration(text)
        cls.enterClassContext(cls.site)
        cls.enterClassContext(mock.patch.dict(os.environ, MAIL_CONFIG=str(cls.site.postfix.configuration)))
        cls.api = ApiHost(cls.site).client("read")

    def test_what_waits_is_told_by_connector_and_next_hop(self):
        self.assertEqual(self.api.get("/api/exchange/queue").json["next_hops"], [])
        self.site.postfix.sendmail(b"Subject: x\n\nx\n", "user@example.net")
        reported = wait_until(lambda: next((each for each in self.api.get("/api/exchange/queue").json["next_hops"]
                                            if each["tried"]), None), "the message to be deferred")
        self.assertEqual((reported["connector"], reported["next_hop"], reported["messages"]),
                         ("contoso-out", "[127.0.0.1]:9", 1))
