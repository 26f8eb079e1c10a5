"""SPF, DKIM and DMARC: beside opendkim and opendmarc in a row, for big messages, and while DNS is silent."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from harness.daemon import build_folder
from harness.waiting import wait_until
from harness.workspace import Workspace

from .figures import Figure, Note, Quantity
from .milter import CONNECTOR
from .peers import after_opendkim, start_opendkim, start_opendmarc
from .programs import (Filter, bench_program, google_benchmark, load, load_command, load_in_turns, median_of,
                       read_result, start_connectord)

DNS = "127.53.0.1"
DOMAIN = "partner.example"
SILENT = "silent.example"
SMALL, BIG, HUGE = 5_000, 1_000_000, 10_000_000

CHECKS = f"""
[dns]
servers = ["{DNS}"]
timeout = "5s"
budget = "8s"
[authentication]
spf = true
dkim = true
dmarc = "enforce"
"""

ROUNDS = 3
WAITING = 200


def why_not(workspace: Workspace) -> str:
    """What keeps this from being measured here; empty if nothing does."""
    if os.geteuid() != 0:
        return "must be run as root, for a DNS server on port 53"
    file = workspace.path / "probe.toml"
    file.write_text('[server]\nmilter = "unix:/tmp/none.sock"\nauthserv_id = "mx.example.net"\n' + CHECKS)
    result = subprocess.run([build_folder() / "connectorctl", "check", "--config", file], capture_output=True,
                            text=True, check=False)
    if result.returncode != 0:
        return f"this connectord does not load {(result.stdout + result.stderr).strip().splitlines()[0]}"
    return ""


def make_messages(workspace: Workspace) -> dict:
    """Writes the messages, and returns the zones that go with them."""
    def signed(domain: str, *sizes: int) -> str:
        command = [bench_program("signed_messages"), str(workspace.path), domain, *map(str, sizes)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    signed(SILENT, SMALL)
    records = {
        DOMAIN: {"TXT": [f"v=spf1 include:_spf.{DOMAIN} -all"], "MX": [f"10 mail.{DOMAIN}"]},
        f"_spf.{DOMAIN}": {"TXT": ["v=spf1 ip4:198.51.100.0/24 ip4:203.0.113.0/24 -all"]},
        f"mail.{DOMAIN}": {"A": ["203.0.113.7"]},
        f"_dmarc.{DOMAIN}": {"TXT": [f"v=DMARC1; p=reject; rua=mailto:dmarc@{DOMAIN}"]},
        f"sel._domainkey.{DOMAIN}": {"TXT": [signed(DOMAIN, SMALL, BIG, HUGE)]},
    }
    return {"records": records, "silent": [SILENT]}


def message(workspace: Workspace, size: int, domain: str = DOMAIN) -> Path:
    return workspace.path / f"{domain}-{size}.eml"


def start_dns(workspace: Workspace, zones: dict) -> None:
    file = workspace.path / "zones.json"
    file.write_text(json.dumps(zones))
    process = workspace.start([sys.executable, "-m", "report.dns_server", DNS, str(file)])
    wait_until(lambda: process.poll() is not None or DNS_SOCKET in Path("/proc/net/udp").read_text(), "the DNS server")
    if process.poll() is not None:
        raise RuntimeError(f"the DNS server cannot listen on {DNS}:53")


def as_proc_has_it(address: str, port: int) -> str:
    octets = [int(octet) for octet in address.split(".")]
    return "".join(f"{octet:02X}" for octet in reversed(octets)) + f":{port:04X}"


DNS_SOCKET = as_proc_has_it(DNS, 53)


def require_results(result: dict, *expected: str) -> None:
    """A filter that gave up checking would be quick."""
    said = " ".join(result["last_inserted"])
    missing = [text for text in expected if text not in said]
    if missing:
        raise RuntimeError(f"not checked: {', '.join(missing)} is not in {said!r}")


def measure_beside_peers(workspace: Workspace, ours: Filter) -> list[Figure]:
    small = message(workspace, SMALL)
    opendkim, opendmarc = start_opendkim(workspace, DNS), start_opendmarc(workspace, DNS)
    shape = {"parallel": 8, "connections": 100, "messages": 1}
    found = load_in_turns({"connectord": ours, "opendkim": opendkim}, ROUNDS, message=small, **shape)
    found |= load_in_turns({"opendmarc": opendmarc}, ROUNDS, message=after_opendkim(small, DOMAIN), **shape)
    require_results(found["connectord"][-1], "spf=pass", "dkim=pass", "dmarc=pass")
    require_results(found["opendkim"][-1], "dkim=pass")
    require_results(found["opendmarc"][-1], "dmarc=pass")
    cpu = {name: median_of(results, "cpu_us") for name, results in found.items()}
    both = Quantity(cpu["opendkim"] + cpu["opendmarc"], "us")
    mine = Quantity(cpu["connectord"], "us")
    return [Figure("SPF, DKIM, DMARC: CPU a message, 5 kB", mine, both, "opendkim and opendmarc", 1 / 3),
            Figure("SPF, DKIM, DMARC: CPU a message, 5 kB", mine, Quantity(cpu["opendkim"], "us"), "opendkim alone"),
            *measure_big(workspace, {"connectord": ours, "opendkim": opendkim})]


def measure_big(workspace: Workspace, filters: dict[str, Filter]) -> list[Figure]:
    alone = google_benchmark(workspace, "^LibopendkimRsa2048/1000000", "--benchmark_min_time=0.2",
                             "--benchmark_repetitions=5")["LibopendkimRsa2048/1000000"]
    found = load_in_turns(filters, ROUNDS, message=message(workspace, BIG), parallel=8, connections=15, messages=1)
    require_results(found["connectord"][-1], "dkim=pass")
    require_results(found["opendkim"][-1], "dkim=pass")
    cpu = {name: Quantity(median_of(results, "cpu_us"), "us") for name, results in found.items()}
    return [Figure("SPF, DKIM, DMARC: CPU a message, 1 MB", cpu["connectord"], Quantity(alone, "us"), "libopendkim, no milter", 1.2),
            Figure("SPF, DKIM, DMARC: CPU a message, 1 MB", cpu["connectord"], cpu["opendkim"], "opendkim alone")]


def measure_memory(workspace: Workspace) -> list[Figure]:
    ours = start_connectord(workspace, "unix", CHECKS + CONNECTOR, "huge")
    result = load(ours, message=message(workspace, HUGE), parallel=WAITING, connections=1, messages=1)
    require_results(result, "dkim=pass")
    return [Figure(f"peak memory, {WAITING} messages of 10 MB at once", Quantity(result["peak_kib"] / 1024, "MiB"),
                   target=200)]


def measure_silence(workspace: Workspace) -> list[Figure]:
    """Ordinary messages, while others wait for a DNS that says nothing."""
    ours = start_connectord(workspace, "unix", CHECKS + CONNECTOR, "silence")
    small = message(workspace, SMALL)
    load(ours, message=small, connections=10)
    command = load_command(ours, message=message(workspace, SMALL, SILENT), mail_from=f"ann@{SILENT}",
                           parallel=WAITING, connections=1, messages=1)
    waiting = workspace.start(command, stdout=subprocess.PIPE, text=True)
    time.sleep(1)
    beside = load(ours, message=small, parallel=8, connections=150, messages=1)
    if waiting.poll() is not None:
        raise RuntimeError("the messages without DNS were not waiting while the others were measured")
    output = waiting.communicate(timeout=60)[0]
    silent = read_result(output, waiting.returncode != 0, "silent DNS")
    require_results(beside, "spf=pass", "dkim=pass", "dmarc=pass")
    return [Figure(f"time of a message, p99, beside {WAITING} without DNS", Quantity(beside["latency_ms"]["p99"], "ms"),
                   target=50),
            Figure("the longest of those without DNS", Quantity(silent["latency_ms"]["max"] / 1000, "s"), target=10),
            Figure("threads meanwhile", Quantity(max(beside["threads"], silent["threads"]), "threads"),
                   target=WAITING + 50)]


def measure(workspace: Workspace) -> list[Figure | Note]:
    if reason := why_not(workspace):
        return [Note(f"SPF, DKIM and DMARC are not measured: {reason}.")]
    start_dns(workspace, make_messages(workspace))
    ours = start_connectord(workspace, "unix", CHECKS + CONNECTOR)
    return [*measure_beside_peers(workspace, ours), *measure_memory(workspace), *measure_silence(workspace)]
