"""A verifier of DKIM signatures that others than we have made: dkimpy, with the keys that a scenario hands it."""

from dataclasses import dataclass
from typing import Mapping

import dkim


@dataclass(frozen=True)
class Verdict:
    """What one DKIM-Signature says of itself, and whether it is good."""

    domain: str
    selector: str
    algorithm: str
    fields: tuple[str, ...]  # of h=, in lower case
    good: bool


def verify(content: bytes, records: Mapping[str, str]) -> list[Verdict]:
    """One verdict for each signature of a message with CRLF line ends, from the top. `records` are the key records by
    their names in DNS."""
    def look_up(name: bytes, timeout: int = 0):
        return records.get(name.decode().rstrip("."), "").encode()

    count = sum(1 for name, _ in dkim.rfc822_parse(content)[0] if name.lower() == b"dkim-signature")
    return [verdict(content, index, look_up) for index in range(count)]


def verdict(content: bytes, index: int, look_up) -> Verdict:
    verifier = dkim.DKIM(content, linesep=b"\r\n")
    try:
        good = verifier.verify(index, dnsfunc=look_up)
    except dkim.DKIMException:
        good = False
    tags = {name: value.decode() for name, value in verifier.signature_fields.items()}
    fields = tuple(field.strip().lower() for field in tags[b"h"].split(":"))
    return Verdict(tags[b"d"], tags[b"s"], tags[b"a"], fields, good)
