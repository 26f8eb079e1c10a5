"""Transport rules on a Sendmail as Debian installs it: what is refused, changed, held, and decided on by connectorctl."""

import json

from fresh_sendmail import FreshSendmail
from harness.waiting import wait_until

CONFIGURATION = "/etc/connectord/connectord.toml"
RULES = "/etc/connectord/connectors.d/rules.toml"


def rule(name: str, priority: int, subject: str, *lines: str) -> str:
    return "\n".join(("[[rule]]", f'name = "{name}"', f"priority = {priority}", "[rule.when]",
                      f'header = [{{ name = "X-Case", words = ["{subject}"] }}]', "[[rule.action]]", *lines, ""))


class Rules(FreshSendmail):
    text = "".join((
        rule("no", 10, "refused", 'do = "reject"', 'text = "Not here"'),
        rule("mark", 20, "marked", 'do = "prepend_subject"', 'text = "[Grüße] "', "[[rule.action]]", 'do = "disclaimer"',
             'text = "The footer"'),
        rule("copy", 30, "copied", 'do = "bcc"', 'to = ["carol@example.org"]'),
        rule("away", 40, "away", 'do = "redirect"', 'to = ["carol@example.org"]'),
        rule("hold", 50, "held", 'do = "quarantine"', 'reason = "looked at by people"')))

    def setUp(self):
        super().setUp()
        configuration = self.read(CONFIGURATION)
        self.addCleanup(self.start_with, configuration)
        self.addCleanup(self.output, "rm", "-f", RULES)
        self.write(RULES, self.text)
        self.start_with(configuration + '\n[trace]\nstore = "sqlite:/var/lib/connectord/trace.db"\n')
        self.attach_for_sure()

    def start_with(self, configuration: str) -> None:
        self.write(CONFIGURATION, configuration)
        self.output("sh", "-c", "kill $(busybox pidof connectord)")
        wait_until(lambda: self.connectorctl("reload").status == 0, "connectord", 30)

    def case(self, name: str):
        return self.send("internet", "eve@tailspin.example", headers=(f"X-Case: {name}",))

    def taken(self, name: str):
        sent = self.case(name)
        self.assertEqual((sent.command, sent.reply.code), ("END", 250), str(sent.reply))
        return sent

    def test_mail_is_refused_and_changed(self):
        self.assert_refused(self.case("refused"), "550 5.7.1", "Not here", at="END")
        sent = self.taken("marked")
        message = self.host("mailbox").arrival(sent.token)
        self.assertRegex(message.all("Subject")[0], r"^=\?utf-8\?\S+\?= token-|^\[Gr")
        self.assertIn(b"The footer", message.content)

    def test_recipients_are_added_and_replaced(self):
        copied = self.taken("copied")
        got = self.host("mailbox").arrivals(copied.token, 2)
        self.assertEqual(sorted(to for one in got for to in one.recipients), ["bob@example.org", "carol@example.org"])
        away = self.taken("away")
        self.assertEqual(self.host("mailbox").arrival(away.token).recipients, ["carol@example.org"])

    def test_what_is_held_is_released_and_deleted(self):
        released, deleted = self.taken("held"), self.taken("held")
        ids = [self.queue_id(released), self.queue_id(deleted)]
        held = json.loads(self.done("held", "list", "--json").stdout)["messages"]
        self.assertEqual({one["queue_id"]: one["reason"] for one in held}, dict.fromkeys(ids, "looked at by people"))
        self.done("held", "delete", ids[1])
        self.done("held", "release", ids[0])
        self.flush(released)
        self.host("mailbox").arrival(released.token)
        self.assertEqual(json.loads(self.done("held", "list", "--json").stdout)["messages"], [])
        self.assertEqual(self.output("sh", "-c", "ls /var/spool/mqueue").split(), [])
        self.assertEqual(self.host("mailbox").holding(deleted.token), [])
        self.assertIn("deleted while it was held", self.done("trace", "show", ids[1]).stdout)
