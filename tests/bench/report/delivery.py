"""Messages per second through a whole Postfix, from the first connection to the last delivery, with everything of
connectord attached: beside the same Postfix with an empty filter."""

import subprocess
import time
from pathlib import Path
from statistics import median

from harness.network import accepts_connections, free_port
from harness.postfix import PrivatePostfix, beside_connectord
from harness.waiting import wait_until
from harness.workspace import Workspace

from .authentication import CHECKS, DOMAIN, SMALL, make_messages, message, start_dns, why_not
from .figures import Figure, Note, Quantity
from .milter import DEFAULT, NO_CHECKS, start_empty
from .programs import endpoint, start_connectord

MESSAGES = 1000
ROUNDS = 5
PARALLEL = 8
MOST_TIMES = 1 / 0.9  # of the time that the same Postfix takes with an empty filter

PARAMETERS = {"mynetworks": "127.0.0.0/8", "in_flow_delay": "0"}

CONNECTORS = """
[[inbound]]
name = "partner"
scenario = "partner"
[inbound.identify]
sender_domains = ["{domain}"]
[inbound.require]
client_networks = ["127.0.0.0/8"]

[[outbound]]
name = "mailboxes"
scenario = "on-premises"
recipient_domains = ["example.net"]
[outbound.route]
smart_hosts = ["[127.0.0.1]:{sink}"]
[outbound.tls]
level = "opportunistic"
"""


def start_sink(workspace: Workspace) -> int:
    port = free_port()
    workspace.start(["/usr/sbin/smtp-sink", "-u", "nobody", f"127.0.0.1:{port}", "1000"], stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: accepts_connections(f"inet:127.0.0.1:{port}"), "smtp-sink")
    return port


class Postfix:
    """One instance with a folder of its own."""

    def __init__(self, workspace: Workspace, parameters: dict[str, str]):
        self.postfix = PrivatePostfix(workspace, {**PARAMETERS, **parameters})
        self.postfix.start()
        self._seen = 0

    def delivered(self) -> int:
        return self.postfix.log().count("status=sent")

    def seconds_for(self, mail: Path, count: int) -> float:
        before, began = self.delivered(), time.monotonic()
        subprocess.run(["/usr/sbin/smtp-source", "-s", str(PARALLEL), "-m", str(count), "-f", f"ann@{DOMAIN}", "-t",
                        "user@example.net", "-F", str(mail), f"127.0.0.1:{self.postfix.ports['smtp']}"],
                       check=True, timeout=180)
        wait_until(lambda: self.delivered() >= before + count, f"{count} deliveries", 120)
        return time.monotonic() - began


def attached(workspace: Workspace, sink: int, checks: str) -> dict[str, str]:
    """Starts connectord, and says what main.cf needs to ask it for everything."""
    policy, socketmap = endpoint(workspace, "unix", "policy"), endpoint(workspace, "unix", "socketmap")
    ours = start_connectord(workspace, "unix", f'policy = "{policy}"\nsocketmap = "{socketmap}"\n' + checks +
                            CONNECTORS.format(domain=DOMAIN, sink=sink))
    return beside_connectord(milter=ours.endpoint, policy=policy, socketmap=socketmap)


def open_empty_filter(workspace: Workspace) -> str:
    """libmilter's socket is its owner's only, and Postfix has a user of its own."""
    where = start_empty(workspace, "unix").endpoint
    Path(where.removeprefix("unix:")).chmod(0o666)
    return where


def measure_one(mail: Path, checks: str, what: str) -> Figure:
    with Workspace("bench-") as here, Workspace("bench-") as there:
        sink = start_sink(here)
        transport = {f"{kind}_transport": f"smtp:[127.0.0.1]:{sink}" for kind in ("default", "relay")}
        sites = {"ours": Postfix(here, {**transport, **attached(here, sink, checks)}),
                 "empty": Postfix(there, {**transport, "smtpd_milters": open_empty_filter(there)})}
        for site in sites.values():
            site.seconds_for(mail, MESSAGES // 10)
        took: dict[str, list[float]] = {name: [] for name in sites}
        for _ in range(ROUNDS):
            for name, site in sites.items():
                took[name].append(site.seconds_for(mail, MESSAGES))
    ours, beside = (Quantity(median(took[name]) / MESSAGES * 1000, "ms") for name in ("ours", "empty"))
    return Figure(f"Postfix, time for each message, {what}", ours, beside, f"Postfix, {DEFAULT}", MOST_TIMES)


def measure(workspace: Workspace) -> list[Figure | Note]:
    if reason := why_not(workspace):
        return [Note(f"Whole deliveries are not measured: {reason}.")]
    start_dns(workspace, make_messages(workspace))
    mail = message(workspace, SMALL)
    return [measure_one(mail, NO_CHECKS, "all attached"),
            measure_one(mail, CHECKS, "all attached, with SPF, DKIM and DMARC")]
