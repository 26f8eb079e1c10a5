"""Authentication-Results (RFC 8601): true, well-formed, and nobody's but ours."""

from authentication import AUTHSERV_ID, SENDER_ADDRESS, AuthenticationScenario, checked_by
from harness import authentication_results
from harness.client import message
from harness.dkim_signer import all_of, ed25519_key, rsa_key, signer
from harness.dns_server import txt
from harness.milter import MilterClient
from harness.sasl import AuthenticationServer, plain_login
from harness.site import SiteOptions
from harness.submission import new_token
from scenario import RECIPIENT, HostScenario, SiteScenario, submit

ZONE = "".join([
    txt("good.example", f"v=spf1 ip4:{SENDER_ADDRESS} -all"), txt("_dmarc.good.example", "v=DMARC1; p=reject"),
    rsa_key().zone("good.example"), ed25519_key().zone("good.example", "ed"), rsa_key().zone("relay.example"),
    txt("helo.example", f"v=spf1 ip4:{SENDER_ADDRESS} -all"),
])

FORGERIES = {
    "plain": (f"{AUTHSERV_ID}; dmarc=pass header.from=good.example",),
    "in capitals": ("MX.EXAMPLE.NET; dmarc=pass",),
    "quoted": (f'"{AUTHSERV_ID}"; dmarc=pass', '"mx.exa\\mple.net"; dmarc=pass'),
    "with a version": (f"{AUTHSERV_ID} 1; dmarc=pass", f"{AUTHSERV_ID}/1; dmarc=pass"),
    "behind a comment": (f"(for you) {AUTHSERV_ID}; dmarc=pass", f"((x) y) {AUTHSERV_ID} (z); dmarc=pass"),
    "folded": (f"\r\n {AUTHSERV_ID};\r\n\tdmarc=pass", f"(a\r\n b)\r\n\t{AUTHSERV_ID}\r\n ; dmarc=pass"),
    "without results": (AUTHSERV_ID, f"{AUTHSERV_ID};", f"{AUTHSERV_ID}; none"),
    "without spaces": (f"{AUTHSERV_ID};dmarc=pass",),
    "malformed": (f"{AUTHSERV_ID} dmarc=pass", f";{AUTHSERV_ID}; dmarc=pass", f"(unclosed {AUTHSERV_ID}; dmarc=pass"),
    "several": (f"{AUTHSERV_ID}; spf=pass", f"{AUTHSERV_ID}; dkim=pass", f"{AUTHSERV_ID}; dmarc=pass"),
    "fifty": (f"{AUTHSERV_ID}; dmarc=pass",) * 50,
}

OTHERS = ("mx.example.org; spf=pass", "example.net; dkim=pass", "mx.example.net.example.org; dmarc=pass",
          "not-mx.example.net; dmarc=pass", "mx.example.com;\r\n\tdmarc=pass\r\n\theader.from=good.example")


def headers_of(values: tuple[str, ...], name: str = "Authentication-Results") -> tuple[str, ...]:
    return tuple(f"{name}: {value}" for value in values)


class Results(AuthenticationScenario):
    options = checked_by(ZONE)

    def good(self, **options):
        return self.send("alice@good.example", **{"finish": signer("good.example"), **options})

    def test_all_methods_are_reported_in_one_header_on_top(self):
        arrived = self.arrived(self.good())
        results = self.results_in(arrived)
        self.assertEqual(results.authserv_id, AUTHSERV_ID)
        self.assertEqual([(result.method, result.result) for result in results.results],
                         [("spf", "pass"), ("dkim", "pass"), ("dmarc", "pass"), ("x-tls", "none")])
        self.assertEqual(results["spf"]["smtp.mailfrom"], "alice@good.example")
        self.assertEqual(results["dkim"]["header.d"], "good.example")
        self.assertEqual(results["dmarc"]["header.from"], "good.example")
        names = [name for name, _ in arrived.headers]
        for below in ("Received", "DKIM-Signature", "From"):
            self.assertLess(names.index("Authentication-Results"), names.index(below))

    def test_tls_is_reported(self):
        tls = self.results(self.good(tls=True))["x-tls"]
        self.assertEqual((tls.result, tls["smtp.version"]), ("pass", "TLSv1.3"))
        self.assertTrue(tls["smtp.cipher"])

    def test_each_signature_is_reported(self):
        finish = all_of(signer("good.example"), signer("good.example", ed25519_key(), selector="ed"),
                        signer("relay.example"), signer("nowhere.example"))
        results = self.dkim_results(self.good(finish=finish))
        self.assertEqual([(result["header.d"], result["header.a"]) for result in results],
                         [("nowhere.example", "rsa-sha256"), ("relay.example", "rsa-sha256"),
                          ("good.example", "ed25519-sha256"), ("good.example", "rsa-sha256")])
        self.assertEqual(len({result["header.b"] for result in results}), 4)

    def test_arc_is_not_reported_unless_it_is_asked_for(self):
        self.assertEqual(self.results(self.good()).all("arc"), [])

    def test_every_forgery_is_deleted_and_ours_stands_alone(self):
        for case, values in FORGERIES.items():
            with self.subTest(case):
                arrived = self.arrived(self.good(headers=headers_of(values)))
                (value,) = arrived.all("Authentication-Results")
                self.assertEqual(authentication_results.parse(value)["spf"].result, "pass")

    def test_forgeries_under_other_spellings_of_the_name_are_deleted(self):
        headers = (f"authentication-results: {AUTHSERV_ID}; dmarc=pass", f"AUTHENTICATION-RESULTS:{AUTHSERV_ID}; x=y",
                   f"Authentication-Results : {AUTHSERV_ID}; dmarc=pass")
        arrived = self.arrived(self.send("alice@good.example", headers=headers))
        self.assertEqual(len(arrived.all("Authentication-Results")), 1)

    def test_those_of_other_servers_stay_in_their_order(self):
        forged = (f"{AUTHSERV_ID}; dmarc=pass",)
        mixed = tuple(value for other in OTHERS for value in (other, *forged))
        arrived = self.arrived(self.good(headers=headers_of(mixed)))
        self.assertEqual(tuple(arrived.all("Authentication-Results")[1:]), OTHERS)

    def test_headers_of_a_similar_name_stay(self):
        headers = (f"X-Authentication-Results: {AUTHSERV_ID}; x=y", f"Authentication-Result: {AUTHSERV_ID}; x=y")
        arrived = self.arrived(self.good(headers=headers))
        for name in ("X-Authentication-Results", "Authentication-Result"):
            self.assertEqual(len(arrived.all(name)), 1)

    def test_a_null_sender_is_reported_by_its_helo_name(self):
        spf = self.results(self.send("", author="a@other.example", helo="helo.example"))["spf"]
        self.assertEqual((spf.result, spf["smtp.helo"]), ("pass", "helo.example"))
        self.assertNotIn("smtp.mailfrom", spf.properties)

    def test_what_comes_from_outside_cannot_add_results(self):
        for mail_from in ('"x; dmarc=pass"@good.example', '"a b"@good.example', '"(x"@good.example',
                          '"a\\"; dmarc=pass"@good.example', "a=b@good.example", "a+b@good.example",
                          f"{'x' * 64}@good.example"):
            with self.subTest(mail_from):
                results = self.results(self.send(mail_from, author="a@good.example"))
                self.assertEqual([result.method for result in results.results], ["spf", "dkim", "dmarc", "x-tls"])
                self.assertEqual(results["spf"].result, "pass")
                self.assertIn("good.example", results["spf"]["smtp.mailfrom"])

    def test_tags_of_signatures_cannot_add_results(self):
        for tags in ({"s": "a(b"}, {"s": 'x" y'}, {"d": "good.example/dmarc=pass"},
                     {"i": '"x; dmarc=pass"@good.example'}, {"a": "rsa-sha256 (x)"}, {"d": "x" * 3000},
                     {"i": "@" + "y." * 1500 + "example"}):
            with self.subTest(tags):
                arrived = self.arrived(self.good(finish=signer("good.example", tags=tags)))
                results = self.results_in(arrived)
                self.assertEqual([result.method for result in results.results], ["spf", "dkim", "dmarc", "x-tls"])
                self.assertNotEqual(results["dkim"].result, "pass")
                for line in arrived.all("Authentication-Results")[0].split("\r\n"):
                    self.assertLess(len(line), 998)

    def test_helo_names_cannot_add_results(self):
        for helo in ("x;dmarc=pass", "a(b", "[127.0.0.5]", "x_y", "a=b"):
            with self.subTest(helo):
                results = self.results(self.good(helo=helo))
                self.assertEqual([result.method for result in results.results], ["spf", "dkim", "dmarc", "x-tls"])

    def test_each_message_of_a_connection_has_its_own_results(self):
        with self.open(source=SENDER_ADDRESS, tls=False) as client:
            for domain, expected in (("good.example", "pass"), ("nowhere.example", "none"), ("good.example", "pass")):
                sent = submit(client, f"a@{domain}", author=f"a@{domain}")
                self.assertEqual(self.results(sent)["dmarc"].result, expected)


class OnTheMilter(HostScenario):
    """What a mail server passes on that Postfix would not have taken."""

    connectors = ""
    options = SiteOptions(zone=ZONE)

    def test_line_ends_and_control_characters_cannot_end_the_header(self):
        poison = "x\r\nX-Forged: yes\n\x01\x1b;\tdmarc=pass"
        for helo, mail_from in ((poison, "a@good.example"), ("helo.example", f"{poison}@good.example"),
                                ("helo.example", f'"{poison}"@good.example'), ("\udcff\udcfe", "a@good.example")):
            with self.subTest(helo=helo, mail_from=mail_from), MilterClient(self.host.milter, {"i": "4RESULTS"}) as mta:
                mta.negotiate()
                mta.connect("client.example.org", SENDER_ADDRESS, 40000)
                mta.helo(helo)
                mta.mail(mail_from)
                mta.rcpt(RECIPIENT)
                outcome = mta.content([("From", " a@other.example"), ("Subject", " x")])
                for name, value in outcome.new_headers:
                    lines = value.split("\n")
                    self.assertTrue(all(line[:1] in (" ", "\t") for line in lines[1:]), value)
                    self.assertTrue(all(line.replace("\t", " ").isprintable() and line.isascii() for line in lines),
                                    value)
                    if name == "Authentication-Results":
                        parsed = authentication_results.parse(value.replace("\n", "\r\n"))
                        self.assertEqual([result.method for result in parsed.results],
                                         ["spf", "dkim", "dmarc", "x-tls"])

    def test_forgeries_are_deleted_from_the_last_to_the_first(self):
        with MilterClient(self.host.milter, {"i": "4ORDER"}) as mta:
            mta.negotiate()
            mta.connect("client.example.org", SENDER_ADDRESS, 40000)
            mta.helo("helo.example")
            mta.mail("a@good.example")
            mta.rcpt(RECIPIENT)
            values = [f" {AUTHSERV_ID}; x=y", " other.example; x=y"] * 5
            outcome = mta.content([("From", " a@good.example"), *(("Authentication-Results", v) for v in values)])
        deleted = [index for index, name in outcome.deleted if name.lower() == "authentication-results"]
        self.assertEqual(deleted, [9, 7, 5, 3, 1])


class Submissions(SiteScenario):
    """Our own users' mail: nobody asks where it comes from, and no forged results get through either."""

    connectors = ""

    @classmethod
    def setUpClass(cls):
        cls.options = SiteOptions(zone=ZONE, parameters={"non_smtpd_milters": "$smtpd_milters"})
        super().setUpClass()
        server = AuthenticationServer(cls.site.path / "auth.sock")
        server.start()
        cls.addClassCleanup(server.stop)
        cls.site.postfix.set(**server.postfix_parameters())
        cls.site.postfix.reload()

    def assert_no_forgery(self, arrived) -> None:
        values = arrived.all("Authentication-Results")
        ours = f"{AUTHSERV_ID};\r\n\tx-tls="
        self.assertEqual(tuple(value for value in values if not value.startswith(ours)), OTHERS)

    def test_forgeries_are_deleted_from_authenticated_mail(self):
        for case, values in FORGERIES.items():
            with self.subTest(case), self.open(tls=False) as client:
                self.assertEqual(client.command(f"AUTH {plain_login('alice')}").code, 235)
                sent = submit(client, "alice@example.net", author="a@example.net", headers=headers_of(OTHERS + values))
                self.assertEqual(sent.reply.code, 250, str(sent.reply))
                self.assert_no_forgery(self.site.arrival(sent.token))

    def test_forgeries_are_deleted_from_mail_by_the_sendmail_command(self):
        token = new_token()
        headers = headers_of((*OTHERS, *FORGERIES["several"]))
        content = message(token, *headers, author="a@example.net")
        self.site.postfix.sendmail(content, "-f", "cron@example.net", RECIPIENT)
        self.assert_no_forgery(self.site.arrival(token))
