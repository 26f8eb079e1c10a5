"""A DNS server for the messages that are measured: what its zone file says, and silence where it says so. What does not
fit into a packet is answered over TCP.

Usage: python3 -m report.dns_server ADDRESS ZONES.json, on port 53. The file holds {"records": {name: {type: [text,
...]}}, "silent": [domain, ...]} with the types TXT, A and MX ("10 host"). No record of the type is an empty answer, no
such name is NXDOMAIN, and what lies in a silent domain is never answered.
"""

import ipaddress
import json
import socket
import socketserver
import struct
import sys
import threading
from pathlib import Path

TYPES = {1: "A", 15: "MX", 16: "TXT"}
TIME_TO_LIVE = 3600
NXDOMAIN = 3
HEADER_SIZE = 12
LARGEST_PACKET = 1232
TRUNCATED = 0x0200
# Authoritative answer and recursion available: right for those who ask a server of their own and for stubs.
RESPONSE = 0x8580


def encoded_name(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def encoded_data(kind: str, text: str) -> bytes:
    if kind == "A":
        return ipaddress.IPv4Address(text).packed
    if kind == "MX":
        preference, host = text.split()
        return struct.pack("!H", int(preference)) + encoded_name(host)
    strings = [text[i:i + 255].encode() for i in range(0, len(text), 255)]
    return b"".join(bytes([len(string)]) + string for string in strings)


def question_of(query: bytes) -> tuple[str, int, int]:
    """Name, type, and where the question ends."""
    labels, at = [], HEADER_SIZE
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode("ascii", "replace").lower())
        at += 1 + query[at]
    return ".".join(labels), struct.unpack_from("!H", query, at + 1)[0], at + 5


class Zones:
    """What is known, with the answers encoded once."""

    def __init__(self, content: dict):
        self._silent = tuple(content["silent"])
        self._records = {name: {kind: [encoded_data(kind, text) for text in texts] for kind, texts in types.items()}
                         for name, types in content["records"].items()}
        # A name above a name that exists, exists (RFC 8020).
        self._parents = {name.split(".", depth)[-1] for name in self._records for depth in range(1, name.count(".") + 1)}

    def is_silent(self, name: str) -> bool:
        return any(name == domain or name.endswith("." + domain) for domain in self._silent)

    def answer(self, query: bytes) -> bytes | None:
        name, kind, end = question_of(query)
        if self.is_silent(name):
            return None
        found = self._records.get(name, {}).get(TYPES.get(kind, ""), [])
        exists = name in self._records or name in self._parents
        header = query[:2] + struct.pack("!HHHHH", RESPONSE | (0 if exists else NXDOMAIN), 1, len(found), 0, 0)
        records = [struct.pack("!HHHIH", 0xC000 | HEADER_SIZE, kind, 1, TIME_TO_LIVE, len(data)) + data
                   for data in found]
        return header + query[HEADER_SIZE:end] + b"".join(records)


def truncated(answer: bytes, query: bytes) -> bytes:
    """The answer as it goes over UDP: where it is too large, the question alone and the word that there is more."""
    if len(answer) <= LARGEST_PACKET:
        return answer
    flags = struct.unpack_from("!H", answer, 2)[0] | TRUNCATED
    return query[:2] + struct.pack("!HHHHH", flags, 1, 0, 0, 0) + query[HEADER_SIZE:question_of(query)[2]]


class StreamHandler(socketserver.StreamRequestHandler):
    """One connection: queries and answers, each with its length in front (RFC 1035, 4.2.2)."""

    def handle(self) -> None:
        while size := self.rfile.read(2):
            query = self.rfile.read(struct.unpack("!H", size)[0])
            answer = self.server.zones.answer(query)
            if answer:
                self.wfile.write(struct.pack("!H", len(answer)) + answer)


def serve_streams(address: str, zones: Zones) -> None:
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    server = socketserver.ThreadingTCPServer((address, 53), StreamHandler)
    server.zones, server.daemon_threads = zones, True
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main() -> None:
    address, file = sys.argv[1:3]
    zones = Zones(json.loads(Path(file).read_text()))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((address, 53))
        serve_streams(address, zones)
        while True:
            query, client = server.recvfrom(4096)
            try:
                answer = zones.answer(query)
            except (IndexError, struct.error):
                continue
            if answer:
                server.sendto(truncated(answer, query), client)


if __name__ == "__main__":
    main()
