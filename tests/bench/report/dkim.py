"""One signed message, verified by connectord's verifier and by libopendkim, both in a program of their own."""

from harness.workspace import Workspace

from .figures import Figure, Quantity
from .programs import google_benchmark

CASES = [("RSA-2048, 5 kB", "Rsa2048/5000", None), ("RSA-2048, 1 MB", "Rsa2048/1000000", 1.2),
         ("Ed25519, 5 kB", "Ed25519/5000", None)]


def measure(workspace: Workspace) -> list[Figure]:
    found = google_benchmark(workspace, "^(Dkim|Libopendkim)", "--benchmark_min_time=0.2", "--benchmark_repetitions=5")
    return [Figure(f"a DKIM signature, {what}", Quantity(found[f"Dkim{case}"], "us"),
                   Quantity(found[f"Libopendkim{case}"], "us"), "libopendkim", target) for what, case, target in CASES]
