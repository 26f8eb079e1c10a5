"""What `connectorctl validate` says of partners, good and bad, whichever mail server they run."""

import json
from dataclasses import dataclass

REQUIRE = 'level = "require"'


@dataclass(frozen=True)
class Validated:
    """What `connectorctl validate --json` said."""

    report: dict

    @property
    def outcome(self) -> str:
        return self.report["obstacle"] if self.report["result"] == "failed" else self.report["result"]

    @property
    def summary(self) -> str:
        return self.report["summary"]

    def step(self, check: str) -> dict:
        """The last step of this name."""
        return [step for step in self.report["steps"] if step["check"] == check][-1]

    def checks(self) -> list[str]:
        return [step["check"] for step in self.report["steps"]]

    def failed(self) -> list[str]:
        return [step["check"] for step in self.report["steps"] if step["outcome"] == "fail" and not step["warning"]]


def read_validated(test, status: int, stdout: str, stderr: str) -> Validated:
    test.assertTrue(stdout, stderr)
    validated = Validated(json.loads(stdout))
    test.assertEqual(status, 0 if validated.outcome in ("passed", "not_tried") else 1, validated.report)
    return validated


class PartnersOfEveryKind:
    """Tests for a scenario whose partner has entrances of these names, and a method `outcome(entrance, *words, tls)`."""

    name_elsewhere: str  # in the certificate for another name
    revocation_list: str  # a file

    def test_bad_certificates_are_told_apart(self):
        for entrance, check, seen in (("expired", "certificate.validity", "certificate has expired"),
                                      ("elsewhere", "certificate.name", self.name_elsewhere),
                                      ("alone", "certificate.chain", "self-signed certificate")):
            with self.subTest(entrance):
                validated = self.outcome(entrance)
                self.assertEqual(validated.outcome, "certificate", validated.report)
                self.assertEqual(validated.failed()[0], check)
                self.assertIn(seen, validated.step(check)["seen"])
                self.assertNotIn("smtp.mail", validated.checks())

    def test_a_certificate_counts_only_as_far_as_the_connector_asks(self):
        for entrance in ("expired", "elsewhere", "alone"):
            with self.subTest(entrance):
                self.assertEqual(self.outcome(entrance, tls=REQUIRE).outcome, "passed")

    def test_a_revoked_certificate_is_found_in_the_authoritys_list(self):
        with_list = ("--crl", self.revocation_list)
        self.assertEqual(self.outcome("revoked").outcome, "passed")
        revoked = self.outcome("revoked", *with_list)
        self.assertEqual(revoked.outcome, "certificate")
        self.assertIn("revoked", revoked.step("certificate.revocation")["seen"])
        self.assertEqual(self.outcome("good", *with_list).outcome, "passed")

    def test_a_server_without_starttls_fails_unless_mail_may_go_in_the_clear(self):
        self.assertEqual(self.outcome("clear", tls=REQUIRE).outcome, "no_starttls")
        validated = self.outcome("clear", tls='level = "opportunistic"')
        self.assertEqual(validated.outcome, "passed")
        self.assertTrue(validated.step("smtp.starttls")["warning"])

    def test_a_server_with_tls_1_0_only_is_too_old(self):
        validated = self.outcome("old", tls=REQUIRE + '\nversion = "TLSv1.2"')
        self.assertEqual(validated.outcome, "tls_failed", validated.report)
        self.assertIn("TLSv1 with", validated.step("tls.version")["seen"])
        self.assertTrue(self.outcome("old", tls=REQUIRE).step("tls.version")["warning"])
