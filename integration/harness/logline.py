"""connectord's log lines in their text form: `TIME connectord[PID]: SUBJECT: key=value, key="a value"`."""

import re
from dataclasses import dataclass

LINE = re.compile(r'^\S+ connectord\[\d+\]: (?P<subject>"(?:[^"\\]|\\.)*"|[^\s:"]+): (?P<rest>.*)$')
FIRST_FIELD = re.compile(r"(?:^|, )[a-z_]+=")
FIELD = re.compile(r'(?P<key>[a-z_]+)=(?P<value>"(?:[^"\\]|\\.)*"|[^", =]+)(?:, |$)')


@dataclass(frozen=True)
class LogLine:
    """A line taken to pieces. `message` is the free text before the fields."""

    subject: str
    message: str
    fields: list[tuple[str, str]]

    def all(self, key: str) -> list[str]:
        return [value for name, value in self.fields if name == key]

    def __getitem__(self, key: str) -> str:
        """The value of a key that must be there once."""
        (value,) = self.all(key)
        return value


def parse(line: str) -> LogLine:
    """Raises ValueError for a line that cannot be read in exactly one way."""
    match = LINE.match(line)
    if not match:
        raise ValueError(f"not a log line: {line!r}")
    start = FIRST_FIELD.search(match["rest"])
    if not start:
        return LogLine(match["subject"], match["rest"], [])
    message, rest = match["rest"][:start.start()], match["rest"][start.start():].removeprefix(", ")
    return LogLine(match["subject"], message, list(fields_of(rest)))


def fields_of(text: str):
    while text:
        field = FIELD.match(text)
        if not field:
            raise ValueError(f"not a field of a log line: {text!r}")
        yield field["key"], unquoted(field["value"])
        text = text[field.end():]


def unquoted(value: str) -> str:
    """Without the quotes around it; other characters that are escaped stay so."""
    return value[1:-1].replace('\\"', '"') if value.startswith('"') else value
