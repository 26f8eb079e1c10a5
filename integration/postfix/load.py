"""Mail in masses, half of it to be refused, and what its senders were answered."""

import re
import threading
import time
import unittest

from harness.client import SmtpClient
from harness.site import Site
from scenario import submit


class Load:
    """Clients that send until the `with` block ends, and note each final answer: `queue_ids` of mail that was taken,
    and the recipients that were `refused`. The site's connectors are CONTOSO."""

    def __init__(self, site: Site, sessions: int):
        self._site = site
        self._stopping = threading.Event()
        self._sessions = [threading.Thread(target=self._send_until_told, args=(number,)) for number in range(sessions)]
        self.queue_ids: list[str] = []
        self.refused: list[str] = []

    def __enter__(self) -> "Load":
        for session in self._sessions:
            session.start()
        return self

    def __exit__(self, *_) -> None:
        self._stopping.set()
        for session in self._sessions:
            session.join()

    @property
    def answers(self) -> int:
        return len(self.queue_ids) + len(self.refused)

    def _send_until_told(self, number: int) -> None:
        for attempt in range(100_000):
            if self._stopping.is_set():
                return
            try:
                with self._site.client() as client:
                    client.ehlo()
                    self._send_one(client, f"user-{number}-{attempt}@example.net", refused=attempt % 2 == 1)
            except OSError:
                time.sleep(0.05)  # Postfix has no milter at the moment, or hangs up

    def _send_one(self, client: SmtpClient, recipient: str, refused: bool) -> None:
        if not refused:
            sent = submit(client, "bob@example.org", recipient)
            if sent.command == "END" and sent.reply.accepted:
                self.queue_ids.append(sent.queue_id)
            elif sent.reply.code == 451:
                time.sleep(0.05)  # a real client would wait for minutes
            return
        client.mail("alice@contoso.com")
        if client.rcpt(recipient).code == 550:
            self.refused.append(recipient)


def assert_all_in_trace(test: unittest.TestCase, site: Site, load: Load) -> None:
    """Each final answer that a client got is in the trace, and each that Postfix's log reports; and each once."""
    rows = site.trace()
    accepted = {row["queue_id"] for row in rows if row["action"] == "accept"}
    refused = [row["rcpt_to"] for row in rows if row["action"] == "reject"]
    test.assertEqual(set(load.queue_ids) - accepted, set(), "accepted, as the clients know")
    test.assertEqual(set(load.refused) - set(refused), set(), "refused, as the clients know")
    log = site.postfix.log()
    logged = set(re.findall(r"qmgr\[\d+\]: (\w+): from=<bob@example\.org>, .*queue active", log))
    test.assertEqual(logged - accepted, set(), "accepted, as the mail log tells")
    logged = set(re.findall(r"reject: RCPT from .*: 550 .* to=<(user-[^>]+)>", log))
    test.assertEqual(logged - set(refused), set(), "refused, as the mail log tells")
    answers = [(row["queue_id"], row["rcpt_to"], row["action"]) for row in rows if row["action"] != "defer"]
    test.assertEqual(len(answers), len(set(answers)), "something is there twice")
