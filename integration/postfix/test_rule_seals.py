"""ARC sets for what rules change of mail from outside: made by connectord, verified by dkimpy and by Perl's Mail::DKIM."""

from dataclasses import replace

import dkim

from authentication import AuthenticationScenario, checked_by
from harness import logline
from harness.arc_verifier import verify_chain
from harness.dkim_signer import SELECTOR, all_of, rsa_key, sealer, signer, with_text_added
from harness.dns_server import txt
from harness.site import Site
from test_rules import EVERYBODY, for_case, rule
from test_signing import Keys

ZONE = "".join([txt("_dmarc.author.example", "v=DMARC1; p=none"), rsa_key().zone("author.example"),
                rsa_key().zone("list.example")])


class Seals(AuthenticationScenario):
    connectors = "".join((
        rule("external", 10, 'do = "prepend_subject"\ntext = "[EXTERNAL] "', when=for_case("subject")),
        rule("footer", 20, 'do = "disclaimer"\ntext = "The footer"', when=for_case("footer")),
        rule("copy", 30, 'do = "bcc"\nto = ["copy@archive.example"]', when=for_case("copy")),
    ))

    @classmethod
    def setUpClass(cls):
        keys = Keys.of(cls.enterClassContext)
        keys.make("example.net", "arc1")
        cls.records = {**keys.records, f"{SELECTOR}._domainkey.list.example": rsa_key().record()}
        options = checked_by(ZONE + "".join(keys.zone_lines), "arc = true\n")
        options = replace(options, parameters={**options.parameters, **EVERYBODY})
        sealing = (f'[sealing]\ndomain = "example.net"\nselector = "arc1"\n'
                   f'key_file = "{keys.file("example.net", "arc1")}"\n')
        cls.site = cls.enterClassContext(Site(cls.connectors + sealing, options))

    def case(self, name: str, finish=signer("author.example"), **options):
        return self.send("alice@author.example", headers=(f"X-Case: {name}",), finish=finish, **options)

    def chain(self, content: bytes) -> tuple[bytes, list]:
        """What dkimpy says of the chain: cv, and the sets from the last to the first."""
        def look_up(name: bytes, timeout: int = 0):
            return self.records.get(name.decode().rstrip("."), "").encode()
        result, sets, reason = dkim.arc_verify(content, dnsfunc=look_up)
        self.reason = reason
        # Two that nobody of ours has written are of one opinion.
        other, detail = verify_chain(content, self.site.nameserver.endpoint)
        self.assertEqual(other, result.decode(), f"Mail::DKIM says {detail}, and dkimpy {reason}")
        return result, sets

    def test_a_changed_header_or_body_is_sealed_with_what_was_seen_before(self):
        for case in ("subject", "footer"):
            with self.subTest(case):
                sent = self.case(case, body=b"Hello.\r\n" * 20_000)
                arrived = self.arrived(sent)
                result, sets = self.chain(arrived.content)
                self.assertEqual((result, len(sets)), (b"pass", 1), self.reason)
                (results,) = arrived.all("ARC-Authentication-Results")
                self.assertRegex(results, r"(?s)^i=1; mx\.example\.net;.*dkim=pass.*dmarc=pass")
                self.assertIn("cv=none", arrived.all("ARC-Seal")[0])
                self.assertEqual(logline.parse(self.site.log_of(sent.queue_id)).all("sealing"),
                                 ["sealed for example.net with selector arc1 as set 1"])

    def test_what_no_rule_changes_is_not_sealed(self):
        for case in ("copy", "x"):
            self.assertEqual(self.arrived(self.case(case)).all("ARC-Seal"), [])

    def test_a_chain_goes_on(self):
        finish = all_of(signer("author.example"), with_text_added(b"-- \r\nThe list\r\n"),
                        sealer("list.example", "dmarc=pass header.from=author.example"))
        arrived = self.arrived(self.case("footer", finish=finish))
        seals = arrived.all("ARC-Seal")
        self.assertEqual(len(seals), 2)
        self.assertRegex(seals[0], r"(?s)^i=2;.*cv=pass")
        self.assertEqual(self.chain(arrived.content)[0], b"pass", self.reason)

    def test_a_broken_chain_is_said_to_be_broken(self):
        finish = all_of(sealer("list.example", "dmarc=pass"), with_text_added())
        seals = self.arrived(self.case("footer", finish=finish)).all("ARC-Seal")
        self.assertRegex(seals[0], r"(?s)^i=2;.*cv=fail")

    def test_a_line_that_postfix_breaks_is_named(self):
        sent = self.case("subject", body=b"x" * 1200)
        arrived = self.arrived(sent)
        self.assertIn(b"\r\n " + b"x" * 202, arrived.content)  # by smtp(8), behind the seal
        self.assertNotEqual(self.chain(arrived.content)[0], b"pass")
        self.assertIn("smtp_line_length_limit", self.site.log_of(sent.queue_id))
        sent = self.case("subject", body=b"x" * 998)
        self.assertEqual(self.chain(self.arrived(sent).content)[0], b"pass", self.reason)
        self.assertNotIn("smtp_line_length_limit", self.site.log_of(sent.queue_id))
