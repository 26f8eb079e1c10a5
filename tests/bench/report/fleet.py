"""The trace of a fleet: what it costs a member, how fast one PostgreSQL takes it, and how quickly it is searched there."""

import json
import subprocess

from harness.daemon import connectorctl
from harness.postgresql import PostgreSql
from harness.workspace import Workspace

from .figures import Figure, Note, Quantity
from .programs import bench_program

ROWS = 500_000
MOST_MICROSECONDS = 10
MANY_ROWS = 30_000
SEARCHES = {"recipient": ("by recipient", 50), "message_id": ("by message ID", 50),
            "nobody": ("for a recipient that is nowhere", 50), "common_domain": ("the newest of a common domain", 50),
            "newest": ("the newest page", 50), "report": ("a report of one day by connector", 200)}


def measure(workspace: Workspace, rows: int = ROWS) -> list[Figure | Note]:
    database = PostgreSql(workspace)
    database.start()
    try:
        done = connectorctl("fleet", "migrate", "--database", database.admin_uri())
        if done.status:
            raise RuntimeError(done.stderr)
        folder = workspace.path / "fleet"
        folder.mkdir()
        command = [bench_program("fleet_bench"), "--folder", str(folder), "--database", database.admin_uri(), "--rows",
                   str(rows)]
        found = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True, timeout=1800).stdout)
    finally:
        database.stop()
    sent, what = found["send"], f"{rows:,} messages"
    lines: list[Figure | Note] = [
        Figure("a fleet's trace: CPU that a member needs for a message and its delivery",
               Quantity(sent["cpu_us_per_message"], "us"), target=MOST_MICROSECONDS),
        Figure(f"a fleet's trace: {MANY_ROWS:,} rows into one PostgreSQL, {what}",
               Quantity(MANY_ROWS / sent["rows_per_second"] * 1000, "ms"), target=1000)]
    for name, (title, target) in SEARCHES.items():
        taken = found["search"][name]
        lines += [Figure(f"a fleet's search, {what}: {title}, median", Quantity(taken["median_ms"], "ms"), target=target),
                  Figure(f"a fleet's search, {what}: {title}, longest of 50", Quantity(taken["max_ms"], "ms"))]
    return lines
