"""One decision, among few connectors and many."""

from harness.workspace import Workspace

from .figures import Figure, Quantity
from .programs import google_benchmark


MOST_NANOSECONDS = 2000
MOST_TIMES = 2


def measure_case(found: dict[str, float], case: str, what: str) -> list[Figure]:
    some, many = (Quantity(found[f"{case}/{number}"], "ns") for number in (1000, 100000))
    return [Figure(f"a decision among 100,000 connectors{what}", many, target=MOST_NANOSECONDS),
            Figure(f"a decision among 100,000 connectors{what}", many, some, "among 1,000", MOST_TIMES)]


def measure_list(found: dict[str, float], case: str, what: str) -> Figure:
    few, many = (Quantity(found[f"{case}/{number}"], "ns") for number in (10, 100000))
    return Figure(f"a decision among 100,000 {what}", many, few, "among 10", MOST_TIMES)


def measure(workspace: Workspace) -> list[Figure]:
    found = google_benchmark(workspace, "^decide(/|_without_certificates|_among_)", "--benchmark_min_time=0.1")
    return [Figure("a decision among 10 connectors", Quantity(found["decide/10"], "ns")),
            *measure_case(found, "decide", ""),
            *measure_case(found, "decide_without_certificates", ", fingerprints unknown"),
            measure_list(found, "decide_among_own_domains", "accepted domains, direct send refused"),
            measure_list(found, "decide_among_required_networks", "required networks")]
