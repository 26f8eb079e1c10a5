"""The console on a large trace: how long people wait, and what ten busy consoles cost the mail. Takes some minutes, and needs
Chromium and console/node_modules (script/console)."""

import contextlib
import http.client
import json
import os
import subprocess
import threading
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Callable
from urllib.parse import urlsplit

from harness.daemon import build_folder
from harness.network import free_port
from harness.workspace import Workspace

from .figures import Figure, Note, Quantity
from .milter import CONNECTOR, NO_CHECKS, PARALLEL, SHAPES
from .programs import Filter, bench_program, load, start_connectord
from .trace import p99

ROWS = 1_000_000
CONSOLES = 10
PAUSE = 0.1  # seconds between two questions of one
ROUNDS = 16
# Of a busy site. With as many as the machine can do, a message waits for a processor, whoever else has it.
RATE = 500  # messages a second
PACED_ROUNDS = 8
FIRST_PAGE_MS = 300
OVERVIEW_MS = 500
NEIGHBOUR_SHARE = 0.4  # of a processor, which ten consoles cost
MOST_GROWTH = 2_000_000  # bytes, over 50 pages
MOST_SLOWER = 1.1
CONSOLE = Path(__file__).resolve().parents[3] / "console"
# What the pages ask for.
PATHS = ("/health", "/api/exchange/insights", "/api/exchange/reports/connectors?group=action&since=24h&interval=hour",
         "/api/exchange/reports/connectors?group=tls&since=24h&interval=hour", "/api/exchange/messagetrace?since=2d&limit=50",
         "/api/exchange/messagetrace?sender=nobody.example&since=90d&limit=50", "/api/exchange/connectors")


class BusyConsoles:
    """Each opens a page a second, which asks some ten things. What they cost themselves is not this machine's."""

    def __init__(self, origin: str, token: str):
        self._address, self._token = urlsplit(origin).netloc, token
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,), daemon=True) for number in range(CONSOLES)]

    def _run(self, number: int) -> None:
        # Consoles are elsewhere: whatever mail wakes up does not wait for the end of their turns.
        os.sched_setscheduler(threading.get_native_id(), os.SCHED_IDLE, os.sched_param(0))
        connection = http.client.HTTPConnection(self._address, timeout=60)
        turn = number
        while not self._end.is_set():
            connection.request("GET", PATHS[turn % len(PATHS)], headers={"Authorization": f"Bearer {self._token}"})
            answer = connection.getresponse()
            answer.read()
            if answer.status not in (200, 503):
                raise RuntimeError(f"{PATHS[turn % len(PATHS)]}: {answer.status}")
            turn += 1
            self._end.wait(PAUSE)

    def __enter__(self) -> "BusyConsoles":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join(60)


# Computes for that share of each 10 ms, whenever nobody else wants the processor.
NEIGHBOUR = """
import os, time
os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
while True:
    end = time.perf_counter() + 0.01 * {share}
    while time.perf_counter() < end:
        pass
    time.sleep(0.01 * (1 - {share}))
"""


@contextlib.contextmanager
def busy_neighbour():
    """A process that costs what the consoles do and has nothing to do with connectord: what it costs the mail, any
    program on this machine does."""
    code = NEIGHBOUR.format(share=NEIGHBOUR_SHARE)
    with subprocess.Popen(["/usr/bin/python3", "-c", code], stdin=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.kill()


def in_browser(origin: str, token: str) -> dict:
    world = {"origin": origin, "tokens": {"read": token}}
    figures: dict = {}
    with subprocess.Popen(["node", "e2e/run.mjs", "speed", json.dumps(world)], cwd=CONSOLE, text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as browser:
        for line in browser.stdout:
            if line.startswith("ask "):
                figures = json.loads(line.removeprefix("ask "))["figures"]
                browser.stdin.write("{}\n")
                browser.stdin.flush()
        errors = browser.stderr.read()
    if browser.returncode != 0:
        raise RuntimeError(errors)
    return figures


def start(workspace: Workspace) -> tuple[Filter, str, str]:
    """A connectord with a console on a full trace; where that is, and a token."""
    file = workspace.path / "large.db"
    subprocess.run([bench_program("trace_bench"), "--file", str(file), "--rows", str(ROWS), "--added", "100", "--searches", "1"],
                   stdout=subprocess.DEVNULL, check=True, timeout=1800)
    port = free_port()
    server = (f'api = "inet:127.0.0.1:{port}"\napi_tokens = "{workspace.path}/tokens"\n'
              f'audit_log = "{workspace.path}/audit.log"\nhistory = "{workspace.path}/changes.json"\n')
    validation = f'[validation]\nstate = "{workspace.path}/validation"\n'
    trace = f'[trace]\nstore = "sqlite:{file}"\n'
    measured = start_connectord(workspace, "unix", server + NO_CHECKS + trace + validation + CONNECTOR, "console")
    made = subprocess.run([str(build_folder() / "connectorctl"), "token", "add", "bench", "--role", "read", "--config",
                           str(workspace.path / "console-unix.toml")], stdout=subprocess.PIPE, text=True, check=True)
    return measured, f"http://127.0.0.1:{port}", made.stdout.strip()


def in_turns(measured: Filter, besides: list[Callable[[], AbstractContextManager]], rounds: int, **options: object) -> list[Quantity]:
    """The p99 of a message's time beside each of these."""
    results: list[list[dict]] = [[] for _ in besides]
    for _ in range(rounds):
        for which, beside in zip(results, besides):
            with beside():
                which.append(load(measured, **options))
    return [p99(each) for each in results]


def measure(workspace: Workspace) -> list[Figure | Note]:
    if not (CONSOLE / "node_modules" / "playwright-core").exists():
        return [Note("The console was not measured: console/node_modules is missing; script/console makes it.")]
    measured, origin, token = start(workspace)
    seen = in_browser(origin, token)
    options = {**SHAPES[next(iter(SHAPES))], "parallel": PARALLEL}
    load(measured, **{**options, "connections": 10})
    besides = [lambda: BusyConsoles(origin, token), busy_neighbour, contextlib.nullcontext]
    paced, neighbour, alone = in_turns(measured, besides, PACED_ROUNDS, **options, rate=RATE)
    flat_out = in_turns(measured, besides, ROUNDS, **options)
    beside = f"time of a message beside {CONSOLES} busy consoles, p99"
    what = f"with {ROWS:,} messages"
    return [Figure(f"console: first page of the trace, from click to text, {what}", Quantity(seen["first_page_ms"], "ms"),
                   target=FIRST_PAGE_MS),
            Figure(f"console: overview, all of it, {what}", Quantity(seen["overview_ms"], "ms"), target=OVERVIEW_MS),
            Figure("console: heap that 50 more pages leave", Quantity(max(seen["heap_growth"], 0), "bytes"), target=MOST_GROWTH),
            Figure(f"{beside}, {RATE} a second", paced, neighbour, "a neighbour", target=MOST_SLOWER),
            Figure(f"{beside}, {RATE} a second", paced, alone, "alone"),
            Figure(f"{beside}, as many as can be", flat_out[0], flat_out[1], "a neighbour", target=MOST_SLOWER),
            Figure(f"{beside}, as many as can be", flat_out[0], flat_out[2], "alone")]
