"""connectord goes away and comes back while mail flows: mail waits at the sender, and none is lost or let through."""

import contextlib

from harness.waiting import wait_until
from scenario import POSTFIX, SENDMAIL, Scenario

SENDER = "alice@contoso.com"
MESSAGES = 20


class Restart:
    def tearDown(self):
        self.front.connectord.start()

    def test_mail_waits_while_connectord_is_away_and_arrives_when_it_is_back(self):
        self.front.connectord.stop()
        tokens = [self.post("partner", SENDER) for _ in range(3)]
        for token in tokens:
            self.wait_until_deferred(token)
        refused = self.send("internet", "carol@tailspin.example")
        self.assertEqual(refused.reply.code // 100, 4, str(refused.reply))
        self.front.connectord.start()
        self.flush_until_empty()
        self.assert_all_arrive(tokens)

    def test_no_message_is_lost_or_doubled_by_a_restart_in_the_middle_of_traffic(self):
        tokens = []
        for number in range(MESSAGES):
            if number == MESSAGES // 3:
                self.front.connectord.stop()
            if number == 2 * MESSAGES // 3:
                self.front.connectord.start()
            tokens.append(self.post("partner", SENDER))
        self.flush_until_empty()
        self.assert_all_arrive(tokens)

    def assert_all_arrive(self, tokens: list[str]) -> None:
        """What our server has taken waits in its queue too if it asked for a route or a TLS policy meanwhile."""
        mailbox = self.host("mailbox")
        self.flush_until(lambda: all(mailbox.holding(token) for token in tokens), "all to arrive",
                         self.front.host, *self.front.flush_all)
        for token in tokens:
            self.assert_arrives(token, "contoso")

    def wait_until_deferred(self, token: str) -> None:
        """Still at the partner, because our mail server said 4xx."""
        message_id = self.queue_id(token)
        line = self.host("partner").wait_for_log(rf"{message_id}: to=<{self.front.recipient}>.*status=deferred")
        self.assertRegex(line, r"dsn=4\.\d+\.\d+")

    def queue_id(self, token: str) -> str:
        partner = self.host("partner")
        def find() -> str:
            for line in partner.output("postqueue", "-j").splitlines():
                queue_id = line.split('"queue_id": "')[1].split('"')[0]
                if token in partner.run("postcat", "-q", queue_id).stdout:
                    return queue_id
            return ""
        return wait_until(find, f"{token} in the partner's queue")

    def flush_until_empty(self) -> None:
        partner = self.host("partner")
        self.flush_until(lambda: not partner.output("postqueue", "-j"), "the partner's queue to be empty",
                         partner, "postqueue", "-f")

    def flush_until(self, condition, what: str, host, *flush: str) -> None:
        for _ in range(20):  # a message that was deferred in the middle of a flush wants another one
            host.output(*flush)
            with contextlib.suppress(TimeoutError):
                wait_until(condition, what, 3.0)
                return
        self.fail(f"in vain waited for {what}")


class PostfixRestart(Restart, Scenario):
    front, example = POSTFIX, "partner"


class SendmailRestart(Restart, Scenario):
    front, example = SENDMAIL, "sendmail"
