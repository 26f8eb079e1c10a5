"""Runs the parts named on the command line, or all of them, and prints their figures as one table."""

import os
import sys
import time

from harness.workspace import Workspace

from . import api, authentication, console, delivery, dkim, engine, fleet, fleet_large, hostile, loading, milter, rules, socketmap, trace, trace_large
from .figures import Figure, Note, table

PARTS = {"engine": engine, "rules": rules, "dkim": dkim, "milter": milter, "loading": loading, "authentication": authentication,
         "socketmap": socketmap, "api": api, "delivery": delivery, "trace": trace, "hostile": hostile,
         "trace-large": trace_large, "console": console, "fleet": fleet, "fleet-large": fleet_large}
# Only where they are asked for by name.
LONG = {"trace-large", "console", "fleet", "fleet-large"}


def chosen(arguments: list[str]) -> list[str]:
    unknown = [name for name in arguments if name not in PARTS]
    if unknown:
        sys.exit(f"bench: no part is called {unknown[0]}; there are: {', '.join(PARTS)}")
    return arguments or [name for name in PARTS if name not in LONG]


def measured(name: str) -> list[Figure | Note]:
    began = time.monotonic()
    print(f"bench: {name} ...", end="", file=sys.stderr, flush=True)
    with Workspace("bench-") as workspace:
        lines = PARTS[name].measure(workspace)
    print(f" {time.monotonic() - began:.0f} s", file=sys.stderr)
    return lines


def main() -> None:
    names = chosen(sys.argv[1:])
    load = os.getloadavg()[0]
    lines = [line for name in names for line in measured(name)]
    if load > 1:
        lines.append(Note(f"The machine was busy with other things (load {load:.1f}): repeat this when it is calm."))
    print(table(lines))


if __name__ == "__main__":
    main()
