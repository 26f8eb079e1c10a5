#!/usr/bin/env python3
"""trace_index.py FILE [ROWS]: what a search index costs that SQLite has itself, beside the trace's postings, for the messages of
a trace that trace_bench has filled. Copies them to files of its own in FILE's folder, which it removes. Prints, for each
kind, CPU a message and bytes a message beyond those of the bare rows. (The trace's own are in `script/bench trace`.)"""

import sqlite3
import sys
import time
import zlib
from pathlib import Path

# As the trace's writer has them.
ROWS_A_TRANSACTION = 500
MESSAGES_A_BATCH = 8_192
PAGES_A_CHECKPOINT = 4_000
SEGMENT_BITS = 16

DOMAIN = "substr({0}, instr({0}, '@') + 1)"
TERMS = {"queue_id": "queue_id", "message_id": "lower(message_id)", "client": "client", "sender": "lower(mail_from)",
         "sender_domain": DOMAIN.format("lower(mail_from)"), "recipient": "lower(rcpt_to)",
         "recipient_domain": DOMAIN.format("lower(rcpt_to)")}


def open_copy(path: Path, source: Path) -> sqlite3.Connection:
    path.unlink(missing_ok=True)
    copy = sqlite3.connect(f"file:{path}", isolation_level=None, uri=True)
    copy.execute("PRAGMA journal_mode = WAL")
    copy.execute("PRAGMA synchronous = NORMAL")
    copy.execute(f"PRAGMA wal_autocheckpoint = {PAGES_A_CHECKPOINT}")
    copy.execute("PRAGMA cache_size = -16000")
    copy.execute("PRAGMA temp_store = MEMORY")
    copy.execute("ATTACH ? AS source", (f"file:{source}?mode=ro",))
    copy.execute(f"CREATE TABLE message(id INTEGER PRIMARY KEY, {', '.join(TERMS)})")
    return copy


def insert(copy: sqlite3.Connection, rows: int, tables: dict[str, str]) -> None:
    """In transactions of the trace's size. `tables`: what is inserted into each, of the source's message."""
    for first in range(1, rows + 1, ROWS_A_TRANSACTION):
        copy.execute("BEGIN IMMEDIATE")
        for table, columns in tables.items():
            copy.execute(f"INSERT INTO {table} SELECT {columns} FROM source.message WHERE id >= ? AND id < ?",
                         (first, first + ROWS_A_TRANSACTION))
        copy.execute("COMMIT")


def insert_bare(copy: sqlite3.Connection, rows: int) -> None:
    insert(copy, rows, {"message": f"id, {', '.join(TERMS.values())}"})


def insert_with_indexes(copy: sqlite3.Connection, rows: int) -> None:
    for column in TERMS:
        copy.execute(f"CREATE INDEX by_{column} ON message({column}, id)")
    insert_bare(copy, rows)


def insert_with_fts(copy: sqlite3.Connection, rows: int) -> None:
    """As tokens that are whole values, so that no token is found in a part of one: in hexadecimal."""
    copy.execute(f"CREATE VIRTUAL TABLE fts USING fts5({', '.join(TERMS)}, content='', columnsize=0, detail=column)")
    insert(copy, rows, {"message": f"id, {', '.join(TERMS.values())}",
                        "fts(rowid, " + ", ".join(TERMS) + ")":
                            "id, " + ", ".join(f"hex({value})" for value in TERMS.values())})


def postings_of(copy: sqlite3.Connection, first: int) -> list[tuple[int, int, int]]:
    found = copy.execute("SELECT * FROM message WHERE id >= ? AND id < ?", (first, first + MESSAGES_A_BATCH))
    return sorted((row[0] >> SEGMENT_BITS, zlib.crc32(str((kind, text)).encode()) - (1 << 31),
                   row[0] & ((1 << SEGMENT_BITS) - 1))
                  for row in found for kind, text in enumerate(row[1:]) if text)


def insert_with_postings(copy: sqlite3.Connection, rows: int) -> float:
    """Returns the CPU that went into making postings in Python, which counts for nothing."""
    copy.execute("CREATE TABLE term(bucket INTEGER NOT NULL, hash INTEGER NOT NULL, low INTEGER NOT NULL, "
                 "PRIMARY KEY(bucket, hash, low)) WITHOUT ROWID")
    copy.execute("CREATE TEMP TABLE batch(bucket, hash, low)")
    insert_bare(copy, rows)
    made = 0.0
    for first in range(1, rows + 1, MESSAGES_A_BATCH):
        before = time.process_time()
        copy.execute("DELETE FROM batch")
        copy.executemany("INSERT INTO batch VALUES (?,?,?)", postings_of(copy, first))
        made += time.process_time() - before
        copy.execute("INSERT OR IGNORE INTO term SELECT * FROM batch")
    return made


KINDS = {"bare rows": insert_bare, "postings in batches": insert_with_postings,
         "B-tree indexes, one for each kind of term": insert_with_indexes, "FTS5": insert_with_fts}


def main() -> None:
    source = Path(sys.argv[1])
    bare_cpu = bare_bytes = 0.0
    for kind, measured in KINDS.items():
        path = source.with_name("trace_index_copy.db")
        copy = open_copy(path, source)
        rows = copy.execute("SELECT max(id) FROM source.message").fetchone()[0]
        rows = min(rows, int(sys.argv[2])) if len(sys.argv) > 2 else rows
        before = time.process_time()
        spared = measured(copy, rows) or 0.0
        copy.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cpu = (time.process_time() - before - spared) / rows * 1e6
        copy.close()
        size = path.stat().st_size / rows
        path.unlink()
        print(f"{kind}: {cpu - bare_cpu:.1f} us, {size - bare_bytes:.0f} bytes a message", flush=True)
        if not bare_cpu:
            bare_cpu, bare_bytes = cpu, size


if __name__ == "__main__":
    main()
