"""CPU and memory of the milter, beside an empty filter of the same library under the same load."""

from harness.workspace import Workspace

from .figures import Figure, Quantity
from .programs import (Filter, bench_program, endpoint, libmilter_address, load, load_in_turns, median_of,
                       start_connectord, start_filter)

# The load's message is this connector's: it is attributed, checked, tagged and logged.
CONNECTOR = """
[[inbound]]
name = "partner"
scenario = "partner"
[inbound.identify]
sender_domains = ["partner.example"]
[inbound.require]
tls = true
tls_version = "TLSv1.2"
client_networks = ["203.0.113.0/24"]
"""

# An empty filter checks nothing, so connectord does not here either.
NO_CHECKS = """
[authentication]
spf = false
dkim = false
dmarc = "off"
"""

ROUNDS = 5
PARALLEL = 8
MOST_TIMES = 1.3
SAME = "empty filter, same steps"
DEFAULT = "empty filter, default steps"
MOST_KIB_A_SESSION = 16
# Most SMTP sessions bring one message; the more they bring, the less counts what a session itself costs.
SHAPES = {"1 message a session": {"connections": 300, "messages": 1},
          "20 messages a session": {"connections": 20, "messages": 20}}


def start_empty(workspace: Workspace, transport: str, *flags: str) -> Filter:
    name = f"empty{''.join(flags)}-{transport}"
    where = endpoint(workspace, transport, name)
    return start_filter(workspace, [bench_program("empty_filter"), libmilter_address(where), *flags], where, name)


def measure_shape(filters: dict[str, Filter], where: str, shape: str) -> list[Figure]:
    results = load_in_turns(filters, ROUNDS, parallel=PARALLEL, **SHAPES[shape])
    cpu = {name: Quantity(median_of(results[name], "cpu_us"), "us") for name in filters}
    p99 = {name: Quantity(median_of(results[name], "latency_ms", "p99"), "ms") for name in filters}
    ours = "connectord"
    return [*(Figure(f"CPU a message, {where}, {shape}", cpu[ours], cpu[peer], peer, MOST_TIMES)
              for peer in (SAME, DEFAULT)),
            Figure(f"time of a message, p99, {where}, {shape}", p99[ours], p99[SAME], SAME)]


def measure_transport(workspace: Workspace, transport: str, where: str) -> list[Figure]:
    filters = {"connectord": start_connectord(workspace, transport, NO_CHECKS + CONNECTOR),
               SAME: start_empty(workspace, transport, "--steps"), DEFAULT: start_empty(workspace, transport)}
    return [figure for shape in SHAPES for figure in measure_shape(filters, where, shape)]


def measure_idle(workspace: Workspace) -> Figure:
    ours = start_connectord(workspace, "unix", NO_CHECKS + CONNECTOR, "idle")
    return Figure("memory of an idle session, of 1,000", Quantity(load(ours, idle=1000)["kib_each"], "KiB"),
                  target=MOST_KIB_A_SESSION)


def measure(workspace: Workspace) -> list[Figure]:
    return [*measure_transport(workspace, "unix", "unix socket"), *measure_transport(workspace, "inet", "TCP"),
            measure_idle(workspace)]
