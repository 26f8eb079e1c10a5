"""A client of the socketmap, as Postfix's smtp and trivial-rewrite are (socketmap_table(5))."""

from .network import Connection


class SocketmapClient(Connection):
    """One connection, over which any number of requests may go. Use it in a `with` statement."""

    def ask(self, name: str, key: str) -> str:
        """The whole answer: "OK value", "NOTFOUND ", "TEMP reason", "PERM reason"."""
        self.send(netstring(f"{name} {key}".encode()))
        return self.read_answer()

    def read_answer(self) -> str:
        """Raises ConnectionError if the server hangs up instead."""
        length = b""
        while not length.endswith(b":"):
            octet = self._stream.read(1)
            if not octet:
                raise ConnectionError("the socketmap closed the connection")
            length += octet
        content = self._stream.read(int(length[:-1]) + 1)
        if not content.endswith(b","):
            raise AssertionError(f"not a netstring: {length + content!r}")
        return content[:-1].decode()


def netstring(content: bytes) -> bytes:
    return str(len(content)).encode() + b":" + content + b","
