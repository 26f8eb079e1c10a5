"""One decision, among few connectors and many."""

from harness.workspace import Workspace

from .figures import Figure, Quantity
from .programs import google_benchmark


def measure(workspace: Workspace) -> list[Figure]:
    found = google_benchmark(workspace, "^decide/", "--benchmark_min_time=0.1")
    few, some, many = (Quantity(found[f"decide/{number}"], "ns") for number in (10, 1000, 100000))
    return [
        Figure("a decision, 10 connectors", few),
        Figure("a decision, 1,000 connectors", some),
        Figure("a decision, 100,000 connectors", many, target=2000),
        Figure("the same, beside 1,000", many, some, "1,000 connectors", target=2),
    ]
