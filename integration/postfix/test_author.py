"""Whom From names: what is only ugly is taken, what names two authors is refused where one of them has a policy."""

import time

from authentication import AUTHSERV_ID, OTHER_ADDRESS, SENDER_ADDRESS, AuthenticationScenario, checked_by
from harness.dkim_signer import rsa_key, signer
from harness.dns_server import txt
from scenario import Sent, submit

ZONE = "".join(txt(domain, f"v=spf1 ip4:{SENDER_ADDRESS} -all") + rsa_key().zone(domain)
               for domain in ("reject.example", "plain.example", "evil.example")) + \
    txt("_dmarc.reject.example", "v=DMARC1; p=reject")

# All who find an author domain in these find DOMAIN.
UGLY = {
    "an empty place at the end": "Al <a@DOMAIN>,",
    "empty places": ",, Al <a@DOMAIN>,,b@DOMAIN,",
    "Latin-1 in the name": "J\udcf6rg <a@DOMAIN>",
    "Latin-1 in a quoted name": '"J\udcf6rg" <a@DOMAIN>',
    "two dots in the local part": "a..b@DOMAIN",
    "dots at the ends of the local part": "<.a.@DOMAIN>",
    "spaces around the local part's dot": "<a . b@DOMAIN>",
    "a comma in the name": "Lice, Al <a@DOMAIN>",
    "an at sign in the name": "Al @ Work <a@DOMAIN>",
    "a name without brackets": "Al a@DOMAIN",
    "a name behind": "<a@DOMAIN> Al",
    "a group": "friends: a@DOMAIN, b@DOMAIN;",
    "an encoded word as address": "=?utf-8?Q?a=40DOMAIN?=",
    "an encoded word in the address": "<a@=?utf-8?Q?DOMAIN?=>",
    "an unclosed bracket": "<a@DOMAIN",
    "an unopened bracket": "a@DOMAIN>",
    "an unclosed quote": '"Alice <a@DOMAIN>',
    "an unclosed comment": "(Alice a@DOMAIN",
    "a route without a host": "<@:a@DOMAIN>",
    "brackets without end": "<" * 5000 + "a@DOMAIN" + ">" * 5000,
    "comments in comments": "(" * 5000 + ")" * 5000 + "a@DOMAIN",
}

# Which of the two it names depends on who reads it.
TWO_AUTHORS = {
    "two domains": "a@FIRST, b@SECOND",
    "two addresses in brackets": "Alice <a@FIRST> <a@SECOND>",
    "a route": "<@FIRST:a@SECOND>",
    "two at signs": "a@FIRST@SECOND",
    "another address as display name": "a@FIRST <a@SECOND>",
    "another address in an unclosed quote": '"a@FIRST <a@SECOND>',
    "another address in a comment in the address": "<a@SECOND(@FIRST)>",
    "an encoded address in the list": "=?utf-8?B?YUByZWplY3QuZXhhbXBsZQ==?=,<a@evil.example>",
    "a group": "friends: a@FIRST, b@SECOND;",
}

# Some end the domain where others go on.
CUT = {
    "a comment in the domain": "a@reject(x).example",
    "a comment in a label": "a@rej(x)ect.example",
    "spaces in the domain": "a@reject .example",
    "double dots": "a@reject..example",
    "an apostrophe": "a@reject.example'.evil.example",
    "a label of a stranger's behind": "a@reject.example(x).evil.example",
}

NOBODY = {"no From": None, "empty": "", "an empty address": "<>", "an empty group": "undisclosed-recipients:;",
          "an address literal": "a@[127.0.0.5]"}


class Authors(AuthenticationScenario):
    options = checked_by(ZONE, failing=("failing.example",), trace="")

    def forge(self, author: str | None, **options) -> Sent:
        """By somebody who can authenticate as evil.example alone."""
        return self.send("eve@evil.example", author=author, **{"finish": signer("evil.example"), **options})

    def finding(self, sent: Sent, check: str) -> dict:
        (row,) = self.site.trace("--queue-id", sent.queue_id)
        (found,) = [finding for finding in row["findings"] if finding["check"] == check]
        return found

    def test_an_ugly_author_without_a_policy_is_taken(self):
        with self.open(source=SENDER_ADDRESS, tls=False) as client:
            for case, author in UGLY.items():
                with self.subTest(case):
                    sent = submit(client, "a@plain.example", author=author.replace("DOMAIN", "plain.example"))
                    result = self.results(sent)["dmarc"]
                    self.assertEqual((result.result, result["header.from"]), ("none", "plain.example"))
                    client.rset()

    def test_an_ugly_author_with_a_policy_is_judged_by_it(self):
        for case, author in UGLY.items():
            with self.subTest(case):
                author = author.replace("DOMAIN", "reject.example")
                self.assertEqual(self.results(self.send("a@reject.example", author=author))["dmarc"].result, "pass")
                self.assert_refused_at_end(self.forge(author), "550 5.7.1", "reject.example")

    def test_two_authors_are_refused_where_one_has_a_policy_whoever_sends(self):
        for case, author in TWO_AUTHORS.items():
            for first, second in (("reject.example", "evil.example"), ("evil.example", "reject.example")):
                author_now = author.replace("FIRST", first).replace("SECOND", second)
                with self.subTest(case, first=first):
                    self.assert_refused_at_end(self.forge(author_now), "550 5.7.1", "From", "reject.example")
                    sent = self.send("a@reject.example", author=author_now, finish=signer("reject.example"))
                    self.assert_refused_at_end(sent, "550 5.7.1", "From", "reject.example")
        for case, author in CUT.items():
            with self.subTest(case):
                self.assert_refused_at_end(self.forge(author), "550 5.7.1", "From")
        (row, *_) = self.site.trace("--sender", "a@reject.example", "--status", "failed")
        self.assertEqual((row["action"], row["authentication"]["dmarc"]["result"]), ("reject", "permerror"))

    def test_two_authors_without_any_policy_pass_and_a_finding_says_so(self):
        for case, author in TWO_AUTHORS.items():
            if "FIRST" not in author:
                continue
            with self.subTest(case):
                sent = self.forge(author.replace("FIRST", "plain.example").replace("SECOND", "evil.example"))
                result = self.results(sent)["dmarc"]
                self.assertEqual(result.result, "none")
                self.assertRaises(KeyError, result.__getitem__, "header.from")
                self.assertIn("plain.example", self.log_line(sent)["author"])
                found = self.finding(sent, "author")
                self.assertEqual(found["outcome"], "not applicable")
                self.assertIn("evil.example", found["seen"])

    def test_what_stands_behind_a_nul_reaches_nobody(self):
        """A milter is sent no more of a field than what stands before it, and Postfix passes on no more."""
        arrived = self.arrived(self.forge("a@evil.example\0<a@reject.example>"))
        self.assertEqual(arrived.all("From"), ["a@evil.example"])
        self.assertNotIn(b"<a@reject.example>", arrived.content)

    def test_two_authors_of_whom_dns_cannot_tell_now_are_deferred(self):
        for author in ("a@plain.example, b@failing.example", "a@failing.example <a@plain.example>"):
            with self.subTest(author):
                self.assert_refused_at_end(self.forge(author), "451 4.7.1", "failing.example")
        # What is known already is enough.
        self.assert_refused_at_end(self.forge("a@failing.example, b@reject.example"), "550 5.7.1", "reject.example")

    def test_several_from_headers_are_several_authors(self):
        for domains in (("reject.example", "reject.example"), ("reject.example", "evil.example"),
                        ("evil.example", "evil.example", "reject.example")):
            with self.subTest(domains):
                first, *others = (f"a@{domain}" for domain in domains)
                headers = tuple(f"From: {other}" for other in others)
                sent = self.send("a@reject.example", author=first, headers=headers, finish=signer("reject.example"))
                self.assert_refused_at_end(sent, "550 5.7.1", "From")
        sent = self.forge("a@evil.example", headers=("From: a@plain.example",))
        self.assertEqual(self.results(sent)["dmarc"].result, "none")
        sent = self.forge("a@evil.example", headers=("From: a@plain.example",) * 9)
        self.assert_refused_at_end(sent, "550 5.7.1", "too many From fields")

    def test_who_names_nobody_is_whom_mail_servers_put_there(self):
        with self.open(source=SENDER_ADDRESS, tls=False) as client:
            for case, author in NOBODY.items():
                with self.subTest(case):
                    for mail_from, result in (("a@reject.example", "pass"), ("a@plain.example", "none"), ("", "none")):
                        sent = submit(client, mail_from, author=author)
                        self.assertEqual(self.results(sent)["dmarc"].result, result, mail_from)
                        client.rset()
                    sent = self.send("a@reject.example", author=author, source=OTHER_ADDRESS)
                    self.assert_refused_at_end(sent, "550 5.7.1", "reject.example")

    def test_more_than_is_looked_at_is_refused(self):
        domains = ", ".join(f"a@plain{number}.example" for number in range(9))
        for author in (", ".join(["a@plain.example"] * 2000), domains, "@" * 500):
            with self.subTest(author[:30]):
                start = time.monotonic()
                self.assert_refused_at_end(self.forge(author), "550 5.7.1", "From")
                self.assertLess(time.monotonic() - start, 2)

    def test_what_stands_in_from_cannot_write_into_the_reply(self):
        sent = self.forge("x\t\x01\x1b[2K\x7f; 250 2.0.0 Ok <a@b@reject.example>")
        self.assert_refused_at_end(sent, "550 5.7.1")
        self.assertTrue(sent.reply.text.isascii() and sent.reply.text.isprintable(), repr(sent.reply.text))


class Completed(AuthenticationScenario):
    """Our own domain has a policy, so nobody else may be completed with it."""

    options = checked_by(ZONE + txt("_dmarc.example.net", "v=DMARC1; p=reject") +
                         txt("example.net", f"v=spf1 ip4:{SENDER_ADDRESS} -all"))

    def test_a_name_that_a_mail_server_would_complete_with_ours_is_judged_as_ours(self):
        for author in ("ceo", "Chief Executive", "<ceo>", "ceo@"):
            with self.subTest(author):
                sent = self.send("eve@evil.example", author=author, source=OTHER_ADDRESS)
                self.assert_refused_at_end(sent, "550 5.7.1", AUTHSERV_ID)
        sent = self.send("root@example.net", author="root (Cron Daemon)")
        self.assertEqual(self.results(sent)["dmarc"].result, "pass")
