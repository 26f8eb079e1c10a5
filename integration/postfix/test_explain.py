"""`connectorctl explain` foretells what the live system does: one engine, one answer."""

import json
from dataclasses import dataclass

from authentication import OTHER_ADDRESS, SENDER_ADDRESS, AuthenticationScenario, checked_by
from harness.client import message
from harness.daemon import connectorctl
from harness.dkim_signer import rsa_key, sealer, signer
from harness.dns_server import txt
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


ZONE = "".join([txt("author.example", f"v=spf1 ip4:{SENDER_ADDRESS} -all"), rsa_key().zone("author.example"),
                txt("_dmarc.author.example", "v=DMARC1; p=reject"), rsa_key().zone("sealer.example")])
GATEWAY = """
[[inbound]]
name = "gateway"
scenario = "internet"
[inbound.identify]
client_networks = ["192.0.2.10"]
[inbound.enhanced_filtering]
skip_last = true
"""
BEHIND_GATEWAY = ("Received: from mail.author.example (unknown [{client}])\r\n\tby gw.example.net (Postfix) with ESMTP"
                  " id 4Vx1;\r\n\tSat, 21 Nov 2026 10:00:00 +0000")


class ExplainAuthentication(AuthenticationScenario):
    """Says of a message in a file what the live system would say of it."""

    connectors = GATEWAY
    options = checked_by(ZONE, "arc = true\n")

    def explain(self, content: bytes, client: str = SENDER_ADDRESS, *more: str) -> dict:
        file = self.site.path / "message.eml"
        file.write_bytes(content)
        output = connectorctl("explain", "--json", "--config", self.site.connectord.config_file, "--client-ip", client,
                              "--helo", "client.example.org", "--mail-from", "alice@author.example", "--rcpt-to",
                              RECIPIENT, "--message", file, *more)
        self.assertEqual(output.status, 0, output.stderr)
        return json.loads(output.stdout)

    def test_every_method_is_told(self):
        signed = signer("author.example")(message("x", author="a@author.example"))
        content = sealer("sealer.example", "dmarc=pass")(signed)
        authentication = self.explain(content)["authentication"]
        spf, (dkim,), dmarc = (authentication[method] for method in ("spf", "dkim", "dmarc"))
        self.assertEqual((spf["result"], spf["domain"]), ("pass", "author.example"))
        self.assertIn("identity", spf)
        self.assertEqual([dkim[key] for key in ("result", "domain", "selector", "algorithm")],
                         ["pass", "author.example", "sel", "rsa-sha256"])
        self.assertEqual([dmarc[key] for key in ("result", "domain", "policy")], ["pass", "author.example", "reject"])
        self.assertEqual(authentication["arc"]["result"], "pass")

    def test_line_ends_of_files_do_not_matter(self):
        content = signer("author.example")(message("x", author="a@author.example", body="one\r\ntwo"))
        for form in (content, content.replace(b"\r\n", b"\n")):
            (dkim,) = self.explain(form)["authentication"]["dkim"]
            self.assertEqual(dkim["result"], "pass")

    def test_signatures_are_judged_by_the_time_that_is_given(self):
        content = signer("author.example", tags={"t": "1700000000", "x": "1700086400"})(
            message("x", author="a@author.example"))
        for more, result in (((), "fail"), (("--at", "2023-11-15T00:00:00Z"), "pass"),
                             (("--at", "2024-11-15T00:00:00Z"), "fail"), (("--at", "2022-11-15T00:00:00Z"), "fail")):
            with self.subTest(more):
                (dkim,) = self.explain(content, SENDER_ADDRESS, *more)["authentication"]["dkim"]
                self.assertEqual(dkim["result"], result)

    def test_the_original_client_is_told(self):
        found = self.explain(message("x", BEHIND_GATEWAY.format(client="198.51.100.66"), author="a@author.example"),
                             "192.0.2.10")
        self.assertEqual(found["authentication"]["original_client"], "198.51.100.66")
        self.assertEqual((found["authentication"]["spf"]["result"], found["action"]), ("fail", "reject"))

    def test_the_answer_is_the_one_that_a_client_gets(self):
        for source, author, finish in ((SENDER_ADDRESS, "a@author.example", lambda content: content),
                                       (OTHER_ADDRESS, "a@author.example", lambda content: content),
                                       (OTHER_ADDRESS, "a@author.example", signer("author.example")),
                                       (OTHER_ADDRESS, "a@b@c", lambda content: content),
                                       (OTHER_ADDRESS, None, lambda content: content)):
            with self.subTest(source, author=author):
                foretold = self.explain(finish(message("x", author=author)), source)
                sent = self.send("alice@author.example", author=author, source=source, finish=finish)
                self.assertEqual(foretold["action"], "accept" if sent.reply.code == 250 else "reject")
                if sent.reply.code != 250:
                    self.assertEqual(foretold["reply"], str(sent.reply))
