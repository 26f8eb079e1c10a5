"""The container image beside a Postfix, as packaging/container/example has them: script/acceptance --container runs it.

    container.py connectord:VERSION
"""

import json
import socket
import subprocess
import sys
import time
from email import message_from_string
from email.message import Message
from pathlib import Path

from host import PARTNER, Failure, assert_tagged, expect, send, succeed, wait_until

from compose.arrangement import compose_command  # host has said where it is

EXAMPLE = Path(__file__).resolve().parents[2] / "packaging" / "container" / "example" / "compose.yml"
POSTFIX = "172.31.25.3"
RECIPIENT = "bob@example.net"


class Arrangement:
    def __init__(self) -> None:
        self._compose = [*compose_command(), "-p", "connectord-container", "-f", str(EXAMPLE)]

    def __enter__(self) -> "Arrangement":
        self("down", "-v", "-t", "1")
        self("up", "-d", "--build")
        return self

    def __exit__(self, *_) -> None:
        self("down", "-v", "-t", "1")

    def __call__(self, *arguments: str) -> str:
        return succeed(*self._compose, *arguments)

    def inspect(self) -> dict:
        return json.loads(succeed("docker", "inspect", self("ps", "-a", "-q", "connectord").strip()))[0]

    def arrived(self, subject: str) -> list[Message]:
        messages = self("exec", "-T", "postfix", "sh", "-c", "for i in /var/mail/all/new/*; do cat $i; printf '\\0'; done")
        parsed = [message_from_string(text) for text in messages.split("\0")[:-1]]
        return [message for message in parsed if message["Subject"] == subject]


def answers() -> bool:
    try:
        socket.create_connection((POSTFIX, 25), 2).close()
    except OSError:
        return False
    return True


def deliver(subject: str, *, tls: bool) -> tuple[int, str]:
    return send(PARTNER, tls=tls, subject=subject, recipient=RECIPIENT, server=POSTFIX)


def assert_confined(connectord: Arrangement, image: str) -> None:
    container = connectord.inspect()
    labels = container["Config"]["Labels"]
    expect(container["Config"]["User"] == "10025:10025" and container["HostConfig"]["ReadonlyRootfs"], str(container))
    expect(image == f"connectord:{labels['org.opencontainers.image.version']}", str(labels))
    identity = connectord("exec", "-T", "connectord", "sh", "-c", "id -u; grep CapEff /proc/self/status; touch /x 2>&1 || true")
    expect(identity.split()[0] == "10025" and "0000000000000000" in identity and "Read-only" in identity, identity)


def main() -> None:
    with Arrangement() as connectord:
        wait_until(answers, "Postfix", 60)
        assert_confined(connectord, sys.argv[1])
        print("container: it runs as 10025 without capabilities, and its root is read-only", flush=True)
        code, text = wait_until(lambda: (reply := deliver("no", tls=False))[0] >= 500 and reply, "connectord's answer", 60)
        expect(text.startswith("5.7.10"), f"without TLS: {code} {text}")
        code, text = deliver("yes", tls=True)
        expect(code == 250, f"over TLS: {code} {text}")
        assert_tagged(wait_until(lambda: connectord.arrived("yes"), "the message in the mailbox", 60))
        print("container: mail without TLS is refused, mail over TLS is tagged", flush=True)
        connectord("exec", "-T", "connectord", "connectorctl", "create", "fabrikam", "--direction", "inbound", "--scenario",
                   "partner", "--set", 'identify.sender_domains=["fabrikam.com"]', "--set", "require.tls=true")
        connectord("restart", "connectord")
        expect("fabrikam" in connectord("exec", "-T", "connectord", "connectorctl", "list"), "the connector is gone")
        print("container: a connector that was made stays", flush=True)
        wait_until(lambda: connectord.inspect()["State"]["Health"]["Status"] == "healthy", "Docker to find it healthy", 120)
        began = time.monotonic()
        connectord("stop", "connectord")
        state = connectord.inspect()["State"]
        expect(state["ExitCode"] == 0, str(state))
        print(f"container: healthy; stopped in {time.monotonic() - began:.1f} s", flush=True)
        code, text = deliver("nobody to ask", tls=True)
        expect(400 <= code < 500, f"with nobody to ask: {code} {text}")


if __name__ == "__main__":
    try:
        main()
    except (Failure, TimeoutError, subprocess.SubprocessError) as error:
        sys.exit(f"container: {error}")
    print("container: all is well")
