"""An hour in which the fleet's database is away: as many messages as 500 a second are in an hour, and how long it takes until
the database has them all, while as many a second go on coming. Takes some ten minutes and 4 GB below /tmp."""

import json
import subprocess
import time

from harness.fleet import TABLE, make_tables
from harness.postgresql import PASSWORD, PostgreSql
from harness.waiting import wait_until
from harness.workspace import Workspace

from .figures import Figure, Quantity
from .milter import CONNECTOR, NO_CHECKS, PARALLEL
from .programs import Filter, load, load_command, start_connectord

RATE = 500  # messages a second
HOUR = 3600
IN_A_SESSION = 20
MOST_SECONDS = 600


def start(workspace: Workspace, database: PostgreSql) -> Filter:
    password = workspace.path / "password"
    password.write_text(PASSWORD + "\n")
    password.chmod(0o600)
    member = TABLE.format(database=database.uri(), path=workspace.path, name="mx1")
    trace = f'[trace]\nstore = "sqlite:{workspace.path}/trace.db"\n'
    return start_connectord(workspace, "unix", NO_CHECKS + CONNECTOR + trace + member, "outage")


def rows(database: PostgreSql) -> int:
    return int(database.psql("SELECT count(*) FROM connectord.message"))


def measure(workspace: Workspace) -> list[Figure]:
    database = PostgreSql(workspace)
    database.start()
    make_tables(database)
    measured = start(workspace, database)
    sizes = {"body": 500, "parallel": PARALLEL, "messages": IN_A_SESSION}
    before = load(measured, connections=1, **sizes)["passed"]
    wait_until(lambda: rows(database) == before, "the first rows")
    database.stop()
    away = load(measured, connections=RATE * HOUR // (PARALLEL * IN_A_SESSION), seconds=900, **sizes)["passed"]
    # They go on coming while it catches up.
    command = load_command(measured, connections=MOST_SECONDS * RATE // (PARALLEL * IN_A_SESSION), rate=RATE,
                           seconds=MOST_SECONDS, **sizes)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as meanwhile:
        began = time.monotonic()
        database.start()
        wait_until(lambda: rows(database) >= before + away, "the rows of the hour", 3 * MOST_SECONDS)
        taken = time.monotonic() - began
        came = json.loads(meanwhile.communicate()[0])["passed"]
    wait_until(lambda: rows(database) >= before + away + came, "the rest")
    twice = int(database.psql("SELECT count(*) - count(DISTINCT (host, epoch, seq)) FROM connectord.message"))
    lost = before + away + came - rows(database)
    database.stop()
    return [Figure(f"a fleet's trace: {away:,} messages of an hour without the database, caught up", Quantity(taken, "s"),
                   target=MOST_SECONDS),
            Figure("a fleet's trace: lost or twice after that", Quantity(abs(lost) + twice, "messages"), target=0)]
