"""Transport rules on a real Postfix: what is refused, changed, sent elsewhere, held and thrown away."""

import email
import email.policy
import json
import re

from harness import logline
from harness.daemon import connectorctl
from harness.milter import ADD_RECIPIENTS, CHANGE_BODY, REMOVE_RECIPIENTS, MilterClient
from harness.sink import Message
from harness.site import SiteOptions
from harness.waiting import wait_until
from outbound import outbound
from scenario import PARTNER_ADDRESS, RECIPIENT, STRANGER_ADDRESS, Sent, SiteScenario
from test_signing import PLANT_ADDRESS, SigningScenario

EVERYBODY = {"relay_domains": "example.net, example.org, archive.example", "local_recipient_maps": ""}


def rule(name: str, priority: int, *actions: str, when: str = "", unless: str = "", keys: str = "") -> str:
    """A rule; each action is the lines of its table."""
    lines = ["[[rule]]", f'name = "{name}"', f"priority = {priority}", keys]
    lines += ["[rule.when]", when] if when else ["all = true"]
    if unless:
        lines += ["[rule.unless]", unless]
    for action in actions:
        lines += ["[[rule.action]]", action]
    return "\n".join(lines) + "\n"


def for_case(case: str) -> str:
    """Conditions for mail whose X-Case field says so."""
    return f'header = [{{ name = "X-Case", words = ["{case}"] }}]'


class RuleScenario(SiteScenario):
    options = SiteOptions(parameters=EVERYBODY)

    def case(self, name: str, *recipients: str, headers: tuple[str, ...] = (), **options) -> Sent:
        return self.send("alice@contoso.com", *recipients, headers=(f"X-Case: {name}", *headers), tls=False, **options)

    def arrived(self, sent: Sent) -> Message:
        self.assertEqual((sent.command, sent.reply.code), ("END", 250), str(sent.reply))
        return self.site.arrival(sent.token)

    def read(self, sent: Sent) -> email.message.EmailMessage:
        """What arrived, as Python's own parser reads it."""
        return email.message_from_bytes(self.arrived(sent).content, policy=email.policy.default)

    def rules_in_log(self, sent: Sent, key: str = "rule") -> list[str]:
        return logline.parse(self.site.log_of(sent.queue_id)).all(key)


class Refusals(RuleScenario):
    connectors = "".join((
        rule("no mail for hr", 10, 'do = "reject"\nstatus = "5.7.900"\ntext = "HR takes mail by the portal"',
             when='recipient = ["HR@example.net"]', unless='sender_domains = ["friend.example"]\n'
                                                          'sender_location = "envelope"'),
        rule("later", 20, 'do = "defer"\ntext = "Not in 2% of all cases"', when='recipient_words = ["later"]'),
        rule("watched", 30, 'do = "reject"', when=for_case("audited"), keys='mode = "audit"'),
        rule("no lottery", 40, 'do = "reject"', when='subject_words = ["lottery"]'),
        rule("stop", 50, when=for_case("stopped"), keys="stop = true"),
        rule("behind stop", 60, 'do = "reject"', when=for_case("stopped")),
        rule("expired", 70, 'do = "reject"', when=for_case("expired"), keys="expire_at = 2020-01-01T00:00:00Z"),
        rule("networks", 1, 'do = "reject"', when='client_networks = ["127.0.0.77"]'),
        rule("late", 80, 'do = "reject"', when='recipient = ["late@example.net"]'),
        rule("no big mail", 90, 'do = "reject"\nstatus = "5.3.4"', when='message_size_over = "100KiB"'),
        rule("cleartext", 2, 'do = "reject"', when='tls = false\nsender_domains = ["secret.example"]\n'
                                                     'sender_location = "envelope"'),
    ))

    def test_a_recipient_is_refused_at_rcpt_where_the_envelope_alone_decides(self):
        self.assert_refused(self.case("x", "hr@EXAMPLE.net"), "550 5.7.900", "HR takes mail by the portal")
        self.assert_refused(self.case("x", "Later@example.net"), "451 4.7.1", "Not in 2% of all cases")

    def test_the_other_recipients_get_the_message(self):
        with self.open(tls=False) as client:
            self.assertEqual(client.mail("alice@contoso.com").code, 250)
            self.assertEqual([client.rcpt(to).code for to in ("a@example.net", "hr@example.net", "b@example.net")],
                             [250, 550, 250])
            self.assertEqual(client.data(b"Subject: both-of-them\r\n\r\nHello.\r\n").code, 250)
        arrived = self.site.arrival("both-of-them")
        self.assertEqual(sorted(arrived.recipients), ["a@example.net", "b@example.net"])

    def test_what_unless_names_passes(self):
        sent = self.send("bob@friend.example", "hr@example.net", tls=False)
        self.assertEqual(self.arrived(sent).recipients, ["hr@example.net"])

    def test_a_rule_about_the_header_refuses_at_the_end(self):
        for subject in ("You won the LOTTERY!", "=?utf-8?b?bG90dGVyeQ==?=", "lot=?utf-8?q?tery?= =?us-ascii?q?lottery?="):
            with self.subTest(subject):
                sent = self.case("x", headers=(f"Subject: {subject}",))
                self.assert_refused(sent, "550 5.7.1", "Delivery not authorized, message refused", at="END")
        self.arrived(self.case("x", headers=("Subject: lotteryticket",)))

    def test_a_rule_in_audit_only_says_so(self):
        sent = self.case("audited")
        self.arrived(sent)
        self.assertEqual(self.rules_in_log(sent, "rule_audit"), ["watched: reject"])

    def test_a_refusal_waits_where_an_earlier_rule_may_still_stop(self):
        self.assert_refused(self.case("x", "late@example.net"), "550 5.7.1", at="END")
        self.arrived(self.case("stopped", "late@example.net"))

    def test_no_rule_is_asked_behind_one_that_stops(self):
        sent = self.case("stopped")
        self.arrived(sent)
        self.assertEqual(self.rules_in_log(sent), ["stop"])

    def test_a_rule_whose_time_is_over_does_nothing(self):
        self.arrived(self.case("expired"))

    def test_networks_tls_and_size_are_looked_at(self):
        self.assert_refused(self.case("x", source="127.0.0.77"), "550 5.7.1")
        self.assert_refused(self.send("a@secret.example", tls=False), "550 5.7.1")
        self.arrived(self.send("a@secret.example"))
        self.assert_refused(self.case("x", body=b"0123456789\r\n" * 10_000), "550 5.3.4", at="END")


class Changes(RuleScenario):
    connectors = "".join((
        rule("external", 10, 'do = "prepend_subject"\ntext = "[EXTERNAL] "',
             'do = "set_header"\nheader = "X-External"\nvalue = "from {sender}: {subject}"', when=for_case("external")),
        rule("umlauts", 20, 'do = "prepend_subject"\ntext = "[Außen] "',
             'do = "add_header"\nheader = "X-Note"\nvalue = "Grüße von draußen"', when=for_case("umlauts")),
        rule("clean", 30, 'do = "remove_header"\nheader = "X-Spam"',
             'do = "set_header"\nheader = "X-Level"\nvalue = "1"', when=for_case("clean")),
        rule("first", 40, 'do = "set_header"\nheader = "X-Step"\nvalue = "one"', when=for_case("chain")),
        rule("second", 50, 'do = "add_header"\nheader = "X-Seen"\nvalue = "{rule} saw it"',
             when='header = [{ name = "X-Step", words = ["one"] }]'),
        rule("copy", 60, 'do = "bcc"\nto = ["archive@archive.example"]', when=for_case("copy")),
        rule("to", 70, 'do = "add_to"\nto = ["boss@example.net"]', 'do = "add_cc"\nto = ["team@example.net"]',
             when=for_case("added")),
        rule("redirect", 80, 'do = "redirect"\nto = ["deputy@example.net"]',
             when='recipient = ["away@example.net"]'),
        rule("drop one", 90, 'do = "delete"', when='recipient = ["gone@example.net"]'),
        rule("drop", 100, 'do = "delete"', when=for_case("drop")),
        rule("hold", 110, 'do = "quarantine"\nreason = "looked at by people"',
             'do = "set_header"\nheader = "X-Held"\nvalue = "yes"', when=for_case("hold")),
    ))

    def test_the_subject_gets_its_mark_once(self):
        read = self.read(self.case("external"))
        self.assertRegex(read["Subject"], r"^\[EXTERNAL\] token-")
        self.assertRegex(read["X-External"], r"^from alice@contoso.com: token-")
        marked = self.read(self.case("external", headers=("Subject: Re: [EXTERNAL] hello",)))
        self.assertEqual(marked.get_all("Subject")[0], "Re: [EXTERNAL] hello")

    def test_what_is_more_than_ascii_is_encoded(self):
        sent = self.case("umlauts")
        content = self.arrived(sent).content
        self.assertTrue(content.isascii())
        read = self.read(sent)
        self.assertRegex(read["Subject"], r"^\[Außen\] token-")
        self.assertEqual(read["X-Note"], "Grüße von draußen")

    def test_fields_are_removed_and_replaced_wherever_they_stand(self):
        arrived = self.arrived(self.case("clean", headers=("X-Spam: 1", "X-Level: 5", "x-spam: 2", "X-Level: 6",
                                                           "X-SPAM: 3")))
        self.assertEqual((arrived.all("X-Spam"), arrived.all("X-Level")), ([], ["1"]))

    def test_a_later_rule_sees_what_an_earlier_one_changed(self):
        arrived = self.arrived(self.case("chain"))
        self.assertEqual(arrived.all("X-Seen"), ["second saw it"])

    def test_all_other_bytes_stay_as_they_are(self):
        body = bytes(range(32, 256)).replace(b"\r", b"") + b"\r\n--x\r\n. \r\n\tend"
        sent = self.case("external", headers=("X-Odd:  two  spaces\r\n\tfolded ",), body=body)
        arrived = self.arrived(sent)
        self.assertEqual(arrived.body.rstrip(b"\r\n"), body)
        self.assertIn(b"X-Odd:  two  spaces\r\n\tfolded", arrived.content)

    def test_a_blind_copy_is_seen_nowhere(self):
        arrived = self.arrived(self.case("copy"))
        self.assertEqual(sorted(arrived.recipients), ["archive@archive.example", RECIPIENT])
        self.assertNotIn(b"archive", arrived.content)

    def test_added_recipients_stand_in_the_header(self):
        arrived = self.arrived(self.case("added"))
        self.assertEqual(sorted(arrived.recipients), ["boss@example.net", "team@example.net", RECIPIENT])
        self.assertEqual(re.sub(r"\s+", " ", arrived.all("To")[0]), "recipient, boss@example.net")
        self.assertEqual(arrived.all("Cc"), ["team@example.net"])

    def test_only_the_recipients_that_are_meant_are_redirected_or_dropped(self):
        arrived = self.arrived(self.case("x", "away@example.net", "gone@example.net", "stays@example.net"))
        self.assertEqual(sorted(arrived.recipients), ["deputy@example.net", "stays@example.net"])

    def test_a_message_that_is_deleted_arrives_nowhere(self):
        for sent in (self.case("drop"), self.case("x", "gone@example.net")):
            self.assertEqual((sent.command, sent.reply.code), ("END", 250))
            self.assertIn("action=discard", self.site.log_of(sent.queue_id))
            self.assertEqual(self.site.arrivals(sent.token), [])

    def test_a_message_is_held_with_its_changes(self):
        sent = self.case("hold")
        self.assertEqual((sent.command, sent.reply.code), ("END", 250))
        self.assertEqual(self.site.arrivals(sent.token), [])
        wait_until(lambda: re.search(rf"^{sent.queue_id}!", self.site.postfix.run("postqueue", "-p"), re.MULTILINE),
                   "the message in the hold queue")
        self.site.postfix.run("postsuper", "-H", sent.queue_id)
        self.site.postfix.run("postqueue", "-f")
        self.assertEqual(self.site.arrival(sent.token, 30).all("X-Held"), ["yes"])


class LesserServers(RuleScenario):
    """A mail server that does not let a filter do what a rule wants: nothing is lost, and nothing goes on as it came."""

    connectors = "".join((
        rule("footer", 10, 'do = "disclaimer"\ntext = "Example Net"', when=for_case("footer")),
        rule("copy", 20, 'do = "bcc"\nto = ["archive@archive.example"]', when=for_case("copy")),
        rule("drop one", 30, 'do = "delete"', when='recipient = ["gone@example.net"]'),
    ))

    def test_the_message_is_deferred(self):
        for without, case, recipient, reply in (
                (CHANGE_BODY, "footer", RECIPIENT, "451 4.3.0 Cannot change the body"),
                (ADD_RECIPIENTS, "copy", RECIPIENT, "451 4.3.0 Cannot change the recipients"),
                (REMOVE_RECIPIENTS, "x", "gone@example.net", "451 4.3.0 Cannot change the recipients")):
            with self.subTest(case), MilterClient(self.site.milter, {"i": "4LESS", "{client_addr}": "192.0.2.1",
                                                                     "{client_port}": "40000"}) as client:
                client.negotiate(without)
                client.connect("client.example.org", "192.0.2.1", 40000)
                client.helo("client.example.org")
                client.mail("bob@example.org")
                client.rcpt("stays@example.net")
                client.rcpt(recipient)
                outcome = client.content([("X-Case", case), ("Subject", "hello")])
                self.assertEqual(outcome.verdict.reply, reply)


class FailingCopies(RuleScenario):
    """A blind copy that cannot be delivered is nothing that the sender may hear of."""

    options = SiteOptions(parameters={**EVERYBODY,
                                      "transport_maps": "inline:{ { gone.example = error:5.1.1 nobody is there } }"})
    connectors = "".join((
        rule("copy", 10, 'do = "bcc"\nto = ["archive@gone.example"]', when=for_case("copy")),
        rule("added", 20, 'do = "add_cc"\nto = ["team@gone.example"]', when=for_case("added")),
    ))

    def notices_about(self, sent: Sent, recipient: str) -> list[str]:
        """What Postfix says of notices to the sender, when it has done all that it will do about the message."""
        log = self.site.postfix.log_lines
        wait_until(lambda: log(f"{sent.queue_id}: to=<{recipient}>.*status=bounced"), f"the failure of {recipient}")
        wait_until(lambda: log(f"{sent.queue_id}: removed"), f"the end of {sent.queue_id}")
        return log(f"{sent.queue_id}: sender non-delivery notification")

    def test_the_sender_is_told_nothing(self):
        sent = self.case("copy")
        self.arrived(sent)
        self.assertEqual(self.notices_about(sent, "archive@gone.example"), [])

    def test_of_one_who_stands_in_the_header_he_is_told(self):
        sent = self.case("added")
        self.arrived(sent)
        self.assertEqual(len(self.notices_about(sent, "team@gone.example")), 1)


class Apart(RuleScenario):
    """Recipients whom a rule distinguishes."""

    connectors = rule("boss", 10, 'do = "prepend_subject"\ntext = "[Boss] "', when='recipient = ["boss@example.net"]',
                      keys='split = "split"')

    def test_the_others_are_asked_for_in_another_message(self):
        with self.open(tls=False) as client:
            client.mail("alice@contoso.com")
            replies = [client.rcpt(to) for to in ("a@example.net", "boss@example.net", "b@example.net")]
            self.assertEqual([reply.code for reply in replies], [250, 452, 250])
            self.assertEqual(replies[1].enhanced, "4.5.3")
            self.assertEqual(client.data(b"Subject: apart-one\r\n\r\nHello.\r\n").code, 250)
            client.mail("alice@contoso.com")
            self.assertEqual(client.rcpt("boss@example.net").code, 250)
            self.assertEqual(client.data(b"Subject: apart-two\r\n\r\nHello.\r\n").code, 250)
        first, second = self.site.arrival("apart-one"), self.site.arrival("apart-two")
        self.assertEqual((sorted(first.recipients), first.all("Subject")),
                         (["a@example.net", "b@example.net"], ["apart-one"]))
        self.assertEqual((second.recipients, second.all("Subject")), (["boss@example.net"], ["[Boss] apart-two"]))


class Directions(RuleScenario):
    """Who sends it, and where it goes."""

    connectors = f"""
[[inbound]]
name = "plant"
scenario = "on-premises"
[inbound.identify]
client_networks = ["{PLANT_ADDRESS}"]
[[inbound]]
name = "contoso"
scenario = "internet"
[inbound.identify]
client_networks = ["{PARTNER_ADDRESS}"]
""" + "".join(
        rule(name, 10 * number, f'do = "add_header"\nheader = "X-Rule"\nvalue = "{name}"', when=when)
        for number, (name, when) in enumerate((
            ("inbound", 'direction = ["inbound"]'), ("outbound", 'direction = ["outbound"]'),
            ("internal", 'direction = ["internal"]'), ("sender inside", 'sender_scope = "internal"'),
            ("recipient outside", 'recipient_scope = "external"'), ("from contoso", 'inbound_connectors = ["contoso"]'))))

    def test_each_message_has_its_direction(self):
        stranger, plant, partner = STRANGER_ADDRESS, PLANT_ADDRESS, PARTNER_ADDRESS
        for sender, source, recipient, rules in (
                ("x@else.example", stranger, "a@example.net", ["inbound"]),
                ("x@example.net", stranger, "a@example.net", ["inbound"]),
                ("x@else.example", partner, "a@example.org", ["inbound", "recipient outside", "from contoso"]),
                ("x@example.net", plant, "a@example.org", ["outbound", "sender inside", "recipient outside"]),
                ("x@example.net", plant, "a@example.net", ["internal", "sender inside"]),
                ("x@else.example", plant, "a@example.net", ["internal"])):
            with self.subTest(sender=sender, source=source, recipient=recipient):
                arrived = self.arrived(self.send(sender, recipient, source=source, tls=False))
                self.assertEqual(sorted(arrived.all("X-Rule")), sorted(rules))


class Signed(SigningScenario):
    """What rules change of our own mail is signed as it leaves."""

    wanted = (("example.net", "rsa"),)
    connectors = "".join((
        rule("mark", 10, 'do = "prepend_subject"\ntext = "[Grüße] "', 'do = "add_cc"\nto = ["team@example.net"]',
             'do = "set_header"\nheader = "Reply-To"\nvalue = "office@example.net"',
             'do = "remove_header"\nheader = "List-Id"', when='authenticated = true'),
    ))

    def test_the_signature_is_over_the_changed_header(self):
        headers = ("List-Id: <old.example>", "Reply-To: carol@example.net", "Subject: a second one", "Date: x")
        arrived = self.arrived(self.submit(headers=headers))
        self.assert_signed(arrived, "rsa")
        self.assertEqual((arrived.all("Reply-To"), arrived.all("List-Id")), (["office@example.net"], []))


class Routes(RuleScenario):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        port = cls.site.sinks["contoso"].port
        cls.site.reconfigure(outbound("by-rule", hosts=(f"[127.0.0.1]:{port}",), keys="rule_scoped = true") +
                             rule("route", 10, 'do = "route"\nconnector = "by-rule"', when=for_case("route")))
        cls.site.connectord.reload()

    options = SiteOptions(socketmap=True, parameters=EVERYBODY)

    def test_mail_leaves_by_the_connector_that_the_rule_names(self):
        self.assertEqual(self.arrived(self.case("route")).sink, "contoso")
        self.assertEqual(self.arrived(self.case("x")).sink, "default")


PROGRAM = b"MZ" + bytes(200)


def with_attachment(name: str, content: bytes, text: str = "Please see the attachment.") -> tuple[tuple[str, ...], bytes]:
    """Header fields and body of a message with one attachment, made by Python."""
    made = email.message.EmailMessage(policy=email.policy.SMTP)
    made.set_content(text)
    made.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    head, _, body = made.as_bytes().partition(b"\r\n\r\n")
    return tuple(line for line in head.decode().replace("\r\n ", " ").split("\r\n")), body.rstrip(b"\r\n")


class Content(RuleScenario):
    """What stands in a message, and what is put there and taken out."""

    connectors = "".join((
        rule("secret", 10, 'do = "reject"', when='body_or_subject_words = ["top secret"]'),
        rule("numbers", 20, 'do = "reject"', when=r"body_or_subject_patterns = ['\b\d{4}-\d{4}\b']"),
        rule("programs", 30, 'do = "reject"\ntext = "Programs are not taken here"',
             when="attachment_executable = true", unless=for_case("strip")),
        rule("strip", 40, 'do = "strip_attachments"\ntext = "Removed by {rule}."',
             when=for_case("strip") + '\nattachment_extensions = ["exe"]'),
        rule("names", 50, 'do = "reject"', when='attachment_names = ["invoice*.html"]'),
        rule("footer", 60, 'do = "disclaimer"\nhtml = "<p>Grüße von {sender}</p>"\ntext = "Grüße von {sender}"',
             when=for_case("footer")),
        rule("strict", 70, 'do = "disclaimer"\ntext = "footer"\nfallback = "reject"', when=for_case("strict")),
        rule("wrapped", 80, 'do = "disclaimer"\ntext = "The footer"\nfallback = "wrap"', when=for_case("wrapped")),
        rule("whole", 85, 'do = "wrap"\ntext = "Look at {sender} with care."', when=for_case("whole")),
        rule("lists", 90, 'do = "add_header"\nheader = "X-List"\nvalue = "yes"', when='message_types = ["list"]'),
    ))

    def test_words_and_patterns_are_found_in_the_text_however_it_is_encoded(self):
        encoded = ("Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64")
        self.assert_refused(self.case("x", body=b"This is TOP\r\nsecret."), "550 5.7.1", at="END")
        self.assert_refused(self.case("x", headers=encoded, body=b"dG9wIHNlY3JldA=="), "550 5.7.1", at="END")
        self.assert_refused(self.case("x", body=b"call 1234-5678 now"), "550 5.7.1", at="END")
        self.arrived(self.case("x", body=b"call 12345-678 now, top secretary"))

    def test_a_large_message_is_looked_at_too(self):
        filler = b"0123456789 abcdefghij\r\n" * 40_000  # more than is kept in memory
        self.assert_refused(self.case("x", body=filler + b"top secret"), "550 5.7.1", at="END")
        self.assertEqual(self.arrived(self.case("x", body=filler)).body.rstrip(b"\r\n"), filler.rstrip(b"\r\n"))

    def test_attachments_are_known_by_their_bytes_and_names(self):
        headers, body = with_attachment("holiday.jpg", PROGRAM)
        self.assert_refused(self.case("x", headers=headers, body=body), "550 5.7.1", "programs are not taken", at="END")
        headers, body = with_attachment("Invoice 7.HTML", b"<p>hello</p>")
        self.assert_refused(self.case("x", headers=headers, body=body), "550 5.7.1", at="END")
        headers, body = with_attachment("holiday.jpg", b"\xff\xd8\xff\xe0" + bytes(100))
        self.arrived(self.case("x", headers=headers, body=body))

    def test_an_attachment_is_taken_out_and_the_rest_stays(self):
        headers, body = with_attachment("setup.exe", PROGRAM)
        read = self.read(self.case("strip", headers=headers, body=body))
        self.assertEqual([part.get_content_type() for part in read.iter_parts()], ["text/plain", "text/plain"])
        first, second = (part.get_content() for part in read.iter_parts())
        self.assertEqual((first.strip(), second.strip()), ("Please see the attachment.", "Removed by strip."))

    def test_a_disclaimer_stands_in_plain_text_and_html(self):
        made = email.message.EmailMessage(policy=email.policy.SMTP)
        made.set_content("Hello.")
        made.add_alternative("<html><body><p>Hello.</p></body></html>", subtype="html")
        head, _, body = made.as_bytes().partition(b"\r\n\r\n")
        headers = tuple(head.decode().replace("\r\n ", " ").split("\r\n"))
        read = self.read(self.case("footer", headers=headers, body=body.rstrip(b"\r\n")))
        plain, html = (part.get_content() for part in read.iter_parts())
        self.assertRegex(plain, r"(?s)^Hello\..*Grüße von alice@contoso\.com")
        self.assertRegex(html, r"(?s)Hello\..*Gr(ü|&#252;|&#xFC;)(ß|&#223;|&#xDF;)e von alice@contoso\.com</p>.*</body>")

    def test_a_disclaimer_is_there_once(self):
        first = self.read(self.case("footer", body=b"Hello."))
        again = self.read(self.case("footer", headers=("Content-Type: text/plain; charset=utf-8",
                                                       "Content-Transfer-Encoding: 8bit"),
                                    body=first.get_content().replace("\n", "\r\n").encode()))
        self.assertEqual(again.get_content().count("von alice@contoso.com"), 1)

    def test_a_signed_message_is_left_alone_refused_or_wrapped(self):
        headers = ('Content-Type: multipart/signed; protocol="application/pkcs7-signature"; boundary=b',)
        body = b"--b\r\n\r\nHello.\r\n--b\r\nContent-Type: application/pkcs7-signature\r\n\r\nAAAA\r\n--b--"
        self.assertEqual(self.arrived(self.case("footer", headers=headers, body=body)).body.rstrip(b"\r\n"), body)
        self.assert_refused(self.case("strict", headers=headers, body=body), "550 5.7.1", "disclaimer", at="END")
        read = self.read(self.case("wrapped", headers=headers, body=body))
        text, inner = read.iter_parts()
        self.assertEqual((text.get_content().strip(), inner.get_content_type()), ("The footer", "message/rfc822"))
        self.assertEqual(inner.get_payload(0).get_content_type(), "multipart/signed")

    def test_a_message_is_put_into_another_one(self):
        headers, body = with_attachment("a.bin", bytes(range(256)))
        read = self.read(self.case("whole", headers=headers, body=body))
        text, inner = read.iter_parts()
        self.assertEqual((text.get_content().strip(), inner.get_content_type()),
                         ("Look at alice@contoso.com with care.", "message/rfc822"))
        original = inner.get_payload(0)
        self.assertEqual(original["X-Case"], "whole")
        self.assertEqual([part.get_content() for part in original.iter_attachments()], [bytes(range(256))])

    def test_mail_of_lists_is_known(self):
        self.assertEqual(self.arrived(self.case("x", headers=("List-Id: <a.example>",))).all("X-List"), ["yes"])
        self.assertEqual(self.arrived(self.case("x")).all("X-List"), [])


class SignedContent(SigningScenario):
    wanted = (("example.net", "rsa"),)
    connectors = rule("footer", 10, 'do = "disclaimer"\ntext = "Example Net"', when="authenticated = true")

    def test_the_signature_is_over_the_changed_body(self):
        for body in (b"Hello.", b"x" * 990, b"Hello.\r\n" * 100_000):
            with self.subTest(len(body)):
                arrived = self.arrived(self.submit(body=body))
                self.assert_signed(arrived, "rsa")
                self.assertIn(b"Example Net", arrived.body)


class Foretold(RuleScenario):
    """explain shows what a real message gets."""

    connectors = rule("mark", 10, 'do = "prepend_subject"\ntext = "[X] "', 'do = "disclaimer"\ntext = "The footer"',
                      when=for_case("mark")) + rule("hidden", 20, 'do = "reject"', when=for_case("hidden"))

    def explain(self, case: str, *options: str):
        message = self.site.path / "message.eml"
        message.write_bytes(f"X-Case: {case}\nSubject: hello\nFrom: a@x.example\n\nHello.\n".encode())
        return connectorctl("explain", "--config", self.site.connectord.config_file, "--client-ip", "192.0.2.9",
                            "--mail-from", "a@x.example", "--rcpt-to", "b@example.net", "--message", message, "--json",
                            *options)

    def test_the_rules_and_the_message_as_it_leaves(self):
        output = self.site.path / "leaves.eml"
        shown = json.loads(self.explain("mark", "--output", str(output)).stdout)
        self.assertEqual([(hit["rule"], hit["matched"], hit["actions"]) for hit in shown["rules"]],
                         [("mark", True, ["prepend_subject", "disclaimer"])])
        self.assertEqual((shown["changes"]["disclaimers"], shown["changes"]["body"]), (["mark"], True))
        read = email.message_from_bytes(output.read_bytes(), policy=email.policy.default)
        self.assertEqual(read["Subject"], "[X] hello")
        self.assertRegex(read.get_content(), r"(?s)^Hello\..*The footer")

    def test_a_refusal_leaves_nothing(self):
        refused = self.explain("hidden", "--output", str(self.site.path / "none.eml"))
        self.assertEqual(json.loads(refused.stdout)["action"], "reject")
        self.assertEqual((refused.status, (self.site.path / "none.eml").exists()), (1, False))

    def test_the_rules_are_listed_and_shown(self):
        config = self.site.connectord.config_file
        listed = json.loads(connectorctl("rule", "list", "--config", config, "--json").stdout)
        self.assertEqual([(one["name"], one["priority"]) for one in listed], [("mark", 10), ("hidden", 20)])
        shown = connectorctl("rule", "show", "hidden", "--config", config).stdout
        self.assertIn('do = "reject"', shown)
        self.assertNotIn("prepend_subject", shown)


class Trace(RuleScenario):
    """What rules did is found again, and counted."""
    options = SiteOptions(parameters=EVERYBODY, trace="")
    connectors = "".join((
        rule("mark", 10, 'do = "prepend_subject"\ntext = "[EXTERNAL] "', when=for_case("traced")),
        rule("watch", 20, 'do = "reject"', when=for_case("traced"), keys='mode = "audit"\nseverity = "high"'),
        rule("not to hr", 30, 'do = "reject"', when='recipient = ["hr@example.net"]'),
    ))

    def test_a_message_is_found_by_each_rule_that_it_matched(self):
        sent = self.case("traced")
        self.arrived(sent)
        self.arrived(self.case("other"))
        for options in (("--rule", "mark"), ("--rule", "WATCH"), ("watch",)):
            self.assertEqual([row["queue_id"] for row in self.site.trace(*options)], [sent.queue_id], options)
        mark, watch = self.site.trace("--rule", "mark")[0]["rules"]
        self.assertEqual((mark["rule"], mark["mode"], mark["actions"]), ("mark", "enforce", ["prepend_subject"]))
        self.assertEqual((watch["rule"], watch["mode"], watch["severity"]), ("watch", "audit", "high"))
        self.assertGreater(mark["microseconds"], 0)

    def test_a_refused_recipient_is_found_by_the_rule(self):
        self.assert_refused(self.case("x", "hr@example.net"), "550 5.7.1")
        (row,) = self.site.trace("--rule", "not to hr")
        self.assertEqual((row["rcpt_to"], row["stage"], row["rules"][0]["recipients"]),
                         ("hr@example.net", "rcpt_to", ["hr@example.net"]))

    def test_an_unknown_rule_is_an_error_that_names_the_nearest(self):
        self.arrived(self.case("traced"))
        found = connectorctl("trace", "--config", self.site.connectord.config_file, "--rule", "marks")
        self.assertEqual(found.status, 1, found)
        self.assertIn('--rule: there is no rule "marks"; did you mean "mark"?', found.stderr)

    def test_the_report_counts_by_rule_and_action(self):
        self.arrived(self.case("traced"))
        reported = connectorctl("trace", "report", "--config", self.site.connectord.config_file, "--by", "rule_action",
                                "--json")
        groups = {volume["group"]: volume["messages"] for volume in json.loads(reported.stdout)["volumes"]}
        self.assertGreaterEqual(groups["mark: prepend_subject"], 1)
        self.assertGreaterEqual(groups["watch (audit): reject"], 1)
