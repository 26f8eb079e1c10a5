"""One attempt to send a message, and what came of it."""

import uuid
from dataclasses import dataclass
from typing import Callable

from .client import Reply, SmtpClient, message

RECIPIENT = "user@example.net"


def new_token() -> str:
    """Marks one message so that it is found again at its destination."""
    return "token-" + uuid.uuid4().hex


@dataclass(frozen=True)
class Sent:
    """One attempt to send: the reply that decided it, and the command that got it (END for the end of the data)."""

    token: str
    command: str
    reply: Reply

    @property
    def queue_id(self) -> str:
        return self.reply.queue_id


def submit(client: SmtpClient, mail_from: str, *recipients: str, headers: tuple[str, ...] = (),
           author: str | None = "sender", body: str | bytes = "Hello.",
           finish: Callable[[bytes], bytes] = lambda content: content) -> Sent:
    """One message over a connection that is ready for MAIL; stops at the first refusal.

    `finish` has the last word on the content: it signs it, for example.
    """
    token = new_token()
    content = finish(message(token, *headers, author=author, body=body))
    for command, say in (("MAIL", lambda: client.mail(mail_from)),
                         *(("RCPT", lambda to=to: client.rcpt(to)) for to in recipients or (RECIPIENT,)),
                         ("END", lambda: client.data(content))):
        reply = say()
        if not reply.accepted:
            break
    return Sent(token, command, reply)
