"""DNS servers of our own on loopback: one that answers truly, and one before it that spoils what it is asked to.

The true one is NSD with one zone that holds every name there is, the root: what it does not hold does not exist
(NXDOMAIN), a name without records of the type asked for is there without them (NODATA), and chains of CNAMEs are
followed wherever they lead.
"""

import os
import socket
import socketserver
import struct
import threading
import time
from typing import Callable, Mapping

from .network import free_port
from .waiting import wait_until
from .workspace import Workspace

PROGRAM = "/usr/sbin/nsd"
PROBE = "nameserver.invalid."  # a name of the zone, by which the server shows that it answers
PROBE_QUESTION = struct.pack("!6H", 1, 0, 1, 0, 0, 0) + b"\x0anameserver\x07invalid\0" + struct.pack("!2H", 1, 1)

CONFIGURATION = """\
server:
  ip-address: {address}
  port: {port}
  username: ""
  zonesdir: "{folder}"
  zonelistfile: "{folder}/zone.list"
  xfrdfile: ""
  xfrdir: "{folder}"
  pidfile: ""
  database: ""
  server-count: 1
  tcp-count: 200
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: "."
  zonefile: "root.zone"
"""

# A zone that is configured and has no file answers SERVFAIL.
FAILING_ZONE = """\
zone:
  name: "{name}"
  zonefile: "no-such-file"
"""

HEAD = f"""\
$ORIGIN .
$TTL 60
. IN SOA {PROBE} hostmaster.invalid. 1 3600 600 86400 60
. IN NS {PROBE}
{PROBE} IN A 127.0.0.1
"""


def txt(name: str, *texts: str) -> str:
    """Lines of a zone: one TXT record for each text, in strings of the 255 octets that one may have at most."""
    lines = []
    for text in texts:
        octets = text.encode()
        strings = [octets[start:start + 255] for start in range(0, len(octets), 255)] or [b""]
        lines.append(f"{name} IN TXT " + " ".join(quoted(string) for string in strings) + "\n")
    return "".join(lines)


def quoted(octets: bytes) -> str:
    plain = (chr(octet) if 0x20 <= octet < 0x7F and octet not in b'"\\' else f"\\{octet:03}" for octet in octets)
    return '"' + "".join(plain) + '"'


class Nameserver:
    """NSD, from start() to stop(). `zone` is in the notation of zone files; the final dots of names may be left out.

    `failing` are domains for which it answers SERVFAIL. It listens on a free port, unless given another place.
    """

    def __init__(self, workspace: Workspace, zone: str, failing: tuple[str, ...] = (),
                 place: tuple[str, int] | None = None):
        self._workspace = workspace
        self._process = None
        self.address, self.port = place or ("127.0.0.1", free_port())
        self.folder = workspace.path / "nameserver"
        self.folder.mkdir(mode=0o755)
        self._log = self.folder / "nsd.log"
        (self.folder / "root.zone").write_text(HEAD + zone)
        (self.folder / "nsd.conf").write_text(CONFIGURATION.format(address=self.address, port=self.port,
                                                                   folder=self.folder) +
                                              "".join(FAILING_ZONE.format(name=name) for name in failing))

    @property
    def endpoint(self) -> str:
        return f"{self.address}:{self.port}"

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = self._workspace.start([PROGRAM, "-d", "-c", str(self.folder / "nsd.conf")], stdout=log,
                                                  stderr=log)
        wait_until(self._answers, f"NSD on port {self.port}; its log: {self._log}")

    def stop(self) -> None:
        if self._process:
            self._workspace.stop(self._process)
            self._process = None

    def _answers(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError(f"NSD ended at once:\n{self._log.read_text()}")
        try:
            answer = ask_by_udp(self.port, PROBE_QUESTION, 0.1, self.address)
        except OSError:
            return False
        if not answers_in(answer):
            raise RuntimeError(f"NSD cannot read its zone:\n{self._log.read_text()}")
        return True


# What may happen to the true answer on its way. None: nothing arrives.
Fault = Callable[[bytes], bytes | None]

ANSWER_COUNT = 6  # where it stands in a packet
POINTER_TO_QUESTION = b"\xc0\x0c"  # the owner of the first answer, as NSD writes it (RFC 1035, 4.1.4)


def silence(_: bytes) -> None:
    return None


def slow(seconds: float) -> Fault:
    """As a resolver that looks for so long: what is asked again meanwhile is answered together with the first."""
    begun: dict[tuple[str, bytes], float] = {}

    def spoil(answer: bytes) -> bytes:
        name = question_name(answer)
        first = begun.setdefault((name, answer[12 + len(name) + 2:][:4]), time.monotonic())
        time.sleep(max(first + seconds - time.monotonic(), 0))
        return answer
    return spoil


def vouched(answer: bytes) -> bytes:
    """As a resolver passes on what DNSSEC vouches for: with the AD bit (RFC 4035, 3.2.3)."""
    return answer[:3] + bytes([answer[3] | 0x20]) + answer[4:]


def noise(answer: bytes) -> bytes:
    """The right ID, and then nonsense."""
    return answer[:2] + b"\x84\x00" + os.urandom(200)


def cut_off(answer: bytes) -> bytes:
    """In the middle of the first record."""
    return answer[:answer.find(POINTER_TO_QUESTION) + 15]


def header_only(answer: bytes) -> bytes:
    return answer[:12]


def a_few_octets(answer: bytes) -> bytes:
    return answer[:5]


def another_id(answer: bytes) -> bytes:
    return bytes([answer[0] ^ 0x55]) + answer[1:]


def another_question(answer: bytes) -> bytes:
    """Answers for a name that nobody asked for: the first letter is another."""
    return answer[:13] + (b"q" if answer[13:14] != b"q" else b"z") + answer[14:]


def another_owner(answer: bytes) -> bytes:
    """The question is right, but the record is somebody else's."""
    return answer.replace(POINTER_TO_QUESTION, b"\x05other\x07example\x00", 1)


def endless_pointer(answer: bytes) -> bytes:
    """The record's owner is a pointer to itself."""
    place = answer.find(POINTER_TO_QUESTION)
    return answer[:place] + struct.pack("!H", 0xC000 | place) + answer[place + 2:] if place > 0 else answer


def too_many_answers(answer: bytes) -> bytes:
    return answer[:ANSWER_COUNT] + b"\xff\xff" + answer[ANSWER_COUNT + 2:]


def a_record_longer_than_the_packet(answer: bytes) -> bytes:
    place = answer.find(POINTER_TO_QUESTION) + 10
    return answer[:place] + b"\xff\xff" + answer[place + 2:]


def always_truncated(answer: bytes) -> bytes:
    """Says over TCP, too, that the answer did not fit."""
    return answer[:2] + bytes([answer[2] | 0x02]) + answer[3:]


class FaultyNameserver:
    """Stands before a name server, in this process, and passes on what is asked and answered, over UDP and TCP.

    `faults` maps domains to what happens to answers for them and all names below. The number of questions for a name
    is counted.
    """

    def __init__(self, upstream_port: int, faults: Mapping[str, Fault]):
        self.faults = dict(faults)
        self._upstream_port = upstream_port
        self._lock = threading.Lock()
        self._asked: dict[str, int] = {}
        self.source_ports: list[int] = []  # of the questions over UDP
        self.port = free_port()
        address = ("127.0.0.1", self.port)
        self._servers = [UdpServer(address, UdpQuestion), TcpServer(address, TcpConnection)]
        for server in self._servers:
            server.faulty = self

    @property
    def endpoint(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        for server in self._servers:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def asked(self, name: str) -> int:
        """How often this name was asked for, whatever the type."""
        with self._lock:
            return self._asked.get(name.lower(), 0)

    def answer(self, question: bytes, ask: Callable[[bytes], bytes]) -> bytes | None:
        name = question_name(question)
        with self._lock:
            self._asked[name] = self._asked.get(name, 0) + 1
        for domain, spoil in self.faults.items():
            if name == domain or name.endswith("." + domain):
                return None if spoil is silence else spoil(ask(question))
        return ask(question)

    def ask_by_udp(self, question: bytes) -> bytes:
        return ask_by_udp(self._upstream_port, question)

    def ask_by_tcp(self, question: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self._upstream_port), 5) as upstream:
            upstream.sendall(struct.pack("!H", len(question)) + question)
            return read_tcp_packet(upstream.makefile("rb"))


class UdpServer(socketserver.ThreadingUDPServer):
    daemon_threads = True
    max_packet_size = 65535
    faulty: FaultyNameserver


class TcpServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128
    faulty: FaultyNameserver


class UdpQuestion(socketserver.BaseRequestHandler):
    def handle(self):
        question, reply_socket = self.request
        self.server.faulty.source_ports.append(self.client_address[1])
        try:
            answer = self.server.faulty.answer(question, self.server.faulty.ask_by_udp)
            if answer is not None:
                reply_socket.sendto(answer, self.client_address)
        except OSError:
            pass  # the server behind is away, or the run has ended: nobody answers


class TcpConnection(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            while question := read_tcp_packet(self.rfile):
                answer = self.server.faulty.answer(question, self.server.faulty.ask_by_tcp)
                if answer is not None:
                    self.wfile.write(struct.pack("!H", len(answer)) + answer)
        except OSError:
            pass  # as above, or the client has gone


def ask_by_udp(port: int, question: bytes, timeout: float = 5.0, address: str = "127.0.0.1") -> bytes:
    with socket.socket(type=socket.SOCK_DGRAM) as server:
        server.settimeout(timeout)
        server.connect((address, port))
        server.send(question)
        return server.recv(65535)


def answers_in(packet: bytes) -> int:
    return struct.unpack("!H", packet[ANSWER_COUNT:ANSWER_COUNT + 2])[0]


def read_tcp_packet(stream) -> bytes:
    """The next packet of DNS over TCP, empty at the end."""
    length = stream.read(2)
    return stream.read(struct.unpack("!H", length)[0]) if len(length) == 2 else b""


def question_name(question: bytes) -> str:
    labels, place = [], 12
    while place < len(question) and question[place]:
        labels.append(question[place + 1:place + 1 + question[place]].decode("latin-1").lower())
        place += 1 + question[place]
    return ".".join(labels)
