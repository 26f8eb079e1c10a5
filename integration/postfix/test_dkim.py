"""DKIM (RFC 6376): signatures that were really made, over mail as it really comes."""

import time
from concurrent.futures import ThreadPoolExecutor

from authentication import AuthenticationScenario, checked_by, requiring
from harness.client import message
from harness.dkim_signer import (all_of, ed25519_key, replaced, rsa_key, rsa_public_key_pkcs1, signer, with_text_added)
from harness.dns_server import silence, txt
from harness.submission import new_token
from scenario import RECIPIENT, submit

ED = ed25519_key()
SHORT, ENOUGH = rsa_key(512), rsa_key(1024)

ZONE = "".join([
    rsa_key().zone("a.example"),
    ED.zone("a.example", "ed"),
    rsa_key().zone("b.example"),
    rsa_key().zone("sub.a.example"),
    ENOUGH.zone("a.example", "enough"),
    SHORT.zone("a.example", "short"),
    rsa_key(4096).zone("a.example", "long"),
    rsa_key().zone("a.example", "testing", "t=y"),
    rsa_key().zone("a.example", "strict", "t=s"),
    rsa_key().zone("a.example", "sha1-only", "h=sha1"),
    rsa_key().zone("a.example", "not-for-mail", "s=tlsrpt"),
    rsa_key(name="another").zone("a.example", "another"),
    txt("pkcs1._domainkey.a.example", f"v=DKIM1; k=rsa; p={rsa_public_key_pkcs1(rsa_key())}"),
    txt("without-version._domainkey.a.example", f"p={rsa_key().public}"),
    txt("revoked._domainkey.a.example", "v=DKIM1; k=rsa; p="),
    txt("nonsense._domainkey.a.example", "v=DKIM1; k=rsa; p=bm9uc2Vuc2U="),
    txt("version-2._domainkey.a.example", f"v=DKIM2; p={rsa_key().public}"),
    txt("in-quotes._domainkey.a.example", f'"v=DKIM1; p={rsa_key().public}"'),
    txt("capitals._domainkey.a.example", "V=DKIM1; K=rsa"),
    txt("two._domainkey.a.example", rsa_key().record(), rsa_key(name="another").record()),
    "alias._domainkey.a.example CNAME sel._domainkey.b.example\n",
    "nodata._domainkey.a.example A 127.0.0.1\n",
    txt("_dmarc.a.example", "v=DMARC1; p=none"),
])

CANONICALIZATIONS = [f"{header}/{body}" for header in ("simple", "relaxed") for body in ("simple", "relaxed")]

BODIES = {
    "empty": b"",
    "a line": b"Hello.",
    "eight bits": "Grüße, 你好".encode() + b"\r\n\xff\xfe\x80 no UTF-8 either",
    "dots": b".\r\n..\r\n...\r\n.x\r\n \r\n. ",
    "empty lines at the end": b"Hello.\r\n\r\n\r\n\r\n",
    "spaces and tabs": b"a  b\t\tc \t \r\n\t\r\n  d\r\n \t\r\n\r\n",
    "no end of line": b"x",
    "long lines": (b"y" * 990 + b"\r\n") * 20,
    "only empty lines": b"\r\n\r\n",
    "headers in the body": b"DKIM-Signature: v=1\r\nFrom: x@y.example\r\n\r\n",
    "lines that look like From": b"From here\r\n>From there",
}

ALL = signer("a.example")


class Signatures(AuthenticationScenario):
    options = checked_by(ZONE, failing=("failing.example",), faults={"unanswered.example": silence})

    def dkim(self, finish, **options):
        """The result of the only signature."""
        results = self.dkim_results(self.send("alice@a.example", finish=finish, **options))
        self.assertEqual(len(results), 1, results)
        return results[0]

    def test_a_message_without_signature_has_none(self):
        self.assertEqual(self.dkim(lambda content: content).result, "none")

    def test_a_good_signature_passes_and_is_described(self):
        result = self.dkim(signer("a.example", identity="alice@sub.a.example"))
        self.assertEqual(result.result, "pass", result)
        self.assertEqual([result[f"header.{name}"] for name in "dsia"],
                         ["a.example", "sel", "alice@sub.a.example", "rsa-sha256"])
        self.assertGreaterEqual(len(result["header.b"]), 8)

    def test_ed25519_passes(self):
        result = self.dkim(signer("a.example", ED, selector="ed"))
        self.assertEqual((result.result, result["header.a"]), ("pass", "ed25519-sha256"))

    def test_keys_of_a_sensible_size_pass(self):
        self.assertEqual(self.dkim(signer("a.example", ENOUGH, selector="enough")).result, "pass")
        self.assertEqual(self.dkim(signer("a.example", rsa_key(4096), selector="long")).result, "pass")

    def test_a_key_of_512_bits_does_not_pass(self):
        self.assertIn(self.dkim(signer("a.example", SHORT, selector="short")).result, ("policy", "permerror", "fail"))

    def test_sha1_does_not_pass(self):
        self.assertIn(self.dkim(signer("a.example", algorithm="rsa-sha1")).result, ("policy", "permerror", "fail"))

    def test_key_records_of_all_forms_are_read(self):
        for selector in ("pkcs1", "without-version", "alias", "testing"):
            with self.subTest(selector):
                self.assertEqual(self.dkim(signer("a.example", selector=selector)).result, "pass")

    def test_keys_that_are_not_to_be_used_do_not_pass(self):
        for selector in ("revoked", "nonsense", "version-2", "nodata", "missing", "sha1-only", "not-for-mail"):
            with self.subTest(selector):
                result = self.dkim(signer("a.example", selector=selector))
                self.assertIn(result.result, ("permerror", "neutral", "fail", "policy"))
                self.assertNotEqual(result.reason, "")

    def test_what_stands_in_the_place_of_a_key_is_shown(self):
        for selector, shown in (("in-quotes", '"v=DKIM1; p='), ("capitals", "V=DKIM1; K=rsa"),
                                ("version-2", "v=DKIM2; p=")):
            with self.subTest(selector):
                sent = self.send("a@a.example", finish=signer("a.example", selector=selector))
                (result,) = self.dkim_results(sent)
                self.assertEqual(result.result, "permerror")
                self.assertIn(shown, result.reason)

    def test_another_key_than_the_signers_does_not_pass(self):
        self.assertEqual(self.dkim(signer("a.example", selector="another")).result, "fail")

    def test_a_key_that_is_not_for_subdomains_does_not_pass_for_one(self):
        self.assertEqual(self.dkim(signer("a.example", selector="strict")).result, "pass")
        self.assertNotEqual(self.dkim(signer("a.example", selector="strict", identity="x@sub.a.example")).result,
                            "pass")

    def test_a_key_that_dns_cannot_tell_now_is_a_temporary_error(self):
        for domain in ("failing.example", "unanswered.example"):
            with self.subTest(domain):
                self.assertEqual(self.dkim(signer(domain)).result, "temperror")

    def test_every_canonicalization_passes_for_every_body(self):
        with self.open(source="127.0.0.5", tls=False) as client:
            for case, body in BODIES.items():
                for canonicalization in CANONICALIZATIONS:
                    with self.subTest(case, canonicalization=canonicalization):
                        client.mail("alice@a.example")
                        client.rcpt(RECIPIENT)
                        token = new_token()
                        content = signer("a.example", canonicalization=canonicalization)(
                            message(token, author="alice@a.example", body=body))
                        self.assertEqual(client.data(content).code, 250)
                        arrived = self.site.arrival(token)
                        self.assertEqual(self.results_in(arrived)["dkim"].result, "pass")
                        self.assertEqual(arrived.body.rstrip(b"\r\n"), body.rstrip(b"\r\n"))

    def test_folded_headers_pass_and_arrive_as_they_were(self):
        folded = ("X-Folded: one\r\n\ttwo  \r\n   three", "References: <a@b>\r\n <c@d>\r\n\t<e@f>")
        author = '"Alice\r\n  A."\r\n\t<alice@a.example>'
        for canonicalization in CANONICALIZATIONS:
            with self.subTest(canonicalization):
                finish = signer("a.example", canonicalization=canonicalization,
                                headers=("From", "To", "Subject", "X-Folded", "References"))
                sent = self.send("alice@a.example", headers=folded, author=author, finish=finish)
                arrived = self.arrived(sent)
                self.assertEqual(self.results_in(arrived)["dkim"].result, "pass")
                self.assertEqual(arrived.all("References"), ["<a@b>\r\n <c@d>\r\n\t<e@f>"])

    def test_headers_with_odd_spaces_pass(self):
        odd = ("X-Odd:value", "X-Odd:   value", "X-Odd:\tvalue\t", "X-Odd:", "X-Odd: ", "x-oDD : value")
        for canonicalization in ("relaxed/simple", "simple/simple"):
            with self.subTest(canonicalization):
                finish = signer("a.example", canonicalization=canonicalization, headers=("From", *["X-Odd"] * 5))
                self.assertEqual(self.dkim(finish, headers=odd[:5]).result, "pass")

    def test_eight_bit_headers_pass(self):
        finish = signer("a.example", headers=("From", "X-Note"))
        self.assertEqual(self.dkim(finish, headers=("X-Note: Grüße",)).result, "pass")

    def test_headers_signed_as_absent_pass_and_may_not_be_added_later(self):
        finish = signer("a.example", headers=("From", "From", "To", "Reply-To", "Subject", "Subject"))
        self.assertEqual(self.dkim(finish).result, "pass")
        later = all_of(finish, lambda content: b"Reply-To: eve@evil.example\r\n" + content)
        self.assertEqual(self.dkim(later).result, "fail")

    def test_a_message_changed_on_its_way_fails(self):
        for case, change in {"the body": replaced(b"Hello.", b"Hallo."), "text added": with_text_added(),
                             "a signed header": replaced(b"To: recipient", b"To: somebody"),
                             "its author": replaced(b"From: alice@", b"From: mallory@"),
                             "the signature": replaced(b"t=1", b"t=2")}.items():
            with self.subTest(case):
                result = self.dkim(all_of(ALL, change))
                self.assertEqual(result.result, "fail")
                self.assertNotEqual(result.reason, "")

    def test_headers_that_were_not_signed_may_come_and_go(self):
        self.assertEqual(self.dkim(all_of(ALL, lambda content: b"X-Relay: here\r\n" + content)).result, "pass")

    def test_expired_and_future_signatures_do_not_pass(self):
        now = int(time.time())
        for case, tags in {"expired": {"t": str(now - 1000), "x": str(now - 500)},
                           "future": {"t": str(now + 86400)},
                           "expires before it was made": {"t": str(now), "x": str(now - 5)}}.items():
            with self.subTest(case):
                self.assertIn(self.dkim(signer("a.example", tags=tags)).result, ("fail", "permerror", "policy"))
        self.assertEqual(self.dkim(signer("a.example", tags={"t": str(now), "x": str(now + 600)})).result, "pass")

    def test_signatures_that_do_not_follow_the_rfc_do_not_pass(self):
        for case, finish in {
            "version": signer("a.example", tags={"v": "0.5"}),
            "no version": signer("a.example", tags={"v": ""}),
            "identity of another domain": signer("a.example", tags={"i": "@b.example"}),
            "no From": signer("a.example", tags={"h": "to : subject"}),
            "unknown algorithm": signer("a.example", tags={"a": "rsa-sha512"}),
            "unknown canonicalization": signer("a.example", tags={"c": "tidy/tidy"}),
            "key by other means": signer("a.example", tags={"q": "http"}),
            "algorithm of another kind of key": signer("a.example", tags={"a": "ed25519-sha256"}),
            "doubled tag": all_of(ALL, replaced(b"q=dns/txt;", b"q=dns/txt; q=dns/txt;")),
        }.items():
            with self.subTest(case):
                self.assertNotEqual(self.dkim(finish).result, "pass")

    def test_each_of_several_signatures_has_its_own_result(self):
        finish = all_of(signer("a.example"), signer("b.example", tags={"x": "5", "t": "1"}),
                        signer("a.example", ED, selector="ed"), signer("a.example", selector="missing"),
                        signer("sub.a.example"))
        results = self.dkim_results(self.send("alice@a.example", finish=finish))
        self.assertEqual([(result["header.d"], result["header.s"], result.result == "pass") for result in results],
                         [("sub.a.example", "sel", True), ("a.example", "missing", False), ("a.example", "ed", True),
                          ("b.example", "sel", False), ("a.example", "sel", True)])

    def test_a_signature_that_cannot_be_read_does_not_hide_a_good_one(self):
        for nonsense in (b"DKIM-Signature: nonsense\r\n", b"DKIM-Signature:\r\n",
                         b"DKIM-Signature: v=1; a=;;; \xff\r\n", b"DKIM-Signature: v=1; d=\"; h=from; b=x\r\n"):
            for finish in (all_of(ALL, lambda content: nonsense + content),
                           all_of(lambda content: nonsense + content, ALL)):
                with self.subTest(nonsense):
                    results = self.dkim_results(self.send("alice@a.example", finish=finish))
                    self.assertEqual(sorted(result.result == "pass" for result in results), [False, True])

    def test_no_more_than_some_signatures_are_tried(self):
        finish = all_of(*[signer("a.example")] * 30)
        results = self.dkim_results(self.send("alice@a.example", finish=finish))
        self.assertIn("pass", [result.result for result in results])
        self.assertLess(len([result for result in results if result.result == "pass"]), 30)
        self.assertTrue(any(result.result == "policy" for result in results), results)

    def test_a_part_of_the_body_that_was_not_signed_is_reported(self):
        finish = all_of(signer("a.example", length=True), with_text_added())
        result = self.dkim(finish)
        self.assertIn("l=", result.reason)

    def test_a_length_beyond_the_body_does_not_pass(self):
        self.assertNotEqual(self.dkim(signer("a.example", tags={"l": "100000"})).result, "pass")

    def test_lines_that_end_in_bare_line_feeds(self):
        # Postfix 3.7 takes them for line ends, and so the signature covers what is sent on.
        with self.open(source="127.0.0.5", tls=False) as client:
            client.mail("alice@a.example")
            client.rcpt(RECIPIENT)
            token = new_token()
            content = ALL(message(token, author="alice@a.example", body="one\r\ntwo\r\nthree"))
            self.assertEqual(client.data(content.replace(b"one\r\ntwo", b"one\ntwo")).code, 250)
        self.assertEqual(self.results_in(self.site.arrival(token))["dkim"].result, "pass")

    def test_a_body_of_five_megabytes_passes_and_is_not_kept_in_memory(self):
        body = (b"0123456789" * 7 + b"\r\n") * (5 * 1024 * 1024 // 72)
        before = self.site.connectord.resident_kib()
        for canonicalization in ("relaxed/simple", "relaxed/relaxed"):
            result = self.dkim(signer("a.example", canonicalization=canonicalization), body=body)
            self.assertEqual(result.result, "pass")
        self.assertLess(self.site.connectord.resident_kib() - before, 4 * 1024)

    def test_a_message_that_stops_in_the_middle_of_its_body_harms_nobody(self):
        content = ALL(message(new_token(), author="alice@a.example", body=b"x" * 200_000))
        for part in (100, 1500, 100_000):
            with self.open(source="127.0.0.5", tls=False) as client:
                client.pipeline(["MAIL FROM:<alice@a.example>", f"RCPT TO:<{RECIPIENT}>", "DATA"])
                client.send(content[:part])
        self.assertEqual(self.dkim(ALL).result, "pass")

    def test_a_message_in_chunks_passes(self):
        content = ALL(message(new_token(), author="alice@a.example", body=b"one\r\n.two\r\n" * 5000))
        with self.open(source="127.0.0.5", tls=False) as client:
            client.mail("alice@a.example")
            client.rcpt(RECIPIENT)
            for start in range(0, len(content), 7001):
                chunk = content[start:start + 7001]
                last = " LAST" if start + 7001 >= len(content) else ""
                client.send(f"BDAT {len(chunk)}{last}\r\n".encode() + chunk)
                reply = client.read_reply()
                self.assertEqual(reply.code, 250, str(reply))
        token = content.partition(b"Subject: ")[2].split(b"\r\n")[0].decode()
        self.assertEqual(self.results_in(self.site.arrival(token))["dkim"].result, "pass")

    def test_many_messages_at_once_do_not_mix_up_their_results(self):
        cases = [(ALL, "pass"), (all_of(ALL, with_text_added()), "fail"), (lambda content: content, "none"),
                 (signer("a.example", ED, selector="ed"), "pass")] * 4
        clients = [self.open(source="127.0.0.5", tls=False) for _ in cases]
        with ThreadPoolExecutor(len(cases)) as pool:
            for _ in range(4):
                sent = list(pool.map(lambda each: submit(each[0], "alice@a.example", author="alice@a.example",
                                                         body=b"line\r\n" * 20_000, finish=each[1][0]),
                                     zip(clients, cases)))
                self.assertEqual([self.results(each)["dkim"].result for each in sent], [result for _, result in cases])

    def test_each_message_of_a_connection_has_its_own_results(self):
        with self.open(source="127.0.0.5", tls=False) as client:
            for finish, result in ((ALL, "pass"), (lambda content: content, "none"),
                                   (all_of(ALL, with_text_added()), "fail"), (ALL, "pass")):
                client.mail("alice@a.example")
                client.rcpt(RECIPIENT)
                token = new_token()
                client.data(finish(message(token, author="alice@a.example")))
                self.assertEqual(self.results_in(self.site.arrival(token))["dkim"].result, result)

    def test_the_log_has_the_result(self):
        for finish, result in ((ALL, "pass"), (lambda content: content, "none")):
            self.assertIn(result, self.log_line(self.send("alice@a.example", finish=finish))["dkim"])


def partner(name: str, requirement: str) -> str:
    return requiring(name, f"{name}.example", f'dkim = "{requirement}"')


PARTNERS = "".join(rsa_key().zone(domain) for domain in ("any.example", "aligned.example", "sub.aligned.example",
                                                          "elsewhere.example"))


class Required(AuthenticationScenario):
    connectors = partner("any", "pass") + partner("aligned", "aligned")
    options = checked_by(PARTNERS, failing=("failing.example",), faults={"unanswered.example": silence})

    def test_a_signature_that_passes_is_enough_for_pass(self):
        self.assert_delivered(self.send("a@any.example", finish=signer("any.example")), "any")
        self.assert_delivered(self.send("a@any.example", finish=signer("elsewhere.example")), "any")

    def test_without_a_signature_that_passes_it_is_refused(self):
        for name in ("any", "aligned"):
            for case, finish in {"none": lambda content: content,
                                 "broken": all_of(signer(f"{name}.example"), with_text_added()),
                                 "no key": signer(f"{name}.example", selector="missing")}.items():
                with self.subTest(name, case=case):
                    self.assert_refused_at_end(self.send(f"a@{name}.example", finish=finish), "550 5.7.20", name,
                                               "DKIM")

    def test_a_key_that_dns_cannot_tell_now_is_deferred(self):
        for name in ("any", "aligned"):
            for domain in ("failing.example", "unanswered.example"):
                with self.subTest(name, domain=domain):
                    sent = self.send(f"a@{name}.example", author=f"a@{domain}", finish=signer(domain))
                    self.assert_refused_at_end(sent, "451 4.7.20", name)

    def test_a_signature_that_passes_counts_although_another_has_no_answer_from_dns(self):
        finish = all_of(signer("any.example"), signer("failing.example"))
        self.assert_delivered(self.send("a@any.example", finish=finish), "any")

    def test_a_signature_of_the_domain_in_from_is_aligned(self):
        self.assert_delivered(self.send("a@aligned.example", finish=signer("aligned.example")), "aligned")

    def test_a_signature_of_another_domain_is_not_aligned(self):
        self.assert_refused_at_end(self.send("a@aligned.example", finish=signer("elsewhere.example")), "550 5.7.22",
                                   "aligned")

    def test_a_signature_of_the_sender_that_is_not_in_from_is_not_aligned(self):
        sent = self.send("a@aligned.example", author="a@elsewhere.example", finish=signer("aligned.example"))
        self.assert_refused_at_end(sent, "550 5.7.22", "aligned")

    def test_a_signature_that_leaves_text_unsigned_is_refused(self):
        finish = all_of(signer("aligned.example", length=True), with_text_added())
        self.assert_refused_at_end(self.send("a@aligned.example", finish=finish), "550 5.7.21", "aligned")

    def test_a_length_that_covers_the_whole_body_is_a_signature_like_others(self):
        self.assert_delivered(self.send("a@aligned.example", finish=signer("aligned.example", length=True)), "aligned")


class BodyLengthTrusted(AuthenticationScenario):
    connectors = partner("aligned", "aligned")
    options = checked_by(PARTNERS, "trust_body_length = true\n")

    def test_text_that_is_not_signed_does_not_matter(self):
        finish = all_of(signer("aligned.example", length=True), with_text_added())
        self.assert_delivered(self.send("a@aligned.example", finish=finish), "aligned")
