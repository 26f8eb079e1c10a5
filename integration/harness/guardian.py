#!/usr/bin/python3
"""Outlives a test run by a moment, and leaves nothing of it behind.

The run holds a pipe to this process. When the pipe closes (the run closed its workspace, or died in whatever way,
SIGKILL included), the processes that it named and had not taken back are ended, and its folder is removed.
So there is one way of cleaning up, and each run goes it.

Usage: guardian.py FOLDER, with lines `own PID` and `disown PID` on standard input.
"""

import os
import shutil
import signal
import sys
import time

PATIENCE = 5.0


def read_pids(stream) -> set[int]:
    pids: set[int] = set()
    for line in stream:
        verb, pid = line.split()
        if verb == "own":
            pids.add(int(pid))
        else:
            pids.discard(int(pid))
    return pids


def is_running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def send(signal_number: int, pids: set[int]) -> None:
    for pid in pids:
        try:
            os.kill(pid, signal_number)
        except ProcessLookupError:
            pass


def end(pids: set[int]) -> None:
    send(signal.SIGTERM, pids)
    deadline = time.monotonic() + PATIENCE
    while any(map(is_running, pids)) and time.monotonic() < deadline:
        time.sleep(0.02)
    send(signal.SIGKILL, {pid for pid in pids if is_running(pid)})


def main() -> None:
    folder = sys.argv[1]
    end(read_pids(sys.stdin))
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
