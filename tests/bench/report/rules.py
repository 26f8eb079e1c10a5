"""Transport rules: many of them, words and patterns in the body, disclaimers, and memory."""

from pathlib import Path

from harness.workspace import Workspace

from .figures import Figure, Note, Quantity
from .programs import google_benchmark, load, load_in_turns, median_of, start_connectord
from .rspamd import PROGRAM as RSPAMD, start_rspamd

MOST_MICROSECONDS_OF_500 = 15
MOST_TIMES_OF_5000 = 2
MOST_MICROSECONDS_OF_PATTERNS = 5_000
MOST_OF_RSPAMDS_CPU = 0.2
PATTERNS = [rf"case-{number}[0-9a-f]{{4,8}}\b" for number in range(200)]
PATTERN_RULE = f"""
[[rule]]
name = "patterns"
priority = 1
[rule.when]
body_or_subject_patterns = [{", ".join(f"'{pattern}'" for pattern in PATTERNS)}]
[[rule.action]]
do = "reject"
"""
# A fifth each of what an envelope and a header can be asked.
CONDITIONS = ['sender = ["user{}@contoso.example"]', 'recipient_domains = ["*.d{}.example"]',
              'subject_words = ["secret project {}"]', 'header = [{{ name = "X-Case", words = ["case{}"] }}]',
              'subject_patterns = ["ticket-{}[a-z]+"]']
ENVELOPE_RULES = "\n".join(f"""
[[rule]]
name = "envelope {number}"
priority = {number}
[rule.when]
{CONDITIONS[number % len(CONDITIONS)].format(number)}
[[rule.action]]
do = "reject"
""" for number in range(500))
NO_CHECKS = '[authentication]\nspf = false\ndkim = false\ndmarc = "off"\n'
WAITING = 200
HUGE = 10_000_000
BODY_RULES = "\n".join(f"""
[[rule]]
name = "body {number}"
priority = {number}
[rule.when]
body_or_subject_words = ["secret project {number}"]
[[rule.action]]
do = "reject"
""" for number in range(20))


def figures_of_decisions(found: dict[str, float]) -> list[Figure]:
    """What rules add to a decision without any."""
    none = found["decide_with_rules/0"]
    added = {number: Quantity((found[f"decide_with_rules/{number}"] - none) / 1000, "us") for number in (50, 500, 5000)}
    return [Figure("500 rules on envelope and header, more a message", added[500], target=MOST_MICROSECONDS_OF_500),
            Figure("5,000 rules on envelope and header, more a message", added[5000], added[50], "with 50",
                   MOST_TIMES_OF_5000)]


def figures_of_content(found: dict[str, float]) -> list[Figure]:
    small, copied, big = (Quantity(found[name], "us") for name in
                          ("put_in_disclaimer/5000", "copy_three_times/10000000", "put_in_disclaimer/10000000"))
    return [Figure("200 patterns in 1 MB of text", Quantity(found["find_patterns_in_body/200"], "us"),
                   target=MOST_MICROSECONDS_OF_PATTERNS),
            Figure("200 words in 1 MB of text", Quantity(found["find_words_in_body/200"], "us"),
                   target=MOST_MICROSECONDS_OF_PATTERNS),
            Figure("a disclaimer in a message of 5 kB", small),
            Figure("a disclaimer in a message of 10 MB", big, copied, "copying it three times", 1)]


def measure_memory(workspace: Workspace) -> list[Figure]:
    """A rule asks for text, so all messages are kept, those above 128 KiB in files."""
    ours = start_connectord(workspace, "unix", NO_CHECKS + BODY_RULES, "rules")
    file = workspace.path / "huge.eml"
    line = b"A line of text that goes on and on, as people write them.\r\n"
    file.write_bytes(b"From: ann@partner.example\r\nSubject: huge\r\n\r\n" + line * (HUGE // len(line)))
    result = load(ours, message=file, parallel=WAITING, connections=1, messages=1)
    return [Figure(f"peak memory, {WAITING} messages of 10 MB at once that rules look into",
                   Quantity(result["peak_kib"] / 1024, "MiB"), target=250)]


def text_message(workspace: Workspace, name: str, *lines: bytes) -> Path:
    """1 MB of ordinary text, in which none of the patterns is, and these lines."""
    file = workspace.path / f"{name}.eml"
    prose = b"minutes of our meeting on Monday please review the figures before Friday thanks\r\n"
    body = b"".join([prose * (1_000_000 // len(prose)), *(line + b"\r\n" for line in lines)])
    header = (b"From: ann@partner.example\r\nTo: bob@example.net\r\nSubject: minutes\r\nMIME-Version: 1.0\r\n"
              b"Content-Type: text/plain; charset=utf-8\r\n\r\n")
    file.write_bytes(header + body)
    return file


def measure_beside_rspamd(workspace: Workspace) -> list[Figure | Note]:
    """The whole of a message through the milter protocol, so that reading and decoding it counts in both."""
    if not Path(RSPAMD).exists():
        return [Note("The patterns were not compared: rspamd is not installed.")]
    filters = {"connectord": start_connectord(workspace, "unix", NO_CHECKS + PATTERN_RULE, "patterns"),
               "rspamd": start_rspamd(workspace, PATTERNS)}
    # Both must really look: what has one of the patterns is refused by both.
    match = text_message(workspace, "match", b"see case-7beef now")
    for name, measured in filters.items():
        if load(measured, message=match, parallel=1, connections=1, messages=1)["refused"] != 1:
            raise RuntimeError(f"{name} does not find a pattern that is there")
    results = load_in_turns(filters, 3, message=text_message(workspace, "ordinary"), parallel=1, connections=20, messages=1)
    if any(result["refused"] for found in results.values() for result in found):
        raise RuntimeError("a pattern was found that is not there")
    ours, theirs = (Quantity(median_of(results[name], "cpu_us"), "us") for name in filters)
    return [Figure("200 patterns in a message of 1 MB, CPU of all of it", ours, theirs, "rspamd's multimap", MOST_OF_RSPAMDS_CPU)]


def measure_without_content(workspace: Workspace) -> list[Figure]:
    """Rules that look at envelope and header alone: the body is not even asked for, however long it is."""
    filters = {"rules": start_connectord(workspace, "unix", NO_CHECKS + ENVELOPE_RULES, "envelope"),
               "none": start_connectord(workspace, "unix", NO_CHECKS, "none")}
    results = load_in_turns(filters, 5, message=text_message(workspace, "long"), parallel=4, connections=100, messages=20)
    ours, none = (Quantity(median_of(results[name], "cpu_us"), "us") for name in filters)
    return [Figure("CPU a message of 1 MB, 500 rules on envelope and header", ours, none, "without rules"),
            Figure("what these rules add", Quantity(max(ours.value - none.value, 0), "us"), target=MOST_MICROSECONDS_OF_500)]


def measure(workspace: Workspace) -> list[Figure | Note]:
    found = google_benchmark(workspace, "^(decide_with_rules|find_.*_in_body|put_in_disclaimer|copy_three_times)",
                             "--benchmark_min_time=0.1", "--benchmark_repetitions=5")
    return [*figures_of_decisions(found), *figures_of_content(found), *measure_memory(workspace),
            *measure_beside_rspamd(workspace), *measure_without_content(workspace)]
