"""A Debian system with connectord's package, as its administrator and those who send it mail see it."""

import mailbox
import os
import smtplib
import ssl
import subprocess
import sys
from collections import Counter
from email.message import Message
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.waiting import wait_until  # noqa: E402

MAIN_CF = Path("/etc/postfix/main.cf")
CONFIGURATION = Path("/etc/connectord/connectord.toml")
SOCKET = Path("/var/spool/postfix/connectord/milter.sock")
USER = "connectord-tester"  # has a mailbox
RECIPIENT = f"{USER}@localhost"
PARTNER = "alice@contoso.com"

# The connector of all that is tried: the partner's mail comes over TLS only.
CONNECTOR = ("contoso", "--direction", "inbound", "--scenario", "partner",
             "--set", 'identify.sender_domains=["contoso.com"]', "--set", "require.tls=true")

# Here is no DNS, so what needs it is switched off.
NO_CHECKS = """
[authentication]
spf = false
dkim = false
dmarc = "off"
"""


class Failure(Exception):
    """What is not as it should be."""


def run(*command: str | Path, environment: dict[str, str] | None = None) -> tuple[int, str]:
    """The exit status, and all that was said."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", check=False, env={**os.environ, **(environment or {})})
    return done.returncode, done.stdout


def succeed(*command: str | Path, environment: dict[str, str] | None = None) -> str:
    status, said = run(*command, environment=environment)
    if status != 0:
        raise Failure(f"{' '.join(map(str, command))} ended with {status}:\n{said}")
    return said


def expect(condition: object, what: str) -> None:
    if not condition:
        raise Failure(what)


def apt(*arguments: str | Path, environment: dict[str, str] | None = None) -> str:
    return succeed("apt-get", "-y", "-q", "--no-install-recommends", *arguments,
                   environment={"DEBIAN_FRONTEND": "noninteractive", **(environment or {})})


def make_mailbox() -> None:
    if run("id", USER)[0] != 0:
        succeed("useradd", "--create-home", USER)


def send(mail_from: str, *, tls: bool, subject: str = "Hello", recipient: str = RECIPIENT,
         server: str = "127.0.0.1") -> tuple[int, str]:
    """Sends one message to that host's SMTP port. The last reply: that to the end of data, or the first that is none of
    success."""
    try:
        with smtplib.SMTP(server, 25, local_hostname="client.example.org", timeout=60) as client:
            return converse(client, mail_from, tls, subject, recipient)
    except smtplib.SMTPResponseException as error:
        return error.smtp_code, bytes(error.smtp_error).decode(errors="replace")


def converse(client: smtplib.SMTP, mail_from: str, tls: bool, subject: str, recipient: str) -> tuple[int, str]:
    client.ehlo()
    if tls:
        unverified = ssl.create_default_context()
        unverified.check_hostname = False
        unverified.verify_mode = ssl.CERT_NONE
        client.starttls(context=unverified)
        client.ehlo()
    for command in (lambda: client.mail(mail_from), lambda: client.rcpt(recipient)):
        code, text = command()
        if code >= 400:
            return code, text.decode(errors="replace")
    code, text = client.data(f"From: {mail_from}\r\nTo: {recipient}\r\nSubject: {subject}\r\n"
                             "X-Connector: forged\r\n\r\nHello.\r\n")
    return code, text.decode(errors="replace")


def arrived() -> list[Message]:
    """What is in the mailbox. Who reads while a message is written sees that one later."""
    return list(mailbox.mbox(f"/var/mail/{USER}", create=False)) if Path(f"/var/mail/{USER}").exists() else []


def arrived_with(subject: str) -> Message:
    return wait_until(lambda: [message for message in arrived() if message["Subject"] == subject],
                      f"the message {subject!r} in the mailbox", 300)[0]


def assert_tagged(messages: list[Message]) -> None:
    tags = Counter(str(message.get_all("X-Connector")) for message in messages)
    expect(set(tags) == {"['contoso']"}, f"tags of what arrived: {tags}")


def assert_connector_is_enforced() -> None:
    """Mail as it was agreed arrives with the connector's tag alone; without TLS it is refused."""
    code, text = send(PARTNER, tls=False)
    expect(code == 550 and text.startswith("5.7.10"), f"without TLS: {code} {text}")
    code, text = send(PARTNER, tls=True, subject="as agreed")
    expect(code == 250, f"over TLS: {code} {text}")
    assert_tagged([arrived_with("as agreed")])
