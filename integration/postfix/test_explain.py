"""`connectorctl explain` foretells what the live system does: one engine, one answer."""

import json
from dataclasses import dataclass

from harness.daemon import connectorctl
from scenario import CONTOSO, PARTNER_ADDRESS, RECIPIENT, STRANGER_ADDRESS, SiteScenario
from test_attribution import GATEWAY_ADDRESS, NEIGHBOUR_ADDRESS, OTHERS

TRUSTED = {"partner": ("mail.contoso.com", "Contoso Issuing CA"),
           "other-name": ("mail.fabrikam.com", "Contoso Issuing CA")}


@dataclass(frozen=True)
class Question:
    mail_from: str
    source: str
    tls: bool = True
    certificate: str | None = None

    def arguments(self) -> list[str]:
        """As options of `connectorctl explain`."""
        options = ["--client-ip", self.source, "--helo", "client.example.org", "--mail-from", self.mail_from,
                   "--rcpt-to", RECIPIENT]
        if self.tls:
            options += ["--tls", "TLSv1.3"]
        if self.certificate:
            subject, issuer = TRUSTED[self.certificate]
            options += ["--cert-subject", subject, "--cert-issuer", issuer]
        return options


QUESTIONS = [Question(mail_from, source, bool(tls), certificate)
             for mail_from in ("alice@contoso.com", "bob@example.org", "a@audited.example", "a@asleep.example", "")
             for source in (PARTNER_ADDRESS, STRANGER_ADDRESS, GATEWAY_ADDRESS, NEIGHBOUR_ADDRESS)
             for tls, certificate in ((False, None), (True, None), (True, "partner"), (True, "other-name"))]


class Explain(SiteScenario):
    connectors = CONTOSO + OTHERS

    def test_the_answer_is_the_one_that_a_client_gets(self):
        for question in QUESTIONS:
            with self.subTest(question):
                foretold = self.explain(question)
                with self.open(source=question.source, tls=question.tls, certificate=question.certificate) as client:
                    client.mail(question.mail_from)
                    reply = client.rcpt(RECIPIENT)
                self.assertEqual(foretold["action"], "accept" if reply.code == 250 else "reject")
                if reply.code != 250:
                    self.assertEqual(foretold["reply"], str(reply))

    def test_the_tag_is_the_one_that_arrives(self):
        question = Question("alice@contoso.com", PARTNER_ADDRESS, True, "partner")
        self.assertEqual(self.explain(question)["connector"], "contoso")
        sent = self.send(question.mail_from, source=question.source, certificate=question.certificate)
        self.assert_delivered(sent, "contoso")

    def explain(self, question: Question) -> dict:
        output = connectorctl("explain", "--json", "--config", self.site.connectord.config_file, *question.arguments())
        self.assertEqual(output.status, 0, output.stderr)
        return json.loads(output.stdout)
