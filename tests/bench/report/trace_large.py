"""The message trace as it is after 90 days of a busy site: ten million messages. Takes too long for every run."""

from harness.workspace import Workspace

from .figures import Figure
from .trace import measure_store

ROWS = 10_000_000


def measure(workspace: Workspace) -> list[Figure]:
    return measure_store(workspace, ROWS)
