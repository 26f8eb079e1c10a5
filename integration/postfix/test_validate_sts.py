"""MTA-STS (RFC 8461) in `connectorctl validate`: the policy of a domain, from a web server of its own."""

import http.server
import threading

from harness.sink import Sink, server_context
from validation import MX, ValidateScenario

WEB = "127.0.0.72"
MAIL = "127.0.0.73"
POLICY = "version: STSv1\r\nmode: {mode}\r\nmx: {mx}\r\nmax_age: 86400\r\n"


class WebServer(http.server.ThreadingHTTPServer):
    """Answers every GET with `text`."""

    text = ""
    content_type = "text/plain"
    status = 200

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(self.server.status)
            self.send_header("Content-Type", self.server.content_type)
            self.send_header("Location", "https://elsewhere.example/")
            self.end_headers()
            self.wfile.write(self.server.text.encode())

        def log_message(self, *_):
            pass


class MtaSts(ValidateScenario):
    zone = (f"contoso.com IN MX 10 {MX}\n{MX} IN A {MAIL}\nmta-sts.contoso.com IN A {WEB}\n"
            '_mta-sts.contoso.com IN TXT "v=STSv1; id=20261121;"\n')

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        certificate = cls.certificates.store.issued("web", cls.certificates.authority, "mta-sts.contoso.com",
                                                    alternative_names=("mta-sts.contoso.com",))
        cls.web = WebServer((WEB, 443), WebServer.Handler)
        cls.web.socket = server_context(certificate).wrap_socket(cls.web.socket, server_side=True)
        threading.Thread(target=cls.web.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        cls.addClassCleanup(cls.web.server_close)
        cls.addClassCleanup(cls.web.shutdown)
        cls.mail = Sink("mx", cls.certificates.good, address=(MAIL, 25))
        cls.mail.start()
        cls.addClassCleanup(cls.mail.stop)

    def setUp(self):
        self.web.status, self.web.content_type = 200, "text/plain"
        self.mail.tls = server_context(self.certificates.good)

    def ask(self, text: str, trusted: bool = True):
        self.web.text = text
        environment = {"SSL_CERT_FILE": str(self.certificates.authority.file)} if trusted else {}
        return self.validate(self.connector(tls='level = "opportunistic"'), "--rcpt-to", "postmaster@contoso.com",
                             environment=environment)

    def test_a_policy_that_the_host_fulfils_passes(self):
        validated = self.ask(POLICY.format(mode="enforce", mx="*.contoso.com"))
        self.assertEqual(validated.outcome, "passed", validated.report)
        for check in ("mta_sts.record", "mta_sts.policy", "mta_sts.host", "mta_sts.certificate"):
            self.assertEqual(validated.step(check)["outcome"], "pass", check)

    def test_the_order_of_the_fields_is_free(self):
        lines = POLICY.format(mode="enforce", mx=MX).splitlines(keepends=True)
        validated = self.ask("".join(reversed(lines)))
        self.assertEqual(validated.outcome, "passed", validated.report)
        self.assertIn("mode enforce", validated.step("mta_sts.policy")["seen"])
        self.assertEqual(validated.step("mta_sts.certificate")["outcome"], "pass")

    def test_another_host_or_certificate_fails_where_the_policy_is_enforced_and_is_a_warning_otherwise(self):
        for mode, outcome in (("enforce", "sts_policy"), ("testing", "passed")):
            with self.subTest(mode):
                self.mail.tls = server_context(self.certificates.good)
                validated = self.ask(POLICY.format(mode=mode, mx="mx.other.example"))
                self.assertEqual(validated.outcome, outcome)
                self.assertEqual(validated.step("mta_sts.host")["outcome"], "fail")
                self.mail.tls = server_context(self.certificates.elsewhere)
                self.assertEqual(self.ask(POLICY.format(mode=mode, mx=MX)).outcome, outcome)

    def test_an_enforced_policy_needs_tls(self):
        self.mail.tls = None
        self.assertEqual(self.ask(POLICY.format(mode="enforce", mx=MX)).outcome, "no_starttls")

    def test_a_policy_that_cannot_be_had_is_a_warning(self):
        good = POLICY.format(mode="enforce", mx="mx.other.example")
        for seen, text, changes in (("it has no version", "<html>", {}),
                                    ("HTTP status 301", good, {"status": 301}),
                                    ("not text/plain", good, {"content_type": "text/html"})):
            with self.subTest(seen):
                self.web.status, self.web.content_type = 200, "text/plain"
                for name, value in changes.items():
                    setattr(self.web, name, value)
                self.assert_warned(self.ask(text), seen)
        self.web.status, self.web.content_type = 200, "text/plain"
        self.assert_warned(self.ask("x" * 70_000), "")
        self.assert_warned(self.ask(good, trusted=False), "unable to get local issuer certificate")

    def assert_warned(self, validated, seen: str) -> None:
        self.assertEqual(validated.outcome, "passed", validated.report)
        step = validated.step("mta_sts.policy")
        self.assertTrue(step["warning"])
        self.assertIn(seen, step["seen"])
