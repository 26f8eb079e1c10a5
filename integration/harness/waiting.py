"""Waiting for conditions instead of sleeping for times that are always either too long or too short."""

import time
from typing import Callable, TypeVar

T = TypeVar("T")

INTERVAL = 0.02
LONGEST_INTERVAL = 0.5


def wait_until(condition: Callable[[], T], what: str, timeout: float = 60.0) -> T:
    """Returns the first true value of `condition`; after `timeout` seconds raises TimeoutError, naming `what`."""
    deadline = time.monotonic() + timeout
    while True:
        began = time.monotonic()
        value = condition()
        if value:
            return value
        now = time.monotonic()
        if now > deadline:
            raise TimeoutError(f"waited {timeout:g} s for {what}")
        # One that runs a program leaves most of the time to what is waited for.
        time.sleep(min(max(INTERVAL, 2 * (now - began)), LONGEST_INTERVAL))
