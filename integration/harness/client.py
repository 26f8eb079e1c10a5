"""An SMTP client that does exactly what it is asked, in the order it is asked, and keeps every reply.

smtplib says EHLO by itself after STARTTLS, hides replies, and refuses to send what is wrong on purpose.
"""

import socket
import ssl
from dataclasses import dataclass
from typing import Iterable

from .certificates import Certificate


@dataclass(frozen=True)
class Reply:
    """A reply of one line or several. `text` is all lines without their codes, joined by newlines."""

    code: int
    text: str

    @property
    def enhanced(self) -> str:
        """The enhanced status code (RFC 2034), or an empty string."""
        first = self.text.split(" ", 1)[0]
        return first if first.count(".") == 2 and first.replace(".", "").isdigit() else ""

    @property
    def queue_id(self) -> str:
        """The queue ID in Postfix's reply to the end of DATA."""
        return self.text.rpartition("queued as ")[2].strip()

    @property
    def accepted(self) -> bool:
        return 200 <= self.code < 400

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


def client_context(certificate: Certificate | None = None, *, maximum: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    """For a client that does not care whom it talks to; the server's opinion of the client is what is tested."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if certificate:
        context.load_cert_chain(certificate.file, certificate.key)
    if maximum:
        context.maximum_version = maximum
    return context


class SmtpClient:
    """One connection. Use it in a `with` statement, which drops the connection without QUIT."""

    def __init__(self, port: int, source: str = "127.0.0.1", timeout: float = 60.0, host: str = ""):
        """Without a host, connects to the loopback address of the source's family."""
        host = host or ("::1" if ":" in source else "127.0.0.1")
        self.replies: list[Reply] = []
        self.socket: socket.socket = socket.create_connection((host, port), timeout, source_address=(source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._stream = self.socket.makefile("rb")
        self.greeting = self.read_reply()

    @property
    def source_port(self) -> int:
        return self.socket.getsockname()[1]

    def command(self, line: str) -> Reply:
        self.send(line.encode() + b"\r\n")
        return self.read_reply()

    def pipeline(self, lines: Iterable[str]) -> list[Reply]:
        """Sends all lines at once and then reads as many replies (RFC 2920)."""
        lines = list(lines)
        self.send("".join(line + "\r\n" for line in lines).encode())
        return [self.read_reply() for _ in lines]

    def ehlo(self, name: str = "client.example.org") -> Reply:
        return self.command(f"EHLO {name}")

    def starttls(self, certificate: Certificate | None = None, *, maximum: ssl.TLSVersion | None = None,
                 context: ssl.SSLContext | None = None, session: ssl.SSLSession | None = None) -> Reply:
        """STARTTLS and the handshake, but no second EHLO: that is the caller's to say, or not."""
        reply = self.command("STARTTLS")
        if reply.accepted:
            context = context or client_context(certificate, maximum=maximum)
            self.socket = context.wrap_socket(self.socket, session=session)
            self._stream = self.socket.makefile("rb")
        return reply

    def mail(self, address: str, parameters: str = "") -> Reply:
        return self.command(f"MAIL FROM:<{address}>{' ' + parameters if parameters else ''}")

    def rcpt(self, address: str) -> Reply:
        return self.command(f"RCPT TO:<{address}>")

    def data(self, content: bytes) -> Reply:
        """DATA with the whole content, CRLF line ends and all; stuffs dots. Returns the last reply."""
        reply = self.command("DATA")
        if not reply.accepted:
            return reply
        stuffed = content.replace(b"\r\n.", b"\r\n..")
        self.send(stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        return self.read_reply()

    def rset(self) -> Reply:
        return self.command("RSET")

    def quit(self) -> Reply:
        return self.command("QUIT")

    def send(self, octets: bytes) -> None:
        self.socket.sendall(octets)

    def read_reply(self) -> Reply:
        """Raises ConnectionError if the server hangs up instead."""
        texts = []
        while True:
            line = self._stream.readline().decode("utf-8", "replace")
            if not line:
                raise ConnectionError("the server closed the connection")
            texts.append(line[4:].rstrip("\r\n"))
            if line[3:4] != "-":
                break
        reply = Reply(int(line[:3]), "\n".join(texts))
        self.replies.append(reply)
        return reply

    def close(self) -> None:
        self._stream.close()
        self.socket.close()

    def __enter__(self) -> "SmtpClient":
        return self

    def __exit__(self, *_) -> None:
        self.close()


def message(token: str, *headers: str, author: str | None = "sender", body: str | bytes = "Hello.") -> bytes:
    """A message with `token` as its subject; further headers stand as they are given, on top, folding and all.

    `author` is the value of From; without one there is no such header. Surrogates stand for bytes that are not UTF-8.
    """
    lines = [*headers, f"Subject: {token}", *([f"From: {author}"] if author is not None else []), "To: recipient",
             f"Message-ID: <{token}@client.example.org>", "", ""]
    return "\r\n".join(lines).encode(errors="surrogateescape") + (body.encode() if isinstance(body, str) else body) + b"\r\n"
