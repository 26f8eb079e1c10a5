"""What a program that asks the API for connectors waits for."""

from harness.workspace import Workspace

from .figures import Figure, Quantity
from .programs import google_benchmark

MOST_MILLISECONDS = 100

CASES = [("listing 10,000 connectors", "list_connectors/all/10000", MOST_MILLISECONDS),
         ("finding one of 10,000 connectors by name", "list_connectors/by_name/10000", None),
         ("finding one of 10,000 connectors by a text in it", "list_connectors/by_text/10000", None)]


def measure(workspace: Workspace) -> list[Figure]:
    found = google_benchmark(workspace, "^list_connectors", "--benchmark_repetitions=5")
    return [Figure(what, Quantity(found[name], "ms"), target=target) for what, name, target in CASES]
