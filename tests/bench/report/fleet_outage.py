"""An hour in which the fleet's database is away: as many messages as 500 a second are in an hour, and how long it takes until
the database has them all, while as many a second go on coming. Takes some ten minutes and 4 GB below /tmp."""

import threading
import time

from harness.fleet import TABLE, make_tables
from harness.postgresql import PASSWORD, PostgreSql
from harness.waiting import wait_until
from harness.workspace import Workspace

from .figures import Figure, Quantity
from .milter import CONNECTOR, NO_CHECKS, PARALLEL
from .programs import Filter, load, start_connectord

RATE = 500  # messages a second
TURN = 20 * RATE  # messages
TURNS_OF_AN_HOUR = 180
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


class Meanwhile:
    """Mail that goes on coming, for as long as this is entered."""

    def __init__(self, measured: Filter, options: dict):
        self.messages = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(measured, options), daemon=True)

    def _run(self, measured: Filter, options: dict) -> None:
        while not self._end.is_set():
            self.messages += load(measured, rate=RATE, **options)["passed"]

    def __enter__(self) -> "Meanwhile":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._end.set()
        self._thread.join()


def measure(workspace: Workspace) -> list[Figure]:
    database = PostgreSql(workspace)
    database.start()
    make_tables(database)
    measured = start(workspace, database)
    options = {"body": 500, "parallel": PARALLEL, "messages": IN_A_SESSION,
               "connections": TURN // (PARALLEL * IN_A_SESSION)}
    there = load(measured, **options)["passed"]
    wait_until(lambda: rows(database) == there, "the first rows")
    database.stop()
    away = sum(load(measured, **options)["passed"] for _ in range(TURNS_OF_AN_HOUR))
    with Meanwhile(measured, options) as meanwhile:
        began = time.monotonic()
        database.start()
        wait_until(lambda: rows(database) >= there + away, "the rows of the hour", 3 * MOST_SECONDS)
        taken = time.monotonic() - began
    answered = there + away + meanwhile.messages
    wait_until(lambda: rows(database) >= answered, "the rest")
    twice = int(database.psql("SELECT count(*) - count(DISTINCT (host, epoch, seq)) FROM connectord.message"))
    wrong = abs(answered - rows(database)) + twice
    database.stop()
    return [Figure(f"a fleet's trace: {away:,} messages of an hour without the database, caught up", Quantity(taken, "s"),
                   target=MOST_SECONDS),
            Figure("a fleet's trace: lost or twice after that", Quantity(wrong, "messages"), target=0)]
