"""Lookups in the socketmap, among many outbound connectors, from many connections."""

import json
import subprocess
from statistics import median

from harness.workspace import Workspace

from .figures import Figure, Quantity
from .milter import NO_CHECKS
from .programs import Filter, bench_program, google_benchmark, start_connectord

CONNECTORS = 100_000
CONNECTIONS = 100
ROUNDS = 3
MOST_MICROSECONDS_A_LOOKUP = 20  # 50,000 lookups a second on one core
MOST_P99_MICROSECONDS = 1000
MOST_MICROSECONDS_A_DESTINATION = 10  # 100,000 lookups a second on one core

CONNECTOR = """
[[outbound]]
name = "out-{n}"
scenario = "partner"
recipient_domains = ["d{n}.example", "*.d{n}.example"]
[outbound.route]
smart_hosts = ["[mx.d{n}.example]:25"]
[outbound.tls]
level = "match"
match = ["mx.d{n}.example"]
version = "TLSv1.2"
"""


def load(daemon: Filter, path: str, connections: int) -> dict:
    done = subprocess.run([bench_program("socketmap_load"), "--socket", path, "--pid", str(daemon.pid),
                           "--connections", str(connections), "--connectors", str(CONNECTORS)], stdout=subprocess.PIPE,
                          check=True, text=True, timeout=60)
    return json.loads(done.stdout)


def measure(workspace: Workspace) -> list[Figure]:
    path = f"{workspace.path}/socketmap.sock"
    configuration = f'socketmap = "unix:{path}"\n' + NO_CHECKS
    daemon = start_connectord(workspace, "unix", configuration + "".join(CONNECTOR.format(n=n) for n in range(CONNECTORS)))
    results = [load(daemon, path, CONNECTIONS) for _ in range(ROUNDS)]
    found = {key: median(result[key] for result in results) for key in results[0]}
    destinations = google_benchmark(workspace, "^tls_policy_of_destination", "--benchmark_repetitions=3")
    of_many, of_few = (Quantity(destinations[f"tls_policy_of_destination/{number}"] / 1000, "us") for number in (100_000, 1000))
    what = "of 100 connections, 100,000 outbound connectors"
    return [Figure(f"CPU a lookup, {what}", Quantity(found["cpu_us"], "us"), target=MOST_MICROSECONDS_A_LOOKUP),
            Figure(f"time of a lookup, p99, {what}", Quantity(found["p99_us"], "us"), target=MOST_P99_MICROSECONDS),
            Figure("lookups a second, load and daemon sharing the machine", Quantity(found["answers_a_second"], "1/s")),
            Figure("a TLS policy among 100,000 destinations whose policies are kept", of_many,
                   target=MOST_MICROSECONDS_A_DESTINATION),
            Figure("the same, beside a thousand", of_many, of_few, "among 1,000"),
            Figure("memory with them", Quantity(found["resident_kib"] / 1024, "MiB"))]
