"""The message trace: what it adds to a message, how large it is, and how quickly it is searched."""

import json
import subprocess
import time
from statistics import median

from harness.workspace import Workspace

from .figures import Figure, Note, Quantity
from .milter import CONNECTOR, NO_CHECKS, PARALLEL, SHAPES
from .programs import Filter, bench_program, load, start_connectord

ROWS = 1_000_000
ROUNDS = 6
TIMES_THE_LOAD = 3
MOST_MICROSECONDS = 30
SEARCHES = {"recipient": ("by recipient", 50), "message_id": ("by message ID", 50),
            "nobody": ("for a recipient that is nowhere", 50), "newest": ("the newest page", 10),
            "report": ("a report of one day by connector", 200)}


def cpu_seconds(process: int) -> float:
    """Of all threads, user and system: clock_getcpuclockid(3)."""
    return time.clock_gettime((~process << 3) | 2)


def settled_cpu(filters: dict[str, Filter]) -> dict[str, float]:
    """When what is done after the answers, when it is quiet for a second, is done too."""
    time.sleep(2.5)
    return {name: cpu_seconds(measured.pid) for name, measured in filters.items()}


def measure_added(workspace: Workspace, shape: str) -> list[Figure]:
    """The same load in turns on two daemons, one of which keeps a trace."""
    trace = f'[trace]\nstore = "sqlite:{workspace.path}/{shape.replace(" ", "-")}.db"\n'
    filters = {"with": start_connectord(workspace, "unix", NO_CHECKS + trace + CONNECTOR, f"with-{shape[0]}"),
               "without": start_connectord(workspace, "unix", NO_CHECKS + CONNECTOR, f"without-{shape[0]}")}
    options = {**SHAPES[shape], "connections": SHAPES[shape]["connections"] * TIMES_THE_LOAD, "parallel": PARALLEL}
    for measured in filters.values():
        load(measured, **options)
    before = settled_cpu(filters)
    results: dict[str, list[dict]] = {name: [] for name in filters}
    for turn in range(ROUNDS):
        for name in sorted(filters, reverse=turn % 2 == 0):
            results[name].append(load(filters[name], **options))
    after = settled_cpu(filters)
    passed = {name: sum(result["passed"] for result in results[name]) for name in filters}
    cpu = {name: (after[name] - before[name]) / passed[name] * 1e6 for name in filters}
    rate = {name: passed[name] / sum(result["seconds"] for result in results[name]) for name in filters}
    return [Figure(f"CPU that the trace adds to a message, {shape}", Quantity(cpu["with"] - cpu["without"], "us"),
                   target=MOST_MICROSECONDS),
            Figure(f"messages a second with a trace, {shape}", Quantity(rate["with"], "1/s"),
                   Quantity(rate["without"], "1/s"), "without"),
            Figure(f"time of a message with a trace, p99, {shape}", p99(results["with"]), p99(results["without"]),
                   "without")]


def p99(results: list[dict]) -> Quantity:
    return Quantity(median(result["latency_ms"]["p99"] for result in results), "ms")


def measure_store(workspace: Workspace, rows: int) -> list[Figure]:
    command = [bench_program("trace_bench"), "--file", f"{workspace.path}/large.db", "--rows", str(rows)]
    found = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True, timeout=1800).stdout)
    added, what = found["add"], f"among {rows:,} messages"
    if added["failed"]:
        raise RuntimeError(f"{added['failed']} messages were not kept")
    lines = [Figure(f"the trace alone: CPU a message, 8 sessions, {what}", Quantity(added["cpu_us"], "us"),
                    target=MOST_MICROSECONDS),
             Figure(f"the trace alone: messages a second, {what}", Quantity(added["messages_per_second"], "1/s")),
             Figure("the trace alone: time until a message is kept, p99", Quantity(added["p99_ms"], "ms")),
             Figure(f"the trace on disk, each message, {what}", Quantity(found["bytes_a_message"], "bytes"))]
    for name, (title, target) in SEARCHES.items():
        taken = found["search"][name]
        lines += [Figure(f"search {what}: {title}, median", Quantity(taken["median_ms"], "ms"), target=target),
                  Figure(f"search {what}: {title}, longest of 50", Quantity(taken["max_ms"], "ms"))]
    return lines


def measure(workspace: Workspace) -> list[Figure | Note]:
    return [*(figure for shape in SHAPES for figure in measure_added(workspace, shape)),
            *measure_store(workspace, ROWS),
            Note(f"The trace was searched among {ROWS:,} messages; script/bench trace-large does it among ten times as "
                 "many, and takes some ten minutes and 10 GB.")]
