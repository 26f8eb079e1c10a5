"""Loading a configuration of 100,000 connectors."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path
from statistics import median

from harness.daemon import build_folder
from harness.waiting import wait_until
from harness.workspace import Workspace

from .figures import Figure, Quantity
from .programs import start_connectord

CONNECTORS = 100_000
ROUNDS = 3
MOST_SECONDS = 2
MOST_MEBIBYTES = 300

BY_DOMAIN = """[[inbound]]
name = "partner-{number}"
scenario = "partner"
[inbound.identify]
sender_domains = ["*.partner{number}.example"]
[inbound.require]
tls = true
tls_version = "TLSv1.2"
"""
BY_NETWORK = """[[inbound]]
name = "branch-{number}"
scenario = "on-premises"
[inbound.identify]
client_networks = ["{network}"]
"""
BY_FINGERPRINT = """[[inbound]]
name = "pinned-{number}"
scenario = "partner"
[inbound.identify.certificate]
fingerprints = ["spki-sha256:{number:064x}"]
[inbound.require]
tls = true
"""


def network(number: int) -> str:
    block = 4 * number
    return f"10.{block >> 16 & 255}.{block >> 8 & 255}.{block & 255}/30"


def connector(number: int) -> str:
    form = (BY_DOMAIN, BY_NETWORK, BY_FINGERPRINT)[number % 3]
    return form.format(number=number, network=network(number))


def connectors() -> str:
    return "".join(map(connector, range(CONNECTORS)))


def write_configuration(file: Path) -> None:
    server = '[server]\nmilter = "unix:/tmp/none.sock"\npolicy = "unix:/tmp/none-policy.sock"\n'
    file.write_text(server + connectors())


def check(file: Path) -> tuple[float, float]:
    """Seconds, and MiB at the peak, of one `connectorctl check`."""
    began = time.monotonic()
    process = subprocess.Popen([build_folder() / "connectorctl", "check", "--config", file],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    took = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"the configuration of {CONNECTORS} connectors does not load: {said[:500]}")
    return took, usage.ru_maxrss / 1024


def reload(workspace: Workspace) -> float:
    """MiB at the peak of the daemon, which has the running configuration beside the one that it loads."""
    policy = f'policy = "unix:{workspace.path}/policy.sock"\n'
    ours = start_connectord(workspace, "unix", policy + connectors())
    for generation in range(2, 2 + ROUNDS):
        os.kill(ours.pid, signal.SIGHUP)
        wait_until(lambda: f"generation={generation}," in ours.log.read_text(), f"configuration {generation}")
    status = Path(f"/proc/{ours.pid}/status").read_text()
    return int(re.search(r"^VmHWM:\s+(\d+)", status, re.MULTILINE).group(1)) / 1024


def measure(workspace: Workspace) -> list[Figure]:
    file = workspace.path / "many.toml"
    write_configuration(file)
    seconds, mebibytes = zip(*(check(file) for _ in range(ROUNDS)))
    return [Figure("loading 100,000 connectors", Quantity(median(seconds), "s"), target=MOST_SECONDS),
            Figure("memory at the peak of it", Quantity(max(mebibytes), "MiB"), target=MOST_MEBIBYTES),
            Figure(f"the same in the daemon, {ROUNDS} reloads", Quantity(reload(workspace), "MiB"),
                   target=MOST_MEBIBYTES)]
