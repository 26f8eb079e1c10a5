"""Waiting for conditions instead of sleeping for times that are always either too long or too short."""

import time
from typing import Callable, TypeVar

T = TypeVar("T")

INTERVAL = 0.02


def wait_until(condition: Callable[[], T], what: str, timeout: float = 60.0) -> T:
    """Returns the first true value of `condition`; after `timeout` seconds raises TimeoutError, naming `what`."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout:g} s for {what}")
        time.sleep(INTERVAL)
