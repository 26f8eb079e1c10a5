"""The console in a real browser, on a connectord that has real mail in its trace."""

import contextlib
import http.client
import json
import os
import re
import shutil
import sqlite3
import subprocess
import time
import unittest
from pathlib import Path
from urllib.parse import urlsplit

from api_scenario import FABRIKAM, ApiHost, server_lines
from harness.daemon import SOURCE, build_folder
from harness.network import free_port
from harness.site import USER, Site, SiteOptions
from harness.waiting import wait_until
from scenario import CONTOSO, Sent, SiteScenario
from test_held_mail import QUARANTINE, Helper

CONSOLE = SOURCE / "console"
HOSTILE = "=cmd|x <img src=x onerror=wasAttacked=1> \u202egpj.exe"
HOSTILE_SHOWN = "=cmd|x <img src=x onerror=wasAttacked=1> \\u{202e}gpj.exe"


def obstacle() -> str | None:
    """What keeps a browser from running here; only who changes the console needs npm's registry."""
    for program in ("node", "chromium"):
        if not shutil.which(program):
            return f"{program} is missing; script/bootstrap installs it"
    if not (CONSOLE / "node_modules" / "playwright-core").exists():
        return "console/node_modules is missing; script/console makes it"
    return None


RULE = """
[[rule]]
name = "no programs"
priority = 10
[rule.when]
attachment_executable = true
[[rule.action]]
do = "reject"

[[rule]]
name = "invoices"
priority = 20
[rule.when]
header = [{ name = "X-Case", words = ["hold"] }]
[[rule.action]]
do = "quarantine"
reason = "an invoice of a stranger"
"""


OUTSIDERS = """
[[rule]]
name = "mark mail of outsiders"
priority = 30
mode = "audit"
[rule.when]
sender_scope = "external"
[[rule.action]]
do = "prepend_subject"
text = "[EXTERNAL] "
"""


class ConsoleScenario(SiteScenario):
    connectors = CONTOSO + RULE
    zone: str | None = None
    trace: str | None = 'mail_log = "PATH/postfix/mail.log"\nsubject = true'
    user = USER

    @classmethod
    def server(cls):
        """Further lines of [server]."""
        return ""

    @classmethod
    def setUpClass(cls):
        cls.site = Site(cls.connectors, SiteOptions(launch=False, zone=cls.zone, trace=cls.trace))
        text = cls.site.connectord.config_file.read_text().replace(f'user = "{USER}"', f'user = "{cls.user}"')
        cls.origin = f"http://127.0.0.1:{free_port()}"
        lines = server_lines(cls.site.path, f"inet:{urlsplit(cls.origin).netloc}")
        cls.helper_socket = cls.site.path / "held.sock"
        lines += f'\nheld_socket = "{cls.helper_socket}"\n' + cls.server()
        cls.sent_reports = cls.site.make_state_folder("sent-reports")
        text += f'[reports]\nstate = "{cls.sent_reports}"\n'
        cls.site.connectord.write_configuration(text.replace("[server]\n", f"[server]\n{lines}\n"))
        cls.enterClassContext(cls.site)
        cls.api_host = ApiHost(cls.site)
        cls.api = cls.api_host.client()


class Headers(ConsoleScenario):
    """What keeps pages of other sites out, as any program sees it."""

    def ask(self, path: str, method: str = "GET", **headers: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection(urlsplit(self.origin).netloc, timeout=30)
        self.addCleanup(connection.close)
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        return connection.getresponse()

    def test_the_page_names_files_that_are_there_and_may_be_kept_for_ever(self):
        page = self.ask("/")
        self.assertEqual((page.status, page.headers["Content-Type"], page.headers["Cache-Control"]),
                         (200, "text/html; charset=utf-8", "no-cache"))
        html = subprocess.run(["gzip", "-dc"], input=page.read(), capture_output=True, check=True).stdout.decode()
        assets = re.findall(r'(?:src|href)="\./(assets/[^"]+)"', html)
        self.assertGreaterEqual(len(assets), 3)
        for asset in assets:
            answer = self.ask(f"/{asset}")
            self.assertEqual((answer.status, answer.headers["Cache-Control"]),
                             (200, "public, max-age=31536000, immutable"))
            self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")

    def test_the_page_is_framed_by_nobody_and_loads_nothing_from_elsewhere(self):
        headers = self.ask("/").headers
        for word in ("default-src 'none'", "script-src 'self';", "style-src 'self';", "frame-ancestors 'none'",
                     "form-action 'none'", "base-uri 'none'", "require-trusted-types-for 'script'"):
            self.assertIn(word, headers["Content-Security-Policy"])
        self.assertEqual(headers["Referrer-Policy"], "no-referrer")
        self.assertEqual(headers["Cross-Origin-Opener-Policy"], "same-origin")
        self.assertNotIn("Set-Cookie", headers)
        self.assertNotIn("Access-Control-Allow-Origin", headers)

    def test_another_site_and_another_name_get_nothing(self):
        token = f"Bearer {self.api_host.tokens['admin']}"
        for path, headers in (("/", {"Host": "evil.example"}), ("/api/session", {"Host": "evil.example"}),
                              ("/api/exchange/connectors", {"Origin": "http://evil.example"}),
                              ("/api/exchange/connectors", {"Sec_Fetch_Site": "cross-site"}),
                              ("/api/exchange/connectors", {"Sec_Fetch_Site": "same-site"})):
            with self.subTest(path=path, headers=headers):
                self.assertEqual(self.ask(path, Authorization=token, **headers).status, 403)
        self.assertEqual(self.ask("/api/exchange/connectors", Authorization=token, Origin=self.origin,
                                  Sec_Fetch_Site="same-origin").status, 200)


class Switches(ConsoleScenario):
    """server.console and server.console_hosts."""

    more = 'console_hosts = ["mx.example.org"]'

    @classmethod
    def server(cls):
        return cls.more

    def status(self, path: str, host: str) -> int:
        connection = http.client.HTTPConnection(urlsplit(self.origin).netloc, timeout=30)
        self.addCleanup(connection.close)
        connection.request("GET", path, headers={"Host": host})
        return connection.getresponse().status

    def test_a_browser_reaches_it_by_the_names_that_are_written(self):
        for host, status in (("mx.example.org:8025", 200), ("MX.example.org", 200), ("localhost", 200),
                             ("evil.example", 403), ("mx.example.org.evil.example", 403)):
            with self.subTest(host):
                self.assertEqual(self.status("/", host), status)


class WithoutPages(Switches):
    more = "console = false"

    def test_a_browser_reaches_it_by_the_names_that_are_written(self):
        self.assertEqual(self.status("/", "localhost"), 404)
        self.assertEqual(self.status("/health", "localhost"), 200)


def with_subject(subject: str):
    """What gives a message this subject; its token stands in its Message-ID, too."""
    return lambda content: re.sub(rb"Subject: \S+", lambda _: b"Subject: " + subject.encode(), content)


class BrowserScenario(ConsoleScenario):
    """What people do: console/e2e/scenarios.mjs has it step by step."""

    def run_scenario(self, name: str, **more) -> None:
        world = {"origin": self.origin, "tokens": self.api_host.tokens, **more}
        with subprocess.Popen(["node", "e2e/run.mjs", name, json.dumps(world)], cwd=CONSOLE, text=True, env=self.environment(),
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as browser:
            self.addCleanup(browser.kill)
            for line in browser.stdout:
                if line.startswith("ask "):
                    browser.stdin.write(json.dumps(self.answer(json.loads(line.removeprefix("ask ")))) + "\n")
                    browser.stdin.flush()
            errors = browser.stderr.read()
        self.assertEqual(browser.returncode, 0, errors)

    def environment(self) -> dict:
        return dict(os.environ)

    def answer(self, question: dict) -> dict:
        if "end_sessions" in question:
            for session in self.api.get("/api/sessions").json["sessions"]:
                self.api.request("DELETE", f"/api/sessions/{session['id']}")
            return {}
        if "change" in question:
            now = self.api.connector("fabrikam")
            changed = self.api.replace("fabrikam", {**now.json, **question["change"]}, now.etag)
            self.assertEqual(changed.status, 200, str(changed))
            return {}
        if "read" in question:
            return {"connector": self.api.connector("fabrikam").json}
        if "held" in question:
            return self.answer_about_held(**question["held"])
        sent = self.send(question["mail_from"], tls=question["tls"], finish=with_subject(question.get("subject", "x")))
        return {"reply": str(sent.reply)}

    def answer_about_held(self, what: str, of: dict) -> dict:
        if what == "arrives":
            return {"recipients": self.site.arrival(of["token"]).recipients}
        if what == "is":
            return {"queue": self.queue_of(of["queue_id"]), "arrived": len(self.site.arrivals(of["token"]))}
        self.assertEqual(self.api.request("DELETE", f"{QUARANTINE}/{of['queue_id']}").status, 204)
        return {}

    def queue_of(self, queue_id: str) -> str | None:
        queue = map(json.loads, self.site.postfix.run("postqueue", "-j").splitlines())
        return next((message["queue_name"] for message in queue if message["queue_id"] == queue_id), None)

    def hold(self, subject: str, *recipients: str) -> dict:
        """A message that a rule holds, until the end of the test."""
        sent: Sent = self.send("eve@elsewhere.example", *recipients, headers=("X-Case: hold",), tls=False,
                               finish=with_subject(subject))
        self.assertEqual((sent.command, sent.reply.code), ("END", 250), str(sent.reply))
        wait_until(lambda: self.queue_of(sent.queue_id) == "hold", "the message in the hold queue")
        wait_until(lambda: self.site.trace("--queue-id", sent.queue_id), "its row in the trace")
        self.addCleanup(lambda: self.site.postfix.run("postsuper", "-d", sent.queue_id))
        return {"token": sent.token, "queue_id": sent.queue_id}

    def make_fabrikam(self) -> None:
        self.assertEqual(self.api.create(FABRIKAM).status, 201)
        self.addCleanup(lambda: self.api.delete("fabrikam", "*"))

    def token_file(self, role: str) -> str:
        path = self.site.path / f"{role}.token"
        path.write_text(self.api_host.tokens[role] + "\n")
        return str(path)


@unittest.skipIf(obstacle(), obstacle())
class Browser(BrowserScenario):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        helper = Helper(cls.helper_socket, cls.site.postfix.configuration)
        cls.addClassCleanup(helper.close)

    def test_each_page_is_for_everybody_in_light_and_dark_and_on_a_telephone(self):
        self.send("alice@contoso.com", tls=False)
        self.send("alice@contoso.com", certificate="partner")
        self.send("carol@elsewhere.example", tls=False)
        self.make_fabrikam()
        self.hold("an invoice with a subject that is longer than a telephone is wide")
        self.run_scenario("everyPage")

    def test_a_rule_watches_first_and_is_then_enforced(self):
        self.addCleanup(lambda: self.api.request("DELETE", "/api/exchange/rules/no%20lottery", headers={"If-Match": "*"}))
        self.run_scenario("rule")

    def test_two_people_who_change_one_connector_lose_nothing(self):
        self.make_fabrikam()
        self.run_scenario("conflict")

    def test_what_needs_a_look_stands_first_and_may_be_muted(self):
        self.send("ceo@example.net", tls=False)
        self.run_scenario("insights")

    def test_searches_are_kept_and_new_mail_comes_by_itself(self):
        self.send("carol@elsewhere.example", tls=False)
        self.run_scenario("searches")

    def test_every_word_of_a_page_is_of_a_catalogue(self):
        self.make_fabrikam()
        self.hold("an invoice")
        self.run_scenario("pseudo", names=["contoso", "fabrikam", "no programs", "example.net", "invoices", "an invoice"])

    def test_a_connector_is_made_by_the_wizard_refuses_mail_and_is_disabled(self):
        self.addCleanup(lambda: self.api.delete("fabrikam", "*"))
        self.assert_delivered(self.send("eve@fabrikam.example", tls=False), None)
        self.run_scenario("wizard")

    def test_a_search_is_a_link_and_what_senders_write_stays_text(self):
        self.send("carol@elsewhere.example", "hostile@example.net", tls=False,
                  finish=lambda content: re.sub(rb"Subject: \S+", b"Subject: " + HOSTILE.encode(), content))
        self.run_scenario("trace", hostile_shown=HOSTILE_SHOWN)

    def test_what_is_held_is_released_or_deleted_by_who_may(self):
        people = [f"user{number}@example.net" for number in range(6)]
        self.run_scenario("held", hostile=self.hold(HOSTILE), hostile_shown=HOSTILE_SHOWN,
                          unwanted=self.hold("a second invoice", *people), decided=self.hold("a third invoice"))

    def test_who_may_not_do_it_sees_no_button(self):
        self.make_fabrikam()
        self.run_scenario("roles")

    def test_a_link_logs_in_once_and_a_session_that_ends_leads_back(self):
        made = self.api_host.ctl("console", "--json", "--url", self.origin, "--token-file", self.token_file("admin"))
        self.assertEqual(made.status, 0, made.stderr)
        self.run_scenario("sessions", link=json.loads(made.stdout)["link"])

    def test_all_is_done_without_a_mouse(self):
        self.run_scenario("keyboard")

    def test_a_message_of_50_mb_is_tried_by_its_beginning(self):
        self.run_scenario("hugeMessage")

    def test_reports_that_were_sent_are_listed_by_day_and_why_others_were_not(self):
        def entry(domain, to, status, words):
            return json.dumps({"domain": domain, "to": to, "status": status, "first": 1795651200, "time": 1795651200,
                               "attempts": 1, "words": words}) + "\n"

        (self.sent_reports / "dmarc-2026-11-27.jsonl").write_text(
            entry("fabrikam.example", "d@fabrikam.example", "left", HOSTILE))
        (self.sent_reports / "dmarc-2026-11-28.jsonl").write_text(
            entry("contoso.com", "d@contoso.com", "sent", "250 2.0.0 Ok") +
            entry("*", "", "left", "3 domains with fewer messages get none"))
        self.run_scenario("sentReports", hostile=HOSTILE, hostile_shown=HOSTILE_SHOWN)

    def test_a_report_is_printed_without_what_is_to_be_clicked(self):
        self.send("carol@elsewhere.example", tls=False)
        self.run_scenario("printed")


@unittest.skipIf(obstacle(), obstacle())
class Pictures(BrowserScenario):
    """What README.md and docs/console.md show. They are made with each run, so that they can be; script/console --pictures
    takes them over."""

    connectors = CONTOSO + RULE + OUTSIDERS

    def environment(self) -> dict:
        folder = Path(os.environ.get("CONNECTORD_PICTURES") or build_folder() / "pictures")
        folder.mkdir(parents=True, exist_ok=True)
        return {**os.environ, "CONNECTORD_PICTURES": str(folder)}

    def test_the_documents_have_pictures(self):
        for number in range(4):
            self.send("alice@contoso.com", certificate="partner", finish=with_subject(f"Figures of week {number + 44}"))
            self.send(f"user{number}@elsewhere.example", tls=False, finish=with_subject("A question about your offer"))
        self.hold("an invoice")
        self.send("ceo@example.net", tls=False, finish=with_subject("Urgent"))
        refused = self.send("alice@contoso.com", tls=False, finish=with_subject("Figures of week 48"))
        self.assertEqual(refused.reply.code, 550)
        row = wait_until(lambda: self.site.trace("--action", "reject"), "the refused message in the trace")[0]
        self.make_a_day_of_it()
        queue = {"messages": 0, "left_out": 0, "maximal_queue_lifetime": 432_000, "bounce_queue_lifetime": 432_000,
                 "minimal_backoff_time": 300, "maximal_backoff_time": 4000, "next_hops": []}
        self.run_scenario("pictures", refused=str(row["id"]), queue=queue)

    def make_a_day_of_it(self) -> None:
        """The sums of the last hour are those of all hours of a day, more of them by day than at night."""
        with contextlib.closing(sqlite3.connect(self.site.trace_file, timeout=30, isolation_level=None)) as trace:
            # They are added up once it is quiet.
            wait_until(lambda: trace.execute("SELECT total(messages) FROM volume").fetchone()[0] >= 11, "the sums of the hour")
            sums = trace.execute("SELECT * FROM volume").fetchall()
            for back in range(1, 24):
                times = 30 + (back * 7) % 5 * 4 + (120 if 6 <= (time.gmtime().tm_hour - back) % 24 <= 17 else 0)
                trace.executemany("INSERT OR IGNORE INTO volume VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                                  [(hour - back, *what, messages * times, recipients * times, size * times)
                                   for hour, *what, messages, recipients, size in sums])


@unittest.skipIf(obstacle(), obstacle())
class BrowserAsRoot(BrowserScenario):
    user = "root"

    def test_where_root_runs_it_the_pages_say_what_to_do_instead(self):
        self.run_scenario("asRoot")


@unittest.skipIf(obstacle(), obstacle())
class BrowserWithoutTrace(BrowserScenario):
    trace = None

    def test_where_no_mail_is_recorded_the_pages_say_what_to_write(self):
        self.run_scenario("withoutTrace")


@unittest.skipIf(obstacle(), obstacle())
class BrowserWithDns(BrowserScenario):
    zone = "example.net IN MX 10 mx.example.net.\n" + 'example.net IN TXT "v=spf1 -all"\n'

    def test_a_domain_is_judged_and_what_to_publish_is_a_line_to_copy(self):
        self.run_scenario("domains")


@unittest.skipIf(obstacle(), obstacle())
class BrowserWithoutHelper(BrowserScenario):
    """Nobody answers at server.held_socket, from some moment on."""

    def answer(self, question: dict) -> dict:
        if "end_helper" not in question:
            return super().answer(question)
        self.helper.close()
        return {}

    def test_what_is_missing_is_said_and_nothing_is_done(self):
        self.helper = Helper(self.helper_socket, self.site.postfix.configuration)
        self.run_scenario("heldWithoutHelper", held=self.hold("an invoice"))
