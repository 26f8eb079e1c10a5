"""Runs the parts named on the command line, or all of them, and prints their figures as one table."""

import argparse
import os
import sys
import time

from harness.workspace import Workspace

from . import api, authentication, console, delivery, dkim, engine, fleet, fleet_large, fleet_outage, hostile, loading, milter, rules, socketmap, trace, trace_large
from .figures import Figure, Note, table

PARTS = {"engine": engine, "rules": rules, "dkim": dkim, "milter": milter, "loading": loading, "authentication": authentication,
         "socketmap": socketmap, "api": api, "delivery": delivery, "trace": trace, "hostile": hostile,
         "trace-large": trace_large, "console": console, "fleet": fleet, "fleet-large": fleet_large,
         "fleet-outage": fleet_outage}
# Only where they are asked for by name.
LONG = {"trace-large", "console", "fleet", "fleet-large", "fleet-outage"}


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    parser.add_argument("--check", action="store_true", help="look at the names, and measure nothing")
    usual = [name for name in PARTS if name not in LONG]
    parser.add_argument("names", nargs="*", metavar="PART", default=usual,
                        help=f"{', '.join(usual)}; or what takes long: {', '.join(sorted(LONG))}")
    chosen = parser.parse_args()
    if unknown := [name for name in chosen.names if name not in PARTS]:
        parser.error(f"no part is called {unknown[0]}; there are: {', '.join(PARTS)}")
    return chosen


def measured(name: str) -> list[Figure | Note]:
    began = time.monotonic()
    print(f"bench: {name} ...", end="", file=sys.stderr, flush=True)
    with Workspace("bench-") as workspace:
        lines = PARTS[name].measure(workspace)
    print(f" {time.monotonic() - began:.0f} s", file=sys.stderr)
    return lines


def main() -> None:
    chosen = options()
    if chosen.check:
        return
    load = os.getloadavg()[0]
    lines = [line for name in chosen.names for line in measured(name)]
    if load > 1:
        lines.append(Note(f"The machine was busy with other things (load {load:.1f}): repeat this when it is calm."))
    print(table(lines))


if __name__ == "__main__":
    main()
