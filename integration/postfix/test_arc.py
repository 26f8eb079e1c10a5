"""ARC (RFC 8617): information, and with a trusted sealer a reason not to follow a DMARC policy."""

from authentication import OTHER_ADDRESS, AuthenticationScenario, checked_by
from harness.dkim_signer import all_of, replaced, rsa_key, sealer, signer, with_text_added
from harness.dns_server import silence, txt

ZONE = "".join([
    txt("_dmarc.author.example", "v=DMARC1; p=reject"), rsa_key().zone("author.example"),
    txt("_dmarc.careful.example", "v=DMARC1; p=quarantine"),
    *(rsa_key().zone(domain) for domain in ("sealer.example", "lists.sealer.example", "stranger.example")),
])

SEEN_PASS = "spf=pass smtp.mailfrom=author.example; dmarc=pass header.from=author.example"
SEEN_FAIL = "spf=fail smtp.mailfrom=author.example; dmarc=fail header.from=author.example"


def by_list(*seals, change=with_text_added(b"-- \r\nThe list\r\n")):
    """The author signs; a mailing list changes the text, so that the signature fails, and seals what it saw before."""
    return all_of(signer("author.example"), change, *seals)


class Chains(AuthenticationScenario):
    options = checked_by(ZONE, 'arc = true\narc_trusted_sealers = ["sealer.example"]\n', failing=("failing.example",),
                         faults={"unanswered.example": silence})

    def forwarded(self, finish, author: str = "alice@author.example", **options):
        return self.send("bounces@list.example", author=author, source=OTHER_ADDRESS, finish=finish, **options)

    def arc(self, sent) -> str:
        return self.results(sent)["arc"].result

    def test_mail_without_a_chain_has_none(self):
        self.assertEqual(self.arc(self.forwarded(lambda content: content, "a@nowhere.example")), "none")

    def test_a_trusted_sealer_that_saw_dmarc_pass_is_believed_and_named(self):
        sent = self.forwarded(by_list(sealer("sealer.example", SEEN_PASS)))
        results = self.results(sent)
        self.assertEqual((results["arc"].result, results["dmarc"].result), ("pass", "fail"))
        self.assertIn("sealer.example", str(results["arc"]) + str(results["dmarc"]))
        self.assertIn("arc", self.log_line(sent)["dmarc_override"].lower())

    def test_a_quarantine_is_overridden_as_well(self):
        seen = SEEN_PASS.replace("author", "careful")
        sent = self.forwarded(sealer("sealer.example", seen), "alice@careful.example")
        self.assertEqual(self.arc(sent), "pass")

    def test_a_sealer_that_nobody_trusts_changes_nothing(self):
        for domain in ("stranger.example", "lists.sealer.example"):
            with self.subTest(domain):
                self.assert_refused_at_end(self.forwarded(by_list(sealer(domain, SEEN_PASS))), "550 5.7.1",
                                           "author.example")

    def test_a_trusted_sealer_that_saw_a_failure_changes_nothing(self):
        for seen in (SEEN_FAIL, "spf=pass smtp.mailfrom=author.example", "dmarc=none header.from=author.example",
                     'dmarc=fail reason="; dmarc=pass" header.from=author.example', "x-dmarc=pass; dmarc=fail",
                     "spf=pass (dmarc=pass) smtp.mailfrom=author.example; dmarc=fail header.from=author.example",
                     'spf=fail reason="x; dmarc=pass header.from=author.example"',
                     "dmarc=passed header.from=author.example", "dmarc=pass", "dmarc=pass header.d=author.example",
                     "dmarc=pass header.from = other.example", 'dmarc=pass header.from="other.example"',
                     "dmarc=pass header.from=@other.example", "dmarc/2=pass header.from=author.example",
                     "dmarc=pass header(x).from(author.example)=(author.example)other.example",
                     "dmarc=pass header.from=author.example header.from=author.example",
                     "dmarc=pass header.from=author.example header.from=other.example",
                     "dmarc=fail header.from=author.example; dmarc=pass header.from=author.example"):
            with self.subTest(seen):
                self.assert_refused_at_end(self.forwarded(by_list(sealer("sealer.example", seen))), "550 5.7.1")

    def test_a_pass_is_read_as_the_grammar_has_it(self):
        for seen in ("dmarc = pass (p=reject) header . from = author.example", "dmarc/1=pass header.from=Author.Example",
                     'dmarc=pass reason="x; y" header.from="author.example"', "dmarc=pass header.from=@author.example",
                     "spf=pass smtp.mailfrom=author.example; dmarc=pass action=none header.from=author.example; arc=none"):
            with self.subTest(seen):
                self.assertEqual(self.arc(self.forwarded(by_list(sealer("sealer.example", seen)))), "pass")

    def test_no_seal_vouches_for_a_message_whose_from_names_two(self):
        for seen in (SEEN_PASS, "dmarc=pass"):
            for case, options in {
                "two fields": {"headers": ("From: mallory@other.example",)},
                "two authors": {"author": "alice@author.example, mallory@other.example"},
            }.items():
                with self.subTest(case, seen=seen):
                    sent = self.forwarded(by_list(sealer("sealer.example", seen)), **options)
                    self.assert_refused_at_end(sent, "550 5.7.1")

    def test_a_broken_chain_changes_nothing(self):
        for case, finish in {
            "text added after the seal": all_of(by_list(sealer("sealer.example", SEEN_PASS)), with_text_added()),
            "no key": by_list(sealer("sealer.example", SEEN_PASS, selector="missing")),
            "a seal by another key": by_list(sealer("sealer.example", SEEN_PASS, rsa_key(name="another"))),
            "results changed": all_of(by_list(sealer("sealer.example", SEEN_FAIL)),
                                      lambda content: content.replace(b"dmarc=fail", b"dmarc=pass")),
            "only the results": by_list(
                lambda content: b"ARC-Authentication-Results: i=1; mx.sealer.example; dmarc=pass\r\n" + content),
        }.items():
            with self.subTest(case):
                self.assert_refused_at_end(self.forwarded(finish), "550 5.7.1", "author.example")

    def test_chains_are_reported_for_mail_that_dmarc_lets_pass(self):
        for case, finish, result in (
                ("one", sealer("stranger.example", SEEN_PASS), "pass"),
                ("two", all_of(sealer("stranger.example", SEEN_PASS), sealer("sealer.example", "arc=pass")), "pass"),
                ("five", all_of(sealer("stranger.example", SEEN_PASS), *[sealer("sealer.example", "arc=pass")] * 4),
                 "pass"),
                ("changed", all_of(sealer("stranger.example", SEEN_PASS), with_text_added()), "fail"),
                ("changed between", all_of(sealer("stranger.example", SEEN_PASS), with_text_added(),
                                           sealer("sealer.example", "arc=pass")), "pass")):
            with self.subTest(case):
                self.assertEqual(self.arc(self.forwarded(finish, "a@nowhere.example")), result)

    def test_what_a_stranger_saw_behind_a_trusted_sealer_does_not_count(self):
        finish = by_list(sealer("sealer.example", SEEN_FAIL), sealer("stranger.example", f"arc=pass; {SEEN_PASS}"))
        self.assert_refused_at_end(self.forwarded(finish), "550 5.7.1")

    def test_a_trusted_sealer_does_not_vouch_for_what_a_stranger_sealed_after_it(self):
        # The seal of the first set says nothing about the text that the second one signed.
        for change in (with_text_added(), replaced(b"Hello.", b"Buy now!"), lambda content: content):
            finish = by_list(sealer("sealer.example", SEEN_PASS), change, sealer("stranger.example", "arc=pass"))
            self.assert_refused_at_end(self.forwarded(finish), "550 5.7.1", "author.example")

    def test_a_stranger_before_a_trusted_sealer_does_not_count(self):
        finish = by_list(sealer("stranger.example", SEEN_PASS), sealer("sealer.example", f"arc=pass; {SEEN_FAIL}"))
        self.assert_refused_at_end(self.forwarded(finish), "550 5.7.1")

    def test_a_sealer_that_nobody_trusts_cannot_put_words_into_a_trusted_ones_mouth(self):
        finish = by_list(sealer("stranger.example", SEEN_PASS, authserv_id="mx.sealer.example"))
        self.assert_refused_at_end(self.forwarded(finish), "550 5.7.1")

    def test_results_for_another_author_do_not_count(self):
        seen = "dmarc=pass header.from=other.example"
        self.assert_refused_at_end(self.forwarded(by_list(sealer("sealer.example", seen))), "550 5.7.1")

    def test_a_key_that_dns_cannot_tell_now_does_not_let_it_pass(self):
        for domain in ("failing.example", "unanswered.example"):
            with self.subTest(domain):
                sent = self.forwarded(by_list(sealer(domain, SEEN_PASS)))
                self.assertIn(sent.reply.code, (451, 550), str(sent.reply))
                self.assertEqual(self.site.arrivals(sent.token), [])

    def test_chains_without_end_are_bounded(self):
        one = ("ARC-Seal: i={n}; a=rsa-sha256; cv=pass; d=sealer.example; s=sel; b=eA==\r\n"
               "ARC-Message-Signature: i={n}; a=rsa-sha256; d=sealer.example; s=sel; h=from; bh=eA==; b=eA==\r\n"
               "ARC-Authentication-Results: i={n}; x.example; dmarc=pass\r\n")
        for number in (50, 51, 1000):
            with self.subTest(number):
                fields = "".join(one.format(n=n) for n in range(1, number + 1)).encode()
                sent = self.forwarded(lambda content: fields + content, "a@nowhere.example")
                self.assertEqual(self.arc(sent), "fail")


class Untrusted(AuthenticationScenario):
    """Without a list of sealers, ARC is information only."""

    options = checked_by(ZONE, "arc = true\n")

    def test_a_chain_that_passes_never_turns_a_refusal(self):
        sent = self.send("bounces@list.example", author="alice@author.example",
                         finish=by_list(sealer("sealer.example", SEEN_PASS)))
        self.assert_refused_at_end(sent, "550 5.7.1", "author.example")


class Off(AuthenticationScenario):
    options = checked_by(ZONE, 'dmarc = "report"\n')

    def test_chains_are_neither_looked_at_nor_reported(self):
        sent = self.send("a@list.example", author="a@author.example",
                         finish=by_list(sealer("sealer.example", SEEN_PASS)))
        self.assertEqual(self.results(sent).all("arc"), [])
