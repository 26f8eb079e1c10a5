"""Loopback addresses: free ports, and endpoints in Postfix's own notation (unix:/path, inet:host:port)."""

import fcntl
import random
import socket
import tempfile
from pathlib import Path

# Below the range from which the kernel takes the source ports of outgoing connections (32768 and up), so that no
# connection of ours can take a chosen port before its server has bound it.
SERVER_PORTS = range(20000, 32000)

# Several runs may be under way at once. Byte N of this file is locked by the one that has chosen port N, until it ends.
CHOSEN_PORTS = (Path(tempfile.gettempdir()) / "connectord-scenario-ports").open("w")


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True


def is_ours(port: int) -> bool:
    try:
        fcntl.lockf(CHOSEN_PORTS, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    return True


def free_port() -> int:
    """A TCP port that nobody listens on, on any address, and that no other run has chosen."""
    while True:
        port = random.choice(SERVER_PORTS)
        if is_ours(port) and is_free(port):
            return port


def connect(endpoint: str, timeout: float = 10.0, source: str | None = None) -> socket.socket:
    """Connects to `unix:/path` or `inet:host:port`, there from `source`; raises OSError if nobody accepts."""
    kind, _, address = endpoint.partition(":")
    if kind == "unix":
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(timeout)
        try:
            connection.connect(address)
        except OSError:
            connection.close()
            raise
        return connection
    host, _, port = address.rpartition(":")
    connection = socket.create_connection((host.strip("[]"), int(port)), timeout=timeout,
                                          source_address=(source, 0) if source else None)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # our own delays are not what is measured
    return connection


def accepts_connections(endpoint: str) -> bool:
    try:
        connect(endpoint, timeout=1.0).close()
    except OSError:
        return False
    return True


class Connection:
    """A client's connection to an endpoint, and what is read of it. Use it in a `with` statement."""

    def __init__(self, endpoint: str, timeout: float = 15.0, source: str | None = None):
        self.socket = connect(endpoint, timeout, source)
        self._stream = self.socket.makefile("rb")

    def send(self, octets: bytes) -> None:
        self.socket.sendall(octets)

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

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        self.close()
