"""The joint trace of a fleet as it is after a month of much mail. Takes too long, and too much of the disk, for every run.

What a member wrote of half a million messages is multiplied in the database, day by day: each copy stands right after its
original, with a queue ID and a message ID of its own. So the product's own search finds what it would find.
"""

import json
import os
import re
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness.daemon import connectorctl
from harness.postgresql import PostgreSql
from harness.workspace import Workspace

from .figures import Figure, Note, Quantity
from .fleet import SEARCHES
from .programs import bench_program

ORIGINALS = 500_000
COPIES = int(os.environ.get("FLEET_LARGE_COPIES", "34"))  # of each, itself among them
FREE_AT_LEAST = 30e9  # bytes of the disk that stay free
BYTES_EACH = 1_500  # of a message with a recipient and a delivery and all indexes, at most
SETTINGS = ("wal_level=minimal", "max_wal_senders=0", "maintenance_work_mem=512MB", "max_parallel_maintenance_workers=0",
            "autovacuum=off")

# Messages are one recipient each, so a message has the number of its row.
NUMBER = "({column} * {copies} + k)::bigint"
# Not into the next day, whose table is another one.
TIME = "CASE WHEN t % 86400000 < 86390000 THEN t + k ELSE t END"
RANDOM = "(random() * 4294967295 - 2147483648)::bigint::integer"
TABLES = {
    "message": {"t": TIME, "seq": NUMBER, "queue_id": "CASE k WHEN 0 THEN queue_id ELSE queue_id || 'x' || k END",
                "message_id": "CASE k WHEN 0 THEN message_id ELSE '<' || k || '.' || substr(message_id, 2) END",
                "message_id_term": f"CASE k WHEN 0 THEN message_id_term ELSE {RANDOM} END",
                "queue_id_term": f"CASE k WHEN 0 THEN queue_id_term ELSE {RANDOM} END"},
    "recipient": {"t": TIME, "seq": NUMBER, "message": NUMBER},
    "delivery": {"t": TIME, "seq": NUMBER, "message": NUMBER},
    "term": {"t": TIME, "seq": NUMBER},
}
COLUMNS = "SELECT string_agg(attname, ',' ORDER BY attnum) FROM pg_attribute WHERE attrelid = '{parent}'::regclass AND attnum > 0"
DAYS = "SELECT right(c.relname, 8), pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid " \
       "WHERE i.inhparent = '{parent}'::regclass ORDER BY 1"


def multiply(database: PostgreSql, parent: str, day: str, bounds: str, columns: str) -> None:
    """Indexes are made when the table is full, and nobody waits for whoever does it with another day."""
    changed = TABLES[parent]
    values = ",".join(changed.get(name, name).format(column=name, copies=COPIES) for name in columns.split(","))
    table = f"{parent}_{day}"
    made = f"{table}_made"
    indexes = re.sub(r"CREATE INDEX \S+ ON \S+ ", f"CREATE INDEX ON {made} ",
                     database.psql(f"SELECT string_agg(indexdef, ';') FROM pg_indexes WHERE tablename = '{table}'"))
    database.psql(f"ALTER TABLE {parent} DETACH PARTITION {table}")
    database.psql(f"CREATE TABLE {made} (LIKE {table}); INSERT INTO {made}({columns}) SELECT {values} FROM {table}, "
                  f"generate_series(0, {COPIES - 1}) AS k; DROP TABLE {table}; {indexes}")
    database.psql(f"ALTER TABLE {made} RENAME TO {table}; ALTER TABLE {parent} ATTACH PARTITION {table} {bounds}")
    database.psql(f"ANALYZE {table}")


def multiply_all(database: PostgreSql) -> None:
    with ThreadPoolExecutor(2) as workers:
        for parent in TABLES:
            columns = database.psql(COLUMNS.format(parent=parent))
            days = [line.split("|") for line in database.psql(DAYS.format(parent=parent)).splitlines()]
            for done in [workers.submit(multiply, database, parent, day, bounds, columns) for day, bounds in days]:
                done.result()
    for table in ("volume", "rule_volume"):
        database.psql(f"UPDATE {table} SET messages = messages * {COPIES}, recipients = recipients * {COPIES}")


def cpu_of_sessions(database: PostgreSql) -> float:
    """Seconds, of all that have ended."""
    pid = (database.data / "postmaster.pid").read_text().split()[0]
    waited_for = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[13:15]
    return sum(map(int, waited_for)) / os.sysconf("SC_CLK_TCK")


def measure(workspace: Workspace) -> list[Figure | Note]:
    room = shutil.disk_usage(workspace.path).free - FREE_AT_LEAST
    if room < ORIGINALS * COPIES * BYTES_EACH:
        return [Note(f"The disk has no room for {ORIGINALS * COPIES:,} messages; set FLEET_LARGE_COPIES to less than {COPIES}.")]
    database = PostgreSql(workspace)
    with (database.data / "postgresql.conf").open("a") as file:
        file.write("\n".join(SETTINGS) + "\n")
    database.start()
    try:
        return measured(workspace, database)
    finally:
        database.stop()


def searches(command: list[str]) -> dict:
    """Of each kind 50, the same ones each time: what the first time has to come from the disk is in memory the next."""
    done = subprocess.run([*command, "--filled"], stdout=subprocess.PIPE, check=True, text=True, timeout=900)
    found = json.loads(done.stdout)["search"]
    if min(found[name]["rows"] for name in ("recipient", "message_id", "newest")) == 0:
        raise RuntimeError(f"nothing was found: {found}")
    return found


def measured(workspace: Workspace, database: PostgreSql) -> list[Figure | Note]:
    done = connectorctl("fleet", "migrate", "--database", database.admin_uri())
    if done.status:
        raise RuntimeError(done.stderr)
    database.psql("ALTER ROLE postgres SET search_path = connectord")
    folder = workspace.path / "fleet"
    folder.mkdir()
    command = [bench_program("fleet_bench"), "--folder", str(folder), "--database", database.admin_uri(), "--rows",
               str(ORIGINALS)]
    used = cpu_of_sessions(database)
    sent = json.loads(subprocess.run([*command, "--searches", "1"], stdout=subprocess.PIPE, check=True, text=True,
                                     timeout=900).stdout)["send"]
    used = cpu_of_sessions(database) - used
    began = time.monotonic()
    multiply_all(database)
    seconds = time.monotonic() - began
    rows = {parent: int(database.psql(f"SELECT sum(n_live_tup) FROM pg_stat_user_tables WHERE relname LIKE '{parent}\\_2%'"))
            for parent in TABLES}
    size = int(database.psql("SELECT pg_database_size('connectord')"))
    database.psql("CHECKPOINT")
    first, again = searches(command), searches(command)
    messages = ORIGINALS * COPIES
    what = f"{messages / 1e6:.1f} million messages"
    lines: list[Figure | Note] = [
        Figure("a fleet's trace: CPU that a member needs for a message and its delivery",
               Quantity(sent["cpu_us_per_message"], "us")),
        Figure("a fleet's trace: CPU that PostgreSQL needs for these", Quantity(used * 1e6 / ORIGINALS, "us"))]
    for name, (title, target) in SEARCHES.items():
        lines += [Figure(f"a fleet's search, {what}: {title}, median of 50", Quantity(first[name]["median_ms"], "ms"), target=target),
                  Figure("the longest of these", Quantity(first[name]["max_ms"], "ms")),
                  Figure("the same searches again, median", Quantity(again[name]["median_ms"], "ms"), target=target)]
    lines.append(Note(f"{sum(rows.values()) / 1e6:.1f} million rows ({', '.join(f'{n:,} {p}' for p, n in rows.items())}), "
                      f"{size / 1e9:.1f} GB: {size / messages:.0f} bytes a message. Multiplied in {seconds:.0f} s."))
    return lines
