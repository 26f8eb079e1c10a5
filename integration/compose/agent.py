#!/usr/bin/python3
"""Does on a host of the arrangement what a scenario wants done there: sends, looks into the mailbox, reads the log.

It runs in the host's container for as long as the scenarios run. Each line of its input is a call, as JSON:
{"call": NAME, "arguments": {…}}; each line of its output is {"result": …} or {"error": TEXT}.
"""

import json
import re
import socket
import ssl
import subprocess
import sys
import traceback
from pathlib import Path

sys.path.insert(0, "/integration")

from harness.certificates import Certificate  # noqa: E402  (the path comes first)
from harness.client import SmtpClient  # noqa: E402
from harness.submission import submit  # noqa: E402
from harness.waiting import wait_until  # noqa: E402

CERTIFICATES = Path("/certificates")
MAILBOX = Path("/var/mail/all/new")
LOG = Path("/var/log/mail.log")


def certificate(name: str) -> Certificate:
    return Certificate(CERTIFICATES / f"{name}.pem", CERTIFICATES / f"{name}.key")


def send(server: str, mail_from: str, recipients: list[str], helo: str, tls: bool, certificate_name: str | None,
         maximum: str | None, before: list[str], headers: list[str], author: str | None, port: int) -> dict:
    """One message; `before` are commands between the greetings and MAIL. Ends at the first refusal."""
    with SmtpClient(port, "", host=server) as client:
        client.ehlo(helo)
        if tls:
            client.starttls(certificate(certificate_name) if certificate_name else None,
                            maximum=ssl.TLSVersion[maximum] if maximum else None)
            client.ehlo(helo)
        for line in before:
            if not (reply := client.command(line)).accepted:
                raise RuntimeError(f"{line}: {reply}")
        sent = submit(client, mail_from, *recipients, headers=tuple(headers), author=author)
        client.quit()
    return {"token": sent.token, "command": sent.command, "code": sent.reply.code, "text": sent.reply.text}


def holding(token: str) -> list[str]:
    """The messages in this host's mailbox that have the token, octet by octet."""
    files = sorted(MAILBOX.iterdir()) if MAILBOX.is_dir() else []
    contents = (file.read_bytes() for file in files)
    return [content.decode("latin-1") for content in contents if token.encode() in content]


def wait_for(token: str, count: int, timeout: float) -> list[str]:
    return wait_until(lambda: found if len(found := holding(token)) >= count else [],
                      f"{count} messages with {token} in {MAILBOX}; it has {len(holding(token))}", timeout)


def wait_for_log(pattern: str, timeout: float) -> str:
    """The first line of the mail server's log that the pattern is found in."""
    def find() -> str:
        lines = LOG.read_text(errors="replace").splitlines() if LOG.exists() else []
        return next((line for line in lines if re.search(pattern, line)), "")
    return wait_until(find, f"/{pattern}/ in {LOG}", timeout)


def wait_for_server(timeout: float) -> bool:
    """Until the mail server of this host greets."""
    def greets() -> bool:
        try:
            with SmtpClient(25, timeout=5.0) as client:
                return client.greeting.accepted
        except OSError:
            return False
    return wait_until(greets, f"a mail server on {socket.getfqdn()}", timeout)


def run(command: list[str], stdin: str) -> dict:
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=60)
    return {"status": done.returncode, "stdout": done.stdout, "stderr": done.stderr}


CALLS = {call.__name__: call for call in (send, holding, wait_for, wait_for_log, wait_for_server, run)}


def answer(line: str) -> dict:
    request = json.loads(line)
    try:
        return {"result": CALLS[request["call"]](**request["arguments"])}
    except TimeoutError as error:
        return {"timeout": str(error)}
    except Exception:  # whatever it is, the scenario must hear of it
        return {"error": traceback.format_exc()}


for line in sys.stdin:
    print(json.dumps(answer(line)), flush=True)
