"""The programs that measure, and those that are measured."""

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from harness.daemon import build_folder
from harness.network import accepts_connections, free_port
from harness.waiting import wait_until
from harness.workspace import Workspace


def bench_program(name: str) -> str:
    return str(build_folder() / "tests" / "bench" / name)


@dataclass(frozen=True)
class Filter:
    """A running filter: where it listens, in Postfix's notation, its process, and the file that it logs to."""

    endpoint: str
    pid: int
    log: Path


def endpoint(workspace: Workspace, transport: str, name: str) -> str:
    """A new listener: a unix socket in the workspace, or a free port on the loopback."""
    return f"unix:{workspace.path}/{name}.sock" if transport == "unix" else f"inet:127.0.0.1:{free_port()}"


def libmilter_address(postfix_address: str) -> str:
    """libmilter puts the port first."""
    found = re.fullmatch(r"inet:(.+):(\d+)", postfix_address)
    return f"inet:{found.group(2)}@{found.group(1)}" if found else postfix_address


def start_filter(workspace: Workspace, command: list[str], where: str, name: str) -> Filter:
    """Starts a filter and waits until it listens. What it says is in `name`.log."""
    log_file = workspace.path / f"{name}.log"
    with log_file.open("ab") as log:
        process = workspace.start(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def ready() -> bool:
        if process.poll() is not None:
            raise RuntimeError(f"{name} ended at once: {log_file.read_text(errors='replace')}")
        return accepts_connections(where)

    wait_until(ready, f"{name} on {where}")
    return Filter(where, process.pid, log_file)


def start_connectord(workspace: Workspace, transport: str, configuration: str, name: str = "connectord") -> Filter:
    """`configuration` begins with what belongs into [server]."""
    where = endpoint(workspace, transport, f"{name}-{transport}")
    file = workspace.path / f"{name}-{transport}.toml"
    file.write_text(f'[server]\nmilter = "{where}"\nauthserv_id = "mx.example.net"\n{configuration}')
    command = [str(build_folder() / "connectord"), "--config", str(file)]
    return start_filter(workspace, command, where, f"{name}-{transport}")


def load_command(measured: Filter, **options: object) -> list[str]:
    flags = [text for key, value in options.items() for text in (f"--{key.replace('_', '-')}", str(value))]
    return [bench_program("milter_load"), "--endpoint", measured.endpoint, "--pid", str(measured.pid), *flags]


def read_result(output: str, failed: bool, what: str) -> dict:
    result = json.loads(output) if output else {}
    if failed or result.get("failed"):
        raise RuntimeError(f"milter_load on {what}: {result.get('problem') or 'ended with an error'}")
    return result


def load(measured: Filter, **options: object) -> dict:
    """Runs milter_load with these options and returns what it found."""
    done = subprocess.run(load_command(measured, **options), stdout=subprocess.PIPE, text=True, check=False, timeout=180)
    return read_result(done.stdout, done.returncode != 0, measured.endpoint)


def load_in_turns(filters: dict[str, Filter], rounds: int, **options: object) -> dict[str, list[dict]]:
    """The same load for each, one after the other, several times: what else happens on the machine meets them all
    alike. An unmeasured one first warms them up."""
    for measured in filters.values():
        load(measured, **{**options, "connections": 10})
    results: dict[str, list[dict]] = {name: [] for name in filters}
    for _ in range(rounds):
        for name, measured in filters.items():
            results[name].append(load(measured, **options))
    return results


def median_of(results: list[dict], *keys: str) -> float:
    def pick(result: dict) -> float:
        for key in keys:
            result = result[key]
        return result

    return median(map(pick, results))


def google_benchmark(workspace: Workspace, pattern: str, *flags: str) -> dict[str, float]:
    """Medians by name, in each benchmark's own unit of time. The repetitions of all are mixed, so that what else happens
    on the machine meets them all alike."""
    file: Path = workspace.path / "benchmark.json"
    subprocess.run([bench_program("connectord_bench"), f"--benchmark_filter={pattern}", f"--benchmark_out={file}",
                    "--benchmark_report_aggregates_only=true", "--benchmark_enable_random_interleaving=true", *flags],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=180)
    runs = json.loads(file.read_text())["benchmarks"]
    return {run["run_name"].partition("/repeats")[0]: run["cpu_time"] for run in runs
            if run["aggregate_name"] == "median"}
