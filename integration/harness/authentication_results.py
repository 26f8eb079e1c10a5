"""Reads Authentication-Results headers (RFC 8601, 2.2) strictly, as a program further on would have to."""

import re
from dataclasses import dataclass

TOKEN = r"[^\x00-\x20\x7f-\U0010ffff()<>@,;:\\\"/\[\]?=]+"
QUOTED = r'"(?:[^"\\\x00-\x1f\x7f]|\\[\x20-\x7e])*"'
DOMAIN = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?"
ADDRESS = rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~.-]*@{DOMAIN}"
VALUE = rf"{QUOTED}|{ADDRESS}|{TOKEN}"
KEYWORD = r"[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?"

HEAD = re.compile(rf"\s*(?P<id>{QUOTED}|{TOKEN})\s*(?:;|$)")
METHOD = re.compile(rf"\s*(?P<method>{KEYWORD})=(?P<result>{KEYWORD})(?=[\s;]|$)")
REASON = re.compile(rf"\s+reason=(?P<value>{QUOTED}|{TOKEN})(?=[\s;]|$)")
PROPERTY = re.compile(rf"\s+(?P<name>{KEYWORD}\.{KEYWORD})=(?P<value>{VALUE})(?=[\s;]|$)")


@dataclass(frozen=True)
class Result:
    """One method's result. `properties` are by their whole names, as in `smtp.mailfrom`."""

    method: str
    result: str
    reason: str
    properties: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.properties[name]


@dataclass(frozen=True)
class AuthenticationResults:
    authserv_id: str
    results: list[Result]

    def all(self, method: str) -> list[Result]:
        return [result for result in self.results if result.method == method]

    def __getitem__(self, method: str) -> Result:
        """The result of a method that must be there once."""
        (result,) = self.all(method)
        return result


def parse(value: str) -> AuthenticationResults:
    """Raises ValueError for a value that does not follow the grammar. Comments are not expected."""
    text = re.sub(r"\r\n(?=[ \t])", "", value)
    head = HEAD.match(text)
    if not head:
        raise ValueError(f"no authserv-id: {value!r}")
    rest, results = text[head.end():], []
    if rest.strip() == "none":
        return AuthenticationResults(unquoted(head["id"]), [])
    while rest.strip():
        result, rest = take_result(rest)
        results.append(result)
    return AuthenticationResults(unquoted(head["id"]), results)


def take_result(text: str) -> tuple[Result, str]:
    method = METHOD.match(text)
    if not method:
        raise ValueError(f"not a result: {text!r}")
    place, reason, properties = method.end(), "", {}
    if found := REASON.match(text, place):
        reason, place = unquoted(found["value"]), found.end()
    while found := PROPERTY.match(text, place):
        if found["name"] in properties:
            raise ValueError(f"{found['name']} twice: {text!r}")
        properties[found["name"]] = unquoted(found["value"])
        place = found.end()
    rest = text[place:].lstrip()
    if rest and not rest.startswith(";"):
        raise ValueError(f"not a property: {rest!r}")
    return Result(method["method"], method["result"], reason, properties), rest[1:]


def unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text
