"""The MTA's side of the milter protocol, version 6, as libmilter speaks it on the filter's side.

For what a real Postfix would not pass on (a HELO name of 64 KB, control characters, a connection that breaks in the
middle of a message) and for Sendmail's macros.
"""

import ipaddress
import socket
import struct
from dataclasses import dataclass, field

from .network import connect

VERSION = 6
ALL_ACTIONS = 0x1FF
CHANGE_BODY, ADD_RECIPIENTS, REMOVE_RECIPIENTS = 0x02, 0x84, 0x08
ALL_STEPS = 0x1FFFFF

CONNECT, HELO, MAIL, RCPT, DATA, END_OF_MESSAGE, END_OF_HEADERS = range(7)  # stages of macro lists

# What Postfix sends to a filter that sets no list of its own; `i` is the queue ID.
POSTFIX_MACROS = {
    CONNECT: ["j", "{daemon_name}", "{daemon_addr}", "v", "_"],
    HELO: ["{tls_version}", "{cipher}", "{cipher_bits}", "{cert_subject}", "{cert_issuer}"],
    MAIL: ["i", "{auth_type}", "{auth_authen}", "{auth_author}", "{mail_addr}", "{mail_host}", "{mail_mailer}"],
    RCPT: ["i", "{rcpt_addr}", "{rcpt_host}", "{rcpt_mailer}"],
    DATA: ["i"], END_OF_HEADERS: ["i"], END_OF_MESSAGE: ["i"],
}


@dataclass(frozen=True)
class Command:
    """A command letter, and the flags by which a filter says that it wants it not at all, or gives no answer."""

    letter: bytes
    unwanted: int
    silent: int
    stage: int | None = None


COMMANDS = {
    "connect": Command(b"C", 0x1, 0x1000, CONNECT),
    "helo": Command(b"H", 0x2, 0x2000, HELO),
    "mail": Command(b"M", 0x4, 0x4000, MAIL),
    "rcpt": Command(b"R", 0x8, 0x8000, RCPT),
    "data": Command(b"T", 0x200, 0x10000, DATA),
    "header": Command(b"L", 0x20, 0x80),
    "end_of_headers": Command(b"N", 0x40, 0x40000, END_OF_HEADERS),
    "body": Command(b"B", 0x10, 0x80000),
}

FINAL = {b"c": "continue", b"a": "accept", b"r": "reject", b"t": "tempfail", b"d": "discard", b"y": "reply",
         b"s": "skip"}


@dataclass(frozen=True)
class Verdict:
    """The filter's answer: a word of FINAL, and for `reply` the SMTP reply."""

    word: str
    reply: str = ""

    @property
    def passes(self) -> bool:
        return self.word in ("continue", "accept", "skip")


@dataclass
class Outcome:
    """The answer to the end of a message, with the changes asked for before it."""

    verdict: Verdict
    inserted: list[tuple[int, str, str]] = field(default_factory=list)
    added: list[tuple[str, str]] = field(default_factory=list)
    changed: list[tuple[int, str, str]] = field(default_factory=list)

    @property
    def new_headers(self) -> list[tuple[str, str]]:
        return [(name, value) for _, name, value in self.inserted] + self.added

    @property
    def deleted(self) -> list[tuple[int, str]]:
        """Position (from 1, among the headers of that name) and name of the headers taken away, in their order."""
        return [(index, name) for index, name, value in self.changed if value == ""]


class MilterClient:
    """One connection of an MTA to a filter. `macros` are the values known by now; set and change them at will.

    Every call raises ConnectionError if the filter hangs up. Use it in a `with` statement.
    """

    def __init__(self, endpoint: str, macros: dict[str, str] | None = None, timeout: float = 30.0,
                 source: str | None = None):
        self.macros = dict(macros or {})
        self.wanted_macros = dict(POSTFIX_MACROS)
        self.steps = self.actions = 0
        self.socket = connect(endpoint, timeout, source)
        self._stream = self.socket.makefile("rb")

    def negotiate(self, without: int = 0) -> None:
        """`without`: the actions that this MTA does not offer."""
        self.send(b"O", struct.pack("!III", VERSION, ALL_ACTIONS & ~without, ALL_STEPS))
        letter, content = self.read()
        if letter != b"O":
            raise AssertionError(f"not an option negotiation: {letter!r}")
        _, self.actions, self.steps = struct.unpack("!III", content[:12])
        self._take_macro_lists(content[12:])

    def connect(self, host: str, address: str, port: int) -> Verdict:
        family = b"6" if ipaddress.ip_address(address).version == 6 else b"4"
        return self._say("connect", text(host) + family + struct.pack("!H", port) + text(address))

    def helo(self, name: str) -> Verdict:
        return self._say("helo", text(name))

    def mail(self, address: str, *parameters: str) -> Verdict:
        return self._say("mail", b"".join(map(text, (f"<{address}>", *parameters))))

    def rcpt(self, address: str, *parameters: str) -> Verdict:
        return self._say("rcpt", b"".join(map(text, (f"<{address}>", *parameters))))

    def data(self) -> Verdict:
        return self._say("data", b"")

    def header(self, name: str, value: str) -> Verdict:
        return self._say("header", text(name) + text(value))

    def end_of_headers(self) -> Verdict:
        return self._say("end_of_headers", b"")

    def body(self, content: bytes) -> Verdict:
        return self._say("body", content)

    def end_of_message(self) -> Outcome:
        self.say_end_of_message()
        return self.read_outcome()

    def say_end_of_message(self) -> None:
        """Without waiting for the answer."""
        self._send_macros(END_OF_MESSAGE, b"E")
        self.send(b"E")

    def read_outcome(self) -> Outcome:
        outcome = Outcome(Verdict("continue"))
        while True:
            letter, content = self.read()
            if letter in FINAL:
                outcome.verdict = verdict(letter, content)
                return outcome
            note_change(outcome, letter, content)

    def content(self, headers: list[tuple[str, str]], body: bytes = b"Hello.\r\n") -> Outcome:
        """DATA, the headers, the body, and the end of the message. Stops early at an answer that ends the message."""
        steps = [self.data, *(lambda name=name, value=value: self.header(name, value) for name, value in headers),
                 self.end_of_headers, lambda: self.body(body)]
        for step in steps:
            answer = step()
            if answer.word not in ("continue", "skip"):
                return Outcome(answer)
        return self.end_of_message()

    def abort(self) -> None:
        self.send(b"A")

    def quit(self) -> None:
        self.send(b"Q")

    def send(self, letter: bytes, content: bytes = b"") -> None:
        self.socket.sendall(struct.pack("!I", len(content) + 1) + letter + content)

    def read(self) -> tuple[bytes, bytes]:
        """The next packet that is not just a sign of life."""
        while True:
            (length,) = struct.unpack("!I", self._read_exactly(4))
            packet = self._read_exactly(length)
            if packet[:1] != b"p":
                return packet[:1], packet[1:]

    def close(self) -> None:
        self._stream.close()
        self.socket.close()

    def reset(self) -> None:
        """Breaks the connection so that the filter sees a reset, as when the MTA's machine goes down."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def __enter__(self) -> "MilterClient":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def _say(self, name: str, content: bytes) -> Verdict:
        command = COMMANDS[name]
        if self.steps & command.unwanted:
            return Verdict("continue")
        if command.stage is not None:
            self._send_macros(command.stage, command.letter)
        self.send(command.letter, content)
        return Verdict("continue") if self.steps & command.silent else verdict(*self.read())

    def _send_macros(self, stage: int, letter: bytes) -> None:
        known = [name for name in self.wanted_macros[stage] if name in self.macros]
        self.send(b"D", letter + b"".join(text(name) + text(self.macros[name]) for name in known))

    def _take_macro_lists(self, content: bytes) -> None:
        while content:
            (stage,) = struct.unpack("!I", content[:4])
            names, _, content = content[4:].partition(b"\0")
            self.wanted_macros[stage] = names.decode().replace(",", " ").split()

    def _read_exactly(self, length: int) -> bytes:
        octets = self._stream.read(length)
        if len(octets) < length:
            raise ConnectionError("the filter closed the connection")
        return octets


def text(value: str) -> bytes:
    return value.encode("utf-8", "surrogateescape") + b"\0"


def verdict(letter: bytes, content: bytes) -> Verdict:
    return Verdict(FINAL[letter], content.rstrip(b"\0").decode("utf-8", "replace"))


def note_change(outcome: Outcome, letter: bytes, content: bytes) -> None:
    if letter == b"h":
        name, value = texts(content)
        outcome.added.append((name, value))
    elif letter in (b"i", b"m"):
        (index,) = struct.unpack("!I", content[:4])
        name, value = texts(content[4:])
        (outcome.inserted if letter == b"i" else outcome.changed).append((index, name, value))
    else:
        raise AssertionError(f"the filter asks for a change that it has no business with: {letter!r} {content!r}")


def texts(content: bytes) -> list[str]:
    return [part.decode("utf-8", "replace") for part in content.rstrip(b"\0").split(b"\0")] + \
           ([""] if content.endswith(b"\0\0") else [])
