"""The code blocks of a Markdown page, and whether what a command printed is what the page shows.

Each block with a language is run, unless a comment just before it says why not:

    console  commands after `$ `, each with what it must print
    sh       commands that must succeed, whatever they print
    toml     loaded by `connectorctl check`

    <!-- not run: WHY -->           the block is left alone
    <!-- file: /etc/FILE -->        the block becomes that file, instead
    <!-- append: /etc/FILE -->      … is added to it
    <!-- below: [inbound] … -->     what stands before a fragment of TOML, where it is no configuration by itself
    <!-- main.cf -->                the parameters are set in Postfix's main.cf
    <!-- any order -->              lines may be printed in another order than shown
    <!-- before: COMMANDS -->       commands that are run first, which readers need not see; they must succeed

In what a command prints, `…` stands for anything; in a line of its own, for any lines. Times, process and queue IDs,
ports, versions, durations and hashes may be others than shown, and spaces in columns more or fewer.
"""

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\s*$")
COMMENT = re.compile(r"<!--\s*(not run|file|append|below|main\.cf|any order|before):?\s*(.*?)\s*-->", re.S)

# What differs from run to run, as it may stand in an expected line.
VARYING = [
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|\+00:00| UTC)?",
    r"\d{8}T\d{6}Z",
    r"process \d+",
    r"\d+ (?:sessions|requests|lookups|messages|policy requests?|milter sessions?)",
    r"\]:\d{4,5}\b",
    r"@@ [-+,\d ]+ @@",
    r"\b4[A-Za-z][0-9A-Za-z]{8,14}\b",
    r"\(\d+ ms\)|\b\d+ ms\b",
    r"Postfix \d+\.\d+\.\d+",
    r"\b(?:rsa|ed)\d{8}\b",
    r"\b[0-9a-f]{64}\b",
    r"\d+ MiB",
]
ANY = re.compile("(" + "|".join(VARYING) + "|…| {2,})")


@dataclass
class Block:
    page: Path
    line: int
    language: str
    text: str
    marks: dict[str, str] = field(default_factory=dict)

    @property
    def place(self) -> str:
        return f"{self.page.name}:{self.line}"

    def parameters(self) -> list[str]:
        """Of a part of main.cf: each parameter with its value in one line."""
        lines: list[str] = []
        for line in self.text.splitlines():
            if line.startswith(" ") and lines:
                lines[-1] += line
            elif line.strip() and not line.startswith("#"):
                lines.append(line)
        return [re.sub(r"\s+", " ", line) for line in lines]

    def commands(self) -> list[tuple[str, list[str]]]:
        """Of a console: each command, and the lines that it prints."""
        found: list[tuple[str, list[str]]] = []
        for line in self.text.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif found and not found[-1][1] and is_cut_off(found[-1][0]):
                found[-1] = (f"{found[-1][0]}\n{line}", [])
            elif found:
                found[-1][1].append(line)
            else:
                raise ValueError(f"{self.place}: a console begins with a command, after `$ `")
        return found


def is_cut_off(command: str) -> bool:
    """Whether it goes on in the next line: by a backslash, or within quotes."""
    try:
        shlex.split(command)
    except ValueError:
        return True
    return command.endswith("\\")


def blocks(page: Path) -> list[Block]:
    found: list[Block] = []
    text = page.read_text()
    lines = text.splitlines()
    number = last_end = 0
    while number < len(lines):
        opening = FENCE.match(lines[number])
        if not opening:
            number += 1
            continue
        end = number + 1
        while lines[end].strip() != "```":
            end += 1
        indent = len(opening["indent"])
        body = "\n".join(line[indent:] for line in lines[number + 1:end]) + "\n"
        # The comments between the block before, or the last line of text, and this one.
        between = "\n".join(lines[last_end:number])
        marks: dict[str, str] = {}
        for comment in COMMENT.finditer(between):
            if not re.sub(r"<!--.*?-->", "", between[comment.end():], flags=re.S).strip():
                marks[comment[1]] = comment[2]
        if opening["language"] or marks:
            found.append(Block(page, number + 1, opening["language"], body, marks))
        number = last_end = end + 1
    return found


def pattern(line: str) -> str:
    """A regular expression that the line, and others of the kind, match."""
    parts = []
    for part in ANY.split(line.rstrip()):
        kind = next((each for each in VARYING if re.fullmatch(each, part)), None)
        if part == "…":
            parts.append(".*")
        elif part.isspace() and len(part) > 1:
            parts.append(r"\s+")
        else:
            parts.append(kind and f"(?:{kind})" or re.escape(part))
    return "".join(parts) + r"\s*"


def difference(expected: list[str], printed: str, any_order: bool = False) -> str | None:
    """The first line that is not as the page shows it, or None."""
    seen = printed.rstrip("\n").splitlines()
    if any_order:
        return difference_in_any_order(expected, seen)
    expected = list(expected)
    while expected and not expected[-1].strip():
        expected.pop()
    at = 0
    skipping = False
    for line in expected:
        if line.strip() == "…":
            skipping = True
            continue
        matching = re.compile(pattern(line))
        while skipping and at < len(seen) and not matching.fullmatch(seen[at]):
            at += 1
        if at == len(seen) or not matching.fullmatch(seen[at]):
            return f"the page shows  {line}\nit printed      {seen[at] if at < len(seen) else '(nothing more)'}"
        at += 1
        skipping = False
    if at < len(seen) and not skipping:
        return f"the page shows nothing more, and it printed\n{seen[at]}"
    return None


def difference_in_any_order(expected: list[str], seen: list[str]) -> str | None:
    left = list(seen)
    for line in expected:
        if line.strip() in ("", "…"):
            continue
        found = next((each for each in left if re.fullmatch(pattern(line), each)), None)
        if found is None:
            return f"the page shows, and it did not print\n{line}"
        left.remove(found)
    more = [line for line in left if line.strip()]
    return f"it also printed\n{more[0]}" if more and "…" not in [line.strip() for line in expected] else None
