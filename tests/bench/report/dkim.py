"""One message, verified and signed by connectord's own code and by libopendkim, both in a program of their own."""

from harness.workspace import Workspace

from .figures import Figure, Quantity
from .programs import google_benchmark

LIBOPENDKIM, OPENSSL = "libopendkim", "OpenSSL's signature alone"

# What, the benchmark, what it is compared with, that benchmark, and the highest ratio that will do.
CASES = [
    *((f"a DKIM signature, {what}", f"Dkim{case}", LIBOPENDKIM, f"Libopendkim{case}", target) for what, case, target in
      (("RSA-2048, 5 kB", "Rsa2048/5000", None), ("RSA-2048, 1 MB", "Rsa2048/1000000", 1.2),
       ("Ed25519, 5 kB", "Ed25519/5000", None))),
    ("signing, RSA-2048, 5 kB", "DkimSignRsa2048/5000", LIBOPENDKIM, "LibopendkimSignRsa2048/5000", 1.0),
    ("signing, RSA-2048, 5 kB", "DkimSignRsa2048/5000", OPENSSL, "OpensslSignatureRsa2048", 1.3),
    ("signing, RSA-2048, 1 MB", "DkimSignRsa2048/1000000", LIBOPENDKIM, "LibopendkimSignRsa2048/1000000", 1.2),
    ("signing, Ed25519, 5 kB", "DkimSignEd25519/5000", LIBOPENDKIM, "LibopendkimSignEd25519/5000", None),
]


def measure(workspace: Workspace) -> list[Figure]:
    found = google_benchmark(workspace, "^(Dkim|Libopendkim|Openssl)", "--benchmark_min_time=0.2",
                             "--benchmark_repetitions=5")
    return [Figure(what, Quantity(found[ours], "us"), Quantity(found[theirs], "us"), beside, target)
            for what, ours, beside, theirs, target in CASES]
