#!/usr/bin/python3
"""Sends mail in masses to the hosts that it is given, in turn, half of it to be refused, and notes each final answer.

A host that does not answer, or asks to come back, is left for the next one, as mail servers do. Its input has a line
"count" for each time that the number of final answers is wanted; at its end it prints all of them, as JSON.
"""

import itertools
import json
import sys
import threading
import time

sys.path.insert(0, "/integration")

from harness.client import SmtpClient  # noqa: E402  (the path comes first)
from harness.submission import submit  # noqa: E402

SESSIONS = 6
BETWEEN_MESSAGES = 0.03  # seconds
hosts = sys.argv[1:]
accepted = {host: [] for host in hosts}  # queue IDs
refused = {host: [] for host in hosts}  # recipients
deferred = {host: [] for host in hosts}  # replies
gone = dict.fromkeys(hosts, 0)
stopping = threading.Event()


def is_final(host: str, recipient: str, to_be_refused: bool) -> bool:
    try:
        with SmtpClient(25, "", timeout=20, host=host) as client:
            reply = client.greeting if not client.greeting.accepted else client.ehlo()
            if reply.accepted and to_be_refused:
                client.mail("alice@contoso.com")
                reply = client.rcpt(recipient)
            elif reply.accepted:
                reply = submit(client, "bob@example.org", recipient).reply
    except OSError:
        gone[host] += 1
        time.sleep(0.05)
        return False
    if reply.code == 550:
        refused[host].append(recipient)
    elif reply.accepted and reply.queue_id:
        accepted[host].append(reply.queue_id)
    else:
        deferred[host].append(str(reply))
        time.sleep(0.05)
        return False
    return True


def send(number: int) -> None:
    to_be_refused = False
    for attempt, host in enumerate(itertools.cycle(hosts)):
        if stopping.is_set():
            return
        if is_final(host, f"user-{start}-{number}-{attempt}@example.net", to_be_refused):
            to_be_refused = not to_be_refused
            time.sleep(BETWEEN_MESSAGES)


start = int(time.time())
sessions = [threading.Thread(target=send, args=(number,)) for number in range(SESSIONS)]
for session in sessions:
    session.start()
for _ in sys.stdin:
    print(sum(len(some) for kept in (accepted, refused) for some in kept.values()), flush=True)
stopping.set()
for session in sessions:
    session.join()
print(json.dumps({"accepted": accepted, "refused": refused, "deferred": deferred, "gone": gone}))
