"""DMARC (RFC 9989): the domain that people see in From, and what it asks for mail that is not its own."""

import json
import time

from authentication import (OTHER_ADDRESS, SENDER_ADDRESS, AuthenticationScenario, checked_by, connector, requiring)
from harness.dkim_signer import all_of, rsa_key, signer, with_text_added
from harness.dns_server import silence, txt
from harness.waiting import wait_until
from scenario import Sent, submit

AUDITED_ADDRESS, TRUSTED_ADDRESS = "127.0.0.6", "127.0.0.7"

# What _dmarc.DOMAIN says. Each of these domains has an SPF record and a DKIM key too.
POLICIES = {
    "reject.example": ["v=DMARC1; p=reject; rua=mailto:reports@reject.example"],
    "quarantine.example": ["v=DMARC1; p=quarantine"],
    "none.example": ["v=DMARC1; p=none"],
    "sp.example": ["v=DMARC1; p=reject; sp=none"],
    "np.example": ["v=DMARC1; p=none; sp=none; np=reject"],
    "strict.example": ["v=DMARC1; p=reject; adkim=s; aspf=s"],
    "testing.example": ["v=DMARC1; p=reject; t=y"],
    "testing-quarantine.example": ["v=DMARC1; p=quarantine; t=y"],
    "psd.example": ["v=DMARC1; p=reject; psd=y"],
    "old-tags.example": ["v=DMARC1; p=reject; pct=0; rf=afrf; ri=86400; fo=1; x=y"],
    "two-records.example": ["v=DMARC1; p=reject", "v=DMARC1; p=quarantine"],
    "wrong-order.example": ["p=reject; v=DMARC1"],
    "wrong-version.example": ["v=DMARC2; p=reject"],
    "wrong-policy.example": ["v=DMARC1; p=refuse"],
    "wrong-policy-with-reports.example": ["v=DMARC1; p=refuse; rua=mailto:reports@none.example"],
    "wrong-alignment.example": ["v=DMARC1; p=reject; adkim=x; aspf=y"],
    "spaces.example": ["v = DMARC1 ;p =reject ; "],
    "other-texts.example": ["google-site-verification=x", "v=DMARC1; p=reject"],
    "xn--bcher-kva.example": ["v=DMARC1; p=reject"],
    "no-policy.example": [],
}

ZONE = "".join(
    txt(f"_dmarc.{domain}", *policies) + txt(domain, f"v=spf1 ip4:{SENDER_ADDRESS} -all") + rsa_key().zone(domain)
    for domain, policies in POLICIES.items()
) + "".join(txt(f"{name}", f"v=spf1 ip4:{SENDER_ADDRESS} -all") + rsa_key().zone(name) for name in (
    "mail.reject.example", "mail.strict.example", "a.psd.example", "b.psd.example", "sub.a.psd.example",
    "evil.example")) + f"""
{rsa_key().zone("example")}{rsa_key().zone("tenant.reject.example")}
{txt("_dmarc.tenant.reject.example", "v=DMARC1; p=none; psd=n")}
sub.sp.example A 127.0.0.1
sub.np.example A 127.0.0.1
alias.example CNAME reject.example
_dmarc.alias.example CNAME _dmarc.reject.example
{txt("spf-failing.example", "v=spf1 include:failing.example -all")}
{txt("_dmarc.spf-failing.example", "v=DMARC1; p=reject")}
"""

FAILING = ("failing.example",)
OVERRIDES = (connector("audited", f'client_networks = ["{AUDITED_ADDRESS}"]', 'mode = "audit"') +
             connector("trusted", f'client_networks = ["{TRUSTED_ADDRESS}"]', "trusted_path = true"))

READABLE = {
    "no From": None,
    "empty": "",
    "no address": "Alice",
    "no domain": "alice",
    "a group": "friends: a@reject.example, b@reject.example;",
    "an empty group": "undisclosed-recipients:;",
    "two domains": "a@reject.example, b@evil.example",
    "two addresses in brackets": "Alice <a@reject.example> <a@evil.example>",
    "an encoded word as address": "=?utf-8?Q?a=40reject.example?=",
    "an encoded word in the address": "<a@=?utf-8?Q?reject.example?=>",
    "a route": "<@evil.example:a@reject.example>",
    "two at signs": "a@reject.example@evil.example",
    "a comment in the domain": "a@reject(x).example",
    "spaces in the domain": "a@reject .example",
    "another address as display name": "a@reject.example <a@evil.example>",
    "an address literal": "a@[127.0.0.5]",
    "an unclosed bracket": "<a@reject.example",
    "an unclosed quote": '"Alice <a@reject.example>',
    "an unclosed comment": "(Alice a@reject.example",
    "an empty domain": "a@",
    "double dots": "a@reject..example",
    "a label too long": f"a@{'x' * 64}.example",
    "a name without end": f"a@{'x.' * 2000}example",
    "brackets without end": "<" * 5000 + "a@reject.example" + ">" * 5000,
    "comments in comments": "(" * 5000 + ")" * 5000 + "a@reject.example",
    "mailboxes without end": ", ".join(["a@reject.example"] * 2000),
}

READABLE = {
    "an address": "a@reject.example",
    "in brackets": "<a@reject.example>",
    "with a name": "Alice <a@reject.example>",
    "with a quoted name": '"A. Lice, Dr." <a@reject.example>',
    "with an encoded name": "=?utf-8?B?w4RsaWNl?= <a@reject.example>",
    "with a comment": "a@reject.example (Alice)",
    "with a quoted local part": '"a b"@reject.example',
    "a quoted address as local part": '"a@evil.example"@reject.example',
    "in capitals": "A@REJECT.EXAMPLE",
    "a subdomain": "a@mail.reject.example",
    "folded": '"Alice\r\n A." \r\n\t<a@reject.example>',
    "two mailboxes of one domain": "Alice <a@reject.example>, b@Reject.example",
}


class Policies(AuthenticationScenario):
    connectors = OVERRIDES
    options = checked_by(ZONE, failing=FAILING, faults={"unanswered.example": silence})

    def forge(self, domain: str, **options) -> Sent:
        """A message that claims to come from `domain` and that nothing authenticates."""
        return self.send("eve@evil.example", **{"author": f"ceo@{domain}", "source": OTHER_ADDRESS, **options})

    def dmarc(self, sent: Sent) -> str:
        return self.results(sent)["dmarc"].result

    def test_a_forged_sender_is_refused_and_told_the_domain_and_its_policy(self):
        self.assert_refused_at_end(self.forge("reject.example"), "550 5.7.1", "reject.example", "DMARC", "reject")

    def test_a_domain_that_asks_for_nothing_gets_its_mail_through_with_an_honest_result(self):
        result = self.results(self.forge("none.example"))["dmarc"]
        self.assertEqual((result.result, result["header.from"], result["policy.dmarc"]),
                         ("fail", "none.example", "none"))

    def test_mail_without_any_policy_is_none(self):
        for domain in ("no-policy.example", "two-records.example", "wrong-order.example", "wrong-version.example",
                       "wrong-policy.example", "does-not-exist.example"):
            with self.subTest(domain):
                self.assertEqual(self.dmarc(self.forge(domain)), "none")

    def test_a_wrong_policy_with_an_address_for_reports_counts_as_none(self):
        self.assertEqual(self.dmarc(self.forge("wrong-policy-with-reports.example")), "fail")

    def test_records_of_other_forms_count(self):
        for domain in ("old-tags.example", "spaces.example", "other-texts.example", "alias.example",
                       "wrong-alignment.example", "a.b.c.d.e.f.g.h.i.j.k.reject.example"):
            with self.subTest(domain):
                self.assert_refused_at_end(self.forge(domain), "550 5.7.1", "reject")

    def test_spf_of_the_same_organisation_passes(self):
        for mail_from, author in (("a@reject.example", "a@reject.example"),
                                  ("a@mail.reject.example", "a@reject.example"),
                                  ("a@reject.example", "a@mail.reject.example")):
            with self.subTest(mail_from, author=author):
                self.assertEqual(self.dmarc(self.send(mail_from, author=author)), "pass")

    def test_a_signature_of_the_same_organisation_passes(self):
        for domain, author in (("reject.example", "a@reject.example"), ("mail.reject.example", "a@reject.example"),
                               ("reject.example", "a@mail.reject.example")):
            with self.subTest(domain, author=author):
                sent = self.send("eve@evil.example", author=author, source=OTHER_ADDRESS, finish=signer(domain))
                self.assertEqual(self.dmarc(sent), "pass")

    def test_strict_alignment_wants_the_domain_itself(self):
        self.assertEqual(self.dmarc(self.send("a@strict.example")), "pass")
        self.assertEqual(self.dmarc(self.forge("strict.example", finish=signer("strict.example"))), "pass")
        self.assert_refused_at_end(self.send("a@mail.strict.example", author="a@strict.example"), "550 5.7.1")
        self.assert_refused_at_end(self.forge("strict.example", finish=signer("mail.strict.example")), "550 5.7.1")

    def test_what_passes_for_another_domain_does_not_help(self):
        self.assert_refused_at_end(self.send("eve@evil.example", author="a@reject.example",
                                             finish=signer("evil.example")), "550 5.7.1")

    def test_a_signature_that_leaves_text_unsigned_does_not_help(self):
        finish = all_of(signer("reject.example", length=True), with_text_added())
        self.assert_refused_at_end(self.forge("reject.example", finish=finish), "550 5.7.1")

    def test_a_sender_dressed_up_as_the_domain_does_not_help(self):
        for mail_from in ('"a@reject.example"@evil.example', "a%reject.example@evil.example",
                          "reject.example@evil.example", "a@reject.example.evil.example"):
            with self.subTest(mail_from):
                sent = self.send(mail_from, author="a@reject.example")
                self.assertIn(sent.reply.code, (501, 550, 553), str(sent.reply))

    def test_subdomains_have_the_policy_that_is_made_for_them(self):
        self.assertEqual(self.dmarc(self.forge("sub.sp.example")), "fail")
        self.assert_refused_at_end(self.forge("sp.example"), "550 5.7.1", "sp.example")
        self.assertEqual(self.dmarc(self.forge("sub.np.example")), "fail")
        self.assert_refused_at_end(self.forge("does-not-exist.np.example"), "550 5.7.1", "np.example")

    def test_domains_below_a_public_suffix_are_not_of_one_organisation(self):
        self.assertEqual(self.dmarc(self.send("a@sub.a.psd.example", author="a@a.psd.example")), "pass")
        self.assert_refused_at_end(self.send("a@b.psd.example", author="a@a.psd.example"), "550 5.7.1")

    def test_a_signature_of_a_domain_above_the_organisation_does_not_help(self):
        self.assert_refused_at_end(self.forge("reject.example", finish=signer("example")), "550 5.7.1")

    def test_a_domain_below_that_is_an_organisation_of_its_own_does_not_help(self):
        self.assert_refused_at_end(self.forge("reject.example", finish=signer("tenant.reject.example")), "550 5.7.1")
        sent = self.forge("tenant.reject.example", finish=signer("tenant.reject.example"))
        self.assertEqual(self.dmarc(sent), "pass")

    def test_a_test_of_a_policy_is_followed_one_step_milder(self):
        self.assert_held(self.forge("testing.example"))
        self.assertEqual(self.dmarc(self.forge("testing-quarantine.example")), "fail")

    def test_quarantine_is_the_hold_queue(self):
        sent = self.forge("quarantine.example")
        self.assert_held(sent)
        self.site.postfix.run("postsuper", "-H", sent.queue_id)
        self.site.postfix.run("postqueue", "-f")
        self.assertEqual(self.dmarc(sent), "fail")
        self.assertEqual(self.site.arrival(sent.token).all("X-Connector-Quarantine"), [])

    def test_an_internationalised_domain_is_the_same_in_both_of_its_forms(self):
        for author in ("a@xn--bcher-kva.example", "a@bücher.example", "a@BÜCHER.example"):
            with self.subTest(author):
                self.assertEqual(self.dmarc(self.send("a@xn--bcher-kva.example", author=author)), "pass")
                self.assert_refused_at_end(self.send("eve@evil.example", author=author), "550 5.7.1",
                                           "xn--bcher-kva.example")

    def test_the_null_sender_is_aligned_by_its_helo_name(self):
        self.assertEqual(self.dmarc(self.send("", author="mailer-daemon@reject.example", helo="mail.reject.example")),
                         "pass")
        self.assert_refused_at_end(self.send("", author="mailer-daemon@reject.example", helo="mail.reject.example",
                                             source=OTHER_ADDRESS), "550 5.7.1")

    def test_what_dns_cannot_tell_now_is_deferred(self):
        for domain in ("failing.example", "unanswered.example", "a.b.failing.example"):
            with self.subTest(domain):
                start = time.monotonic()
                self.assert_refused_at_end(self.forge(domain), "451 4.7.1", domain)
                self.assertLess(time.monotonic() - start, 5)
        self.assert_refused_at_end(self.send("a@spf-failing.example"), "451 4.7.1", "spf-failing.example")

    def test_an_aligned_pass_does_not_wait_for_what_else_dns_cannot_tell(self):
        finish = all_of(signer("reject.example"), signer("failing.example"))
        self.assertEqual(self.dmarc(self.forge("reject.example", finish=finish)), "pass")

    def test_authors_that_can_be_read_in_one_way_are_read_so(self):
        for case, author in READABLE.items():
            with self.subTest(case):
                self.assertEqual(self.dmarc(self.send("a@reject.example", author=author)), "pass")
                self.assert_refused_at_end(self.send("eve@evil.example", author=author), "550 5.7.1",
                                           "reject.example")

    def test_a_connector_in_audit_mode_refuses_nothing_and_says_so(self):
        sent = self.forge("reject.example", source=AUDITED_ADDRESS)
        self.assertEqual(self.results_in(self.assert_delivered(sent, "audited"))["dmarc"].result, "fail")
        self.assertIn("audit", self.log_line(sent)["dmarc_override"])

    def test_a_trusted_path_is_not_asked_and_the_log_says_so(self):
        sent = self.forge("reject.example", source=TRUSTED_ADDRESS)
        self.assertEqual(self.results_in(self.assert_delivered(sent, "trusted"))["dmarc"].result, "fail")
        self.assertIn("trusted", self.log_line(sent)["dmarc_override"])

    def test_overrides_count_for_quarantine_and_for_authors_that_cannot_be_read(self):
        for source, name in ((AUDITED_ADDRESS, "audited"), (TRUSTED_ADDRESS, "trusted")):
            with self.subTest(name):
                self.assert_delivered(self.forge("quarantine.example", source=source), name)
                sent = self.send("a@evil.example", author="a@reject.example@evil.example", source=source)
                self.assert_delivered(sent, name)

    def test_the_log_has_result_domain_and_reason(self):
        sent = self.send("a@reject.example")
        self.assertIn("pass", self.log_line(sent)["dmarc"])
        self.forge("reject.example")
        line = self.site.connectord.wait_for_log("action=reject.*reject.example")
        self.assertIn("dmarc=", line)

    def assert_held(self, sent: Sent) -> None:
        self.assertEqual((sent.command, sent.reply.code), ("END", 250), str(sent.reply))
        wait_until(lambda: sent.queue_id in self.held(), f"{sent.queue_id} in the hold queue")

    def held(self) -> list[str]:
        entries = map(json.loads, self.site.postfix.run("postqueue", "-j").splitlines())
        return [entry["queue_id"] for entry in entries if entry["queue_name"] == "hold"]


class QuarantineHeader(AuthenticationScenario):
    options = checked_by(ZONE, 'quarantine = "header"\n')

    def test_mail_to_be_quarantined_is_delivered_with_a_header(self):
        arrived = self.arrived(self.send("eve@evil.example", author="a@quarantine.example"))
        (value,) = arrived.all("X-Connector-Quarantine")
        self.assertIn("quarantine.example", value)
        self.assertEqual(self.results_in(arrived)["dmarc"].result, "fail")

    def test_nobody_else_can_write_that_header(self):
        for author, number in (("a@quarantine.example", 1), ("a@none.example", 0)):
            headers = ("X-Connector-Quarantine: forged", "x-connector-QUARANTINE:\r\n forged") * 3
            values = self.arrived(self.send("eve@evil.example", author=author, headers=headers)) \
                .all("X-Connector-Quarantine")
            self.assertEqual(len(values), number)
            self.assertNotIn("forged", "".join(values))

    def test_a_policy_of_reject_is_refused_all_the_same(self):
        self.assert_refused_at_end(self.send("eve@evil.example", author="a@reject.example"), "550 5.7.1")


class Report(AuthenticationScenario):
    options = checked_by(ZONE, 'dmarc = "report"\n', failing=FAILING)

    def test_everything_passes_with_an_honest_result(self):
        for author, result in (("a@reject.example", "fail"), ("a@quarantine.example", "fail"),
                               ("a@evil.example", "none"), ("a@failing.example", "temperror"),
                               ("a@reject.example@evil.example", "permerror")):
            with self.subTest(author):
                sent = self.send("eve@evil.example", author=author, source=OTHER_ADDRESS)
                self.assertEqual(self.results(sent)["dmarc"].result, result)


class Off(AuthenticationScenario):
    options = checked_by(ZONE, 'dmarc = "off"\n')

    def test_nothing_is_asked_and_nothing_reported(self):
        results = self.results(self.send("eve@evil.example", author="a@reject.example", finish=signer("evil.example")))
        self.assertEqual((results.all("dmarc"), results["spf"].result, results["dkim"].result), ([], "pass", "pass"))


class Alone(AuthenticationScenario):
    """DMARC without SPF and DKIM in the results: it asks for what it needs."""

    options = checked_by(ZONE, "spf = false\ndkim = false\n")

    def test_signatures_count_although_they_are_not_reported(self):
        sent = self.send("eve@evil.example", author="a@reject.example", finish=signer("reject.example"))
        self.assertEqual(self.results(sent)["dmarc"].result, "pass")
        self.assert_refused_at_end(self.send("eve@evil.example", author="a@reject.example"), "550 5.7.1")


class Required(AuthenticationScenario):
    connectors = (requiring("asked", "none.example", 'dmarc = "pass"') +
                  requiring("no-policy", "no-policy.example", 'dmarc = "pass"') +
                  requiring("failing", "failing.example", 'dmarc = "pass"') +
                  requiring("all", "reject.example", 'spf = "pass"', 'dkim = "aligned"', 'dmarc = "pass"') +
                  requiring("spf-and-dkim", "strict.example", 'spf = "pass"', 'dkim = "pass"') +
                  requiring("over-tls", "evil.example", "tls = true", 'spf = "pass"') +
                  requiring("audited", "quarantine.example", 'dmarc = "pass"')
                  .replace('name = "audited"', 'name = "audited"\nmode = "audit"') +
                  connector("trusted", f'client_networks = ["{TRUSTED_ADDRESS}"]', "trusted_path = true"))
    options = checked_by(ZONE, 'dmarc = "report"\n', failing=FAILING)

    def test_pass_is_let_in(self):
        self.assert_delivered(self.send("a@none.example"), "asked")
        self.assert_delivered(self.send("a@reject.example", finish=signer("reject.example")), "all")

    def test_failure_and_the_want_of_a_policy_are_refused(self):
        self.assert_refused_at_end(self.send("a@none.example", source=OTHER_ADDRESS), "550 5.7.26", "asked", "DMARC")
        self.assert_refused_at_end(self.send("a@no-policy.example"), "550 5.7.26", "no-policy")

    def test_an_author_of_another_domain_is_refused(self):
        self.assert_refused_at_end(self.send("a@none.example", author="a@quarantine.example"), "550 5.7.26", "asked")

    def test_what_dns_cannot_tell_now_is_deferred(self):
        self.assert_refused_at_end(self.send("a@failing.example"), "451 4.7.26", "failing")

    def test_several_that_fail_are_refused_together(self):
        self.assert_refused_at_end(self.send("a@reject.example", source=OTHER_ADDRESS), "550 5.7.26", "all")
        self.assert_refused_at_end(self.send("a@strict.example", source=OTHER_ADDRESS), "550 5.7.26", "spf-and-dkim")

    def test_one_that_fails_of_several_has_its_own_code(self):
        self.assert_refused_at_end(self.send("a@strict.example"), "550 5.7.20", "spf-and-dkim")
        self.assert_refused_at_end(self.send("a@strict.example", source=OTHER_ADDRESS, finish=signer("strict.example")),
                                   "550 5.7.23", "spf-and-dkim")

    def test_what_can_be_refused_at_the_envelope_is_refused_there(self):
        self.assert_refused(self.send("a@evil.example", source=OTHER_ADDRESS), "550 5.7.10", "over-tls")
        self.assert_refused_at_end(self.send("a@evil.example", source=OTHER_ADDRESS, tls=True), "550 5.7.23",
                                   "over-tls")
        self.assert_delivered(self.send("a@evil.example", tls=True), "over-tls")

    def test_audit_mode_refuses_nothing_and_the_log_says_what_failed(self):
        sent = self.send("a@quarantine.example", source=OTHER_ADDRESS)
        self.assert_delivered(sent, "audited")
        self.assertIn("require.dmarc", self.site.log_of(sent.queue_id))

    def test_a_trusted_path_is_not_asked(self):
        self.assert_delivered(self.send("a@reject.example", source=TRUSTED_ADDRESS), "trusted")


class Reload(AuthenticationScenario):
    options = checked_by(ZONE)

    def test_another_mode_holds_from_the_next_message_on(self):
        forged = {"mail_from": "eve@evil.example", "author": "a@reject.example", "source": OTHER_ADDRESS}
        with self.open(source=OTHER_ADDRESS, tls=False) as client:
            for mode, code in (("enforce", 550), ("report", 250), ("enforce", 550)):
                text = self.site.configuration("").replace("[authentication]", f'[authentication]\ndmarc = "{mode}"')
                before = len(self.site.connectord.log_lines("configuration"))
                self.site.connectord.write_configuration(text)
                self.site.connectord.hang_up()
                wait_until(lambda: len(self.site.connectord.log_lines("configuration")) > before, "the new one")
                sent = submit(client, "eve@evil.example", author="a@reject.example")
                self.assertEqual(sent.reply.code, code, str(sent.reply))
                self.assertEqual(self.send(**forged).reply.code, code)
                client.rset()
