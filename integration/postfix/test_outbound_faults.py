"""connectord is stopped, killed and started while mail goes through: none is lost, unseen, or on a wrong way."""

import itertools
import re
import signal
import threading
import time
from dataclasses import dataclass
from queue import SimpleQueue

from harness.client import SmtpClient
from harness.sink import Message
from harness.site import SiteOptions
from harness.submission import new_token
from harness.waiting import wait_until
from scenario import PARTNER_ADDRESS, STRANGER_ADDRESS, Sent, SiteScenario, submit

MESSAGES = 2000
WORKERS = 8
TOKEN = re.compile(rb"token-[0-9a-f]{32}")

# Sink `contoso` is for what came in over the connector, and for Fabrikam, whoever sends there; all else goes to `default`.
CONNECTORS = """
[[inbound]]
name = "contoso"
scenario = "partner"
[inbound.identify]
sender_domains = ["contoso.com"]
[inbound.require]
client_networks = ["{partner}"]

[[outbound]]
name = "contoso-out"
scenario = "partner"
inbound_connectors = ["contoso"]
[outbound.route]
smart_hosts = ["[127.0.0.1]:{contoso}"]

[[outbound]]
name = "fabrikam-out"
scenario = "partner"
recipient_domains = ["fabrikam.example"]
[outbound.route]
smart_hosts = ["[127.0.0.1]:{contoso}"]
"""


@dataclass(frozen=True)
class Kind:
    """Mail of one sort, and what must become of it. `sink` is None where it must be refused."""

    mail_from: str
    recipient: str
    source: str
    sink: str | None
    tag: list[str]


KINDS = (Kind("alice@contoso.com", "user@elsewhere.example", PARTNER_ADDRESS, "contoso", ["contoso"]),
         Kind("bob@stranger.example", "user@fabrikam.example", STRANGER_ADDRESS, "contoso", []),
         Kind("bob@stranger.example", "user@elsewhere.example", STRANGER_ADDRESS, "default", []),
         Kind("alice@contoso.com", "user@elsewhere.example", STRANGER_ADDRESS, None, []))


class StoppedKilledAndStarted(SiteScenario):
    connectors = ""
    options = SiteOptions(socketmap=True, launch=False,
                          parameters={"relay_domains": "example.net, fabrikam.example, elsewhere.example"})

    def setUp(self):
        ports = {name: sink.port for name, sink in self.site.sinks.items()}
        self.site.reconfigure(CONNECTORS.format(partner=PARTNER_ADDRESS, **ports))
        self.site.connectord.start()
        self.accepted: dict[str, Kind] = {}
        self.refused: dict[str, Sent] = {}
        self.deferrals = 0
        self.lives = 1
        self.lock = threading.Lock()

    def test_mail_is_late_at_worst(self):
        self.send_all_in_troubled_times()
        self.site.connectord.start()
        wait_until(lambda: len(self.arrived()) >= len(self.accepted), "all that was accepted arrives", 90)
        self.assertGreater(self.lives, 4, "connectord was hardly ever away")
        self.assertGreater(self.deferrals, 0, "nobody noticed that connectord was away")
        self.assertEqual(len(self.accepted) + len(self.refused), MESSAGES)
        self.assertEqual(self.mishaps(), [])

    def send_all_in_troubled_times(self):
        work: SimpleQueue[Kind | None] = SimpleQueue()
        for kind in itertools.islice(itertools.cycle(KINDS), MESSAGES):
            work.put(kind)
        for _ in range(WORKERS):
            work.put(None)
        workers = [threading.Thread(target=self.send_until_answered, args=(work,)) for _ in range(WORKERS)]
        for worker in workers:
            worker.start()
        for end in itertools.cycle((signal.SIGTERM, signal.SIGKILL)):
            before = self.answered()
            wait_until(lambda: self.answered() >= min(before + MESSAGES // 12, MESSAGES), "some messages", 60)
            if self.answered() >= MESSAGES:
                break
            self.go_away(end)
        for worker in workers:
            worker.join()
        self.site.connectord.stop()

    def go_away(self, how: signal.Signals) -> None:
        """Until the mail server has noticed."""
        before = self.deferrals
        self.site.connectord.stop(how)
        wait_until(lambda: self.deferrals > before or self.answered() >= MESSAGES, "a deferral")
        self.site.connectord.start()
        self.lives += 1

    def send_until_answered(self, work: SimpleQueue) -> None:
        while kind := work.get():
            while not self.attempt(kind):
                time.sleep(0.05)  # as a client waits that was asked to come again

    def attempt(self, kind: Kind) -> bool:
        """True after a final answer."""
        try:
            with SmtpClient(self.site.postfix.ports["smtp"], kind.source) as client:
                if not client.greeting.accepted or not client.ehlo().accepted:
                    return self.note_deferral()
                sent = submit(client, kind.mail_from, kind.recipient)
        except OSError:
            return self.note_deferral()
        if 400 <= sent.reply.code < 500:
            return self.note_deferral()
        with self.lock:
            if sent.reply.accepted:
                self.accepted[sent.token] = kind
            else:
                self.refused[sent.token + new_token()] = sent
        return True

    def note_deferral(self) -> bool:
        with self.lock:
            self.deferrals += 1
        return False

    def answered(self) -> int:
        with self.lock:
            return len(self.accepted) + len(self.refused)

    def arrived(self) -> dict[str, list[Message]]:
        messages: dict[str, list[Message]] = {}
        for sink in self.site.sinks.values():
            for message in sink.messages():
                messages.setdefault(TOKEN.search(message.content).group().decode(), []).append(message)
        return messages

    def mishaps(self) -> list[str]:
        arrived = self.arrived()
        wrong = [f"arrived, though its client was not told so: {token}" for token in arrived.keys() - self.accepted.keys()
                 if self.was_refused_by_us(arrived[token])]
        wrong += [f"refused: {sent.reply}" for sent in self.refused.values() if "contoso" not in sent.reply.text]
        for token, kind in self.accepted.items():
            if kind.sink is None:
                wrong.append(f"let in unchecked: {token}")
            for message in arrived.get(token, []):
                if (message.sink, message.all("X-Connector")) != (kind.sink, kind.tag):
                    wrong.append(f"{kind} went to {message.sink} as {message.all('X-Connector')}")
            if token not in arrived:
                wrong.append(f"lost: {token} of {kind}")
        return wrong

    def was_refused_by_us(self, copies: list[Message]) -> bool:
        """Mail whose client lost the connection before it had the answer may arrive; what must be refused may not."""
        return any(copy.mail_from.strip("<>") == "alice@contoso.com" and copy.all("X-Connector") != ["contoso"]
                   for copy in copies)
