"""Records, keys and messages made to hurt: a result that the RFCs name, in bounded time and memory."""

import contextlib
import time

from authentication import SENDER_ADDRESS, AuthenticationScenario, checked_by
from harness.dkim_signer import all_of, random_modulus, rsa_key, rsa_public_key, signer
from harness.dns_server import txt
from harness.milter import MilterClient, Outcome
from harness.site import SiteOptions
from scenario import RECIPIENT, HostScenario

SPF_RESULTS = ("none", "neutral", "pass", "fail", "softfail", "temperror", "permerror")
MEMORY_LIMIT_KIB = 128 * 1024

GIANT = 60_000


def repeated(text: str, size: int = GIANT) -> str:
    return text * (size // len(text))


SPF_RECORDS = {
    "giant": "v=spf1 " + repeated("ip4:203.0.113.9 ") + "-all",
    "giant-word": "v=spf1 " + repeated("x"),
    "giant-macro": "v=spf1 exists:" + repeated("%{d}") + ".example -all",
    "giant-terms": "v=spf1 " + repeated("exists:%{l1r-}.example "),
    "giant-spaces": "v=spf1 " + repeated(" ") + "-all",
    "giant-modifiers": "v=spf1 " + "".join(f"x{n}=y " for n in range(7000)),
    "eight-bits": "v=spf1 \u00fc\u00e4\u0001 -all",
}
SPF_MACROS = {"digits": "v=spf1 exists:%{l99999999999999999999r-+,/_=}.example -all", "open": "v=spf1 exists:%{ -all",
              "long-label": "v=spf1 exists:" + "x" * 70 + ".%{d} -all", "self": "v=spf1 redirect=%{d}"}

KEYS = {
    "bits16": f"v=DKIM1; p={rsa_public_key(random_modulus(16))}",
    "bits16384": f"v=DKIM1; p={rsa_public_key(random_modulus(16384))}",
    "bits65536": f"v=DKIM1; p={rsa_public_key(random_modulus(65536))}",
    "exponent0": f"v=DKIM1; p={rsa_public_key(random_modulus(2048), 0)}",
    "exponent1": f"v=DKIM1; p={rsa_public_key(random_modulus(2048), 1)}",
    "big-exponent": f"v=DKIM1; p={rsa_public_key(random_modulus(4096), random_modulus(4096) - 2)}",
    "modulus0": f"v=DKIM1; p={rsa_public_key(0)}",
    "even": f"v=DKIM1; p={rsa_public_key(random_modulus(2048) - 1)}",
    "giant": "v=DKIM1; p=" + repeated("A"),
    "giant-tags": "v=DKIM1; " + "".join(f"x{n}=y; " for n in range(7000)) + f"p={rsa_key().public}",
    "giant-notes": "v=DKIM1; n=" + repeated("x") + f"; p={rsa_key().public}",
    "ed-short": "v=DKIM1; k=ed25519; p=AAAA",
    "semicolons": repeated(";"),
}

POLICIES = {
    "giant": "v=DMARC1; p=reject; rua=" + repeated("mailto:a@b.example,"),
    "giant-tags": "v=DMARC1; p=reject; " + "".join(f"x{n}=y; " for n in range(7000)),
    "semicolons": "v=DMARC1" + repeated(";"),
    "eight-bits": "v=DMARC1; p=reject; \u00fc=\u0001",
}

ZONE = "".join([
    *(txt(f"{name}.spf.example", record) for name, record in {**SPF_RECORDS, **SPF_MACROS}.items()),
    *(txt(f"{name}._domainkey.keys.example", record) for name, record in KEYS.items()),
    *(txt(f"_dmarc.{name}.dmarc.example", record) for name, record in POLICIES.items()),
    txt("many.spf.example", *(f"v=spf1 ip4:203.0.113.{n} -all" for n in range(200))),
    txt("many-others.spf.example", *(f"text {n} " + "x" * 200 for n in range(250)), "v=spf1 +all"),
    txt("good.example", f"v=spf1 ip4:{SENDER_ADDRESS} -all"), txt("_dmarc.good.example", "v=DMARC1; p=reject"),
    rsa_key().zone("good.example"),
    "".join(f"c{n}.chain.example CNAME c{n + 1}.chain.example\n" for n in range(40)),
    "".join(f"{name} CNAME {name.replace('.loop.', '.pool.')}\n{name.replace('.loop.', '.pool.')} CNAME {name}\n"
            for name in ("spf.loop.example", "_dmarc.dmarc.loop.example", "sel._domainkey.key.loop.example")),
])


class Bad(AuthenticationScenario):
    options = checked_by(ZONE, 'dmarc = "report"\narc = true\n',
                         parameters={"header_size_limit": "4000000", "line_length_limit": "200000",
                                     "message_size_limit": "0"})

    def setUp(self):
        self.start = time.monotonic()

    def tearDown(self):
        self.assertEqual(self.results(self.send("a@good.example"))["dmarc"].result, "pass")
        self.assertLess(self.site.connectord.resident_kib(), MEMORY_LIMIT_KIB)

    @contextlib.contextmanager
    def within(self, seconds: float, what: str):
        with self.subTest(what):
            start = time.monotonic()
            yield
            self.assertLess(time.monotonic() - start, seconds)

    def test_spf_records(self):
        for name in (*SPF_RECORDS, *SPF_MACROS, "many", "many-others"):
            with self.within(4, name):
                result = self.results(self.send(f"alice@{name}.spf.example"))["spf"].result
                self.assertIn(result, SPF_RESULTS)
        for name in ("giant", "giant-word", "eight-bits", "open", "self", "many"):
            with self.subTest(name):
                self.assertEqual(self.results(self.send(f"a@{name}.spf.example"))["spf"].result, "permerror")
        self.assertEqual(self.results(self.send("a@many-others.spf.example"))["spf"].result, "pass")

    def test_keys(self):
        for name in KEYS:
            with self.within(3, name):
                sent = self.send("a@good.example", finish=signer("keys.example", selector=name))
                (result,) = self.dkim_results(sent)
                self.assertIn(result.result, ("pass", "fail", "neutral", "policy", "permerror"))
                if not name.startswith("giant-"):
                    self.assertNotEqual(result.result, "pass")

    def test_policies(self):
        for name in POLICIES:
            with self.within(3, name):
                result = self.results(self.send("a@good.example", author=f"a@{name}.dmarc.example"))["dmarc"].result
                self.assertIn(result, ("none", "fail", "permerror"))

    def test_aliases_without_end(self):
        with self.within(4, "spf"):
            results = self.results(self.send("a@spf.loop.example", author="a@good.example"))
            self.assertIn(results["spf"].result, ("temperror", "permerror"))
        with self.within(4, "dkim"):
            (result,) = self.dkim_results(self.send("a@good.example", finish=signer("key.loop.example")))
            self.assertIn(result.result, ("temperror", "permerror"))
        with self.within(4, "dmarc"):
            results = self.results(self.send("a@good.example", author="a@dmarc.loop.example"))
            self.assertIn(results["dmarc"].result, ("temperror", "permerror", "none"))
        with self.within(4, "a long chain"):
            results = self.results(self.send("a@c0.chain.example", author="a@good.example"))
            self.assertIn(results["spf"].result, ("temperror", "permerror", "none"))

    def test_ten_thousand_headers(self):
        finish = all_of(lambda content: b"".join(b"X-Header-%d: value\r\n" % n for n in range(10_000)) + content,
                        signer("good.example"))
        with self.within(10, "unsigned"):
            (result,) = self.dkim_results(self.send("a@good.example", finish=finish))
            self.assertIn(result.result, ("pass", "policy"))
        headers = ("From", "To", "Subject", *["X-Header-5"] * 5000)
        with self.within(10, "signed five thousand times"):
            (result,) = self.dkim_results(self.send("a@good.example", finish=signer("good.example", headers=headers)))
            self.assertIn(result.result, ("pass", "permerror", "policy", "fail"))

    def test_a_thousand_signatures(self):
        one = signer("good.example")
        bad = b"DKIM-Signature: v=1; a=rsa-sha256; d=good.example; s=sel; h=from; bh=eA==; b=eA==\r\n"
        for case, copies in {"good": None, "bad": bad, "nonsense": b"DKIM-Signature: x\r\n"}.items():
            def finish(content: bytes) -> bytes:
                signed = one(content)
                return (copies or signed[:-len(content)]) * 1000 + signed
            with self.within(10, case):
                results = self.dkim_results(self.send("a@good.example", finish=finish))
                self.assertLess(len(results), 70)
                self.assertEqual(results[-1].result, "policy", "those that were not tried are not reported")

    def test_a_thousand_signatures_of_a_thousand_domains_ask_few_questions(self):
        fields = b"".join(b"DKIM-Signature: v=1; a=rsa-sha256; d=d%d.example; s=sel; h=from; bh=eA==; b=eA==\r\n" % n
                          for n in range(1000))
        with self.within(5, "many domains"):
            sent = self.send("a@good.example", finish=lambda content: fields + content)
            self.assertLess(len(self.dkim_results(sent)), 70)

    def test_headers_of_a_megabyte(self):
        folded = "\r\n ".join(["x" * 990] * 1050)
        for name in ("From", "DKIM-Signature", "Received", "Authentication-Results", "ARC-Seal", "X-Other"):
            with self.within(10, name):
                sent = self.send("a@good.example", headers=(f"{name}: {folded}",))
                self.assertEqual(sent.command, "END", str(sent.reply))
                self.assertIn(sent.reply.code, (250, 451, 550), str(sent.reply))

    def test_a_body_of_one_line(self):
        with self.within(20, "simple and relaxed"):
            for canonicalization in ("relaxed/simple", "relaxed/relaxed"):
                body = b" \t" * 50_000
                sent = self.send("a@good.example", body=body,
                                 finish=signer("good.example", canonicalization=canonicalization))
                self.assertEqual(sent.reply.code, 250)


class OnTheMilter(HostScenario):
    """What a mail server passes on that Postfix would have changed."""

    connectors = ""
    options = SiteOptions(zone=ZONE)

    def decide(self, headers: list[tuple[str, str]], body: bytes = b"Hello.\r\n") -> Outcome:
        with MilterClient(self.host.milter, {"i": "4BAD"}) as mta:
            mta.negotiate()
            mta.connect("client.example.org", SENDER_ADDRESS, 40000)
            mta.helo("helo.example")
            mta.mail("a@good.example")
            mta.rcpt(RECIPIENT)
            return mta.content(headers, body)

    def tearDown(self):
        outcome = self.decide([("From", " a@good.example")])
        self.assertTrue(outcome.verdict.passes, outcome.verdict)

    def test_authors_with_control_characters_are_refused(self):
        for author in (" a@good.example\rX: y", " a@good.example\nX: y", " a@good.example\n", "\r a@good.example",
                       " a@good\r.example", " a@good\n.example", " a@good.example\x01", " \x7fa@good.example",
                       " \x1b[2Ka@good.example", " a@good.example\udcff"):
            with self.subTest(author):
                outcome = self.decide([("From", author)])
                self.assertEqual(outcome.verdict.word, "reply", outcome.verdict)
                self.assertRegex(outcome.verdict.reply, r"^550 5\.7\.1 [ -~]+$")

    def test_bytes_that_are_no_utf_8_are_ugly_and_no_more(self):
        for author in (" \udcff <a@good.example>", "\udcff\udcfe"):
            with self.subTest(author):
                self.assertTrue(self.decide([("From", author)]).verdict.passes)

    def test_no_author_at_all_is_whom_mail_from_names(self):
        for headers in ([], [("Subject", " x")]):
            with self.subTest(len(headers)):
                self.assertTrue(self.decide(headers).verdict.passes)

    def test_several_authors_are_refused(self):
        for headers in ([("From", " a@good.example")] * 2,
                        [("From", " a@good.example"), ("FROM", " a@evil.example")],
                        [("From ", " a@evil.example"), ("From", " a@good.example")],
                        [("From", " a@good.example")] * 10_000):
            with self.subTest(len(headers)):
                self.assertRegex(self.decide(headers).verdict.reply, r"^550 5\.7\.1 ")

    def test_a_body_of_any_bytes_in_pieces_of_any_size(self):
        for body in (b"\0" * 65535, b"\r" * 60000, b"\n" * 60000, b"\r\n" * 30000, b" " * 60000, b"\r\r\n\n\r", b"\r",
                     bytes(range(256)) * 200):
            with self.subTest(body[:4]):
                self.assertTrue(self.decide([("From", " a@good.example")], body).verdict.passes)

    def test_header_names_that_are_none(self):
        for name in (" ", ":", "From:", "x" * 60000, "\udcff", "a\nb", "a\rb", "DKIM-Signature\n"):
            with self.subTest(name[:9]):
                verdict = self.decide([(name, " x"), ("From", " a@good.example")]).verdict
                self.assertIn(verdict.word, ("accept", "continue", "reply", "tempfail"))
