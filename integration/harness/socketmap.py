"""A client of the socketmap, as Postfix's smtp and trivial-rewrite are (socketmap_table(5))."""

from .network import connect


class SocketmapClient:
    """One connection, over which any number of requests may go. Use it in a `with` statement."""

    def __init__(self, endpoint: str, timeout: float = 15.0):
        self.socket = connect(endpoint, timeout)
        self._stream = self.socket.makefile("rb")

    def ask(self, name: str, key: str) -> str:
        """The whole answer: "OK value", "NOTFOUND ", "TEMP reason", "PERM reason"."""
        self.send(netstring(f"{name} {key}".encode()))
        return self.read_answer()

    def send(self, octets: bytes) -> None:
        self.socket.sendall(octets)

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

    def is_closed(self) -> bool:
        """Waits for the server to hang up; false if it says something instead, or nothing for too long."""
        try:
            return self._stream.read(1) == b""
        except TimeoutError:
            return False
        except ConnectionError:
            return True

    def close(self) -> None:
        self._stream.close()
        self.socket.close()

    def __enter__(self) -> "SocketmapClient":
        return self

    def __exit__(self, *_) -> None:
        self.close()


def netstring(content: bytes) -> bytes:
    return str(len(content)).encode() + b":" + content + b","
