"""The most CPU that one message can cost: messages made for that beside an ordinary one."""

from pathlib import Path

from harness.workspace import Workspace

from .authentication import BIG, SMALL, make_messages, message, require_results, start_dns, why_not
from .delivery import Postfix, start_sink
from .figures import Figure, Note, Quantity
from .hostile_messages import Hostile, all_messages, header_flood
from .programs import Filter, load, start_connectord

MOST_TIMES = 50
LATER = 10

CHECKS = """
[dns]
servers = ["127.53.0.1"]
timeout = "5s"
budget = "8s"
[authentication]
spf = true
dkim = true
arc = true
dmarc = "report"
[[inbound]]
name = "gateway"
scenario = "internet"
[inbound.identify]
sender_domains = ["gateway.example"]
[inbound.enhanced_filtering]
skip_last = true
"""


def ordinary(workspace: Workspace, size: int) -> float:
    ours = start_connectord(workspace, "unix", CHECKS, f"ordinary-{size}")
    what = {"message": message(workspace, size), "parallel": 1, "messages": 1}
    load(ours, connections=10, **what)
    result = load(ours, connections=100, **what)
    require_results(result, "spf=pass", "dkim=pass", "dmarc=pass")
    return result["cpu_us"]


def cost_of(workspace: Workspace, ours: Filter, hostile: Hostile) -> float:
    """Microseconds of the first message of its kind, with all that it has asked of DNS, or of a later one, whichever is
    more."""
    file = workspace.path / "hostile.eml"
    file.write_bytes(hostile.content)
    what = {"message": file, "parallel": 1, "messages": 1, "mail_from": hostile.mail_from,
            "recipients": hostile.recipients}
    first = load(ours, connections=1, **what)
    later = load(ours, connections=LATER, seconds=20, **what)
    return max(first["cpu_us"], later["cpu_us"])


def cpu_of_children(parent: int) -> float:
    """Microseconds that the processes with this parent have run for."""
    total = 0.0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if int((process / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                total += int((process / "schedstat").read_text().split()[0]) / 1000
        except FileNotFoundError:
            continue  # it ended meanwhile
    return total


def cost_to_postfix(workspace: Workspace, hostile: Hostile) -> float:
    """What a Postfix without any filter spends to take this message and to deliver it."""
    file = workspace.path / "hostile.eml"
    file.write_bytes(hostile.content)
    with Workspace("bench-") as here:
        sink = start_sink(here)
        site = Postfix(here, {f"{kind}_transport": f"smtp:[127.0.0.1]:{sink}" for kind in ("default", "relay")})
        site.seconds_for(message(workspace, SMALL), 10)
        before = cpu_of_children(site.postfix.master)
        site.seconds_for(file, 1)
        return cpu_of_children(site.postfix.master) - before


def figure_of(workspace: Workspace, number: int, hostile: Hostile, small: Quantity) -> Figure | Note:
    ours = start_connectord(workspace, "unix", CHECKS, f"hostile-{number}")
    load(ours, message=message(workspace, SMALL), connections=1, messages=1)
    try:
        cost = Quantity(cost_of(workspace, ours, hostile), "us")
    except RuntimeError as error:
        return Note(f"{hostile.name}: not measured, {error}.")
    return Figure(f"{hostile.name}: CPU", cost, small, "an ordinary one of 5 kB", MOST_TIMES)


def measure(workspace: Workspace) -> list[Figure | Note]:
    if reason := why_not(workspace):
        return [Note(f"Hostile messages are not measured: {reason}.")]
    zones = make_messages(workspace)
    messages = all_messages()
    for hostile in messages:
        zones["records"] |= hostile.records
    start_dns(workspace, zones)
    small, big = (Quantity(ordinary(workspace, size), "us") for size in (SMALL, BIG))
    figures = [Figure("an ordinary message of 1 MB: CPU", big, small, "one of 5 kB")]
    figures += [figure_of(workspace, number, hostile, small) for number, hostile in enumerate(messages)]
    flood = header_flood()
    ours = next(figure for figure in figures if isinstance(figure, Figure) and figure.name.startswith(flood.name))
    return [*figures, Figure(ours.name, ours.measured, Quantity(cost_to_postfix(workspace, flood), "us"),
                             "Postfix's own, without a filter")]
