"""A scanner for viruses that knows one, and speaks as much of clamd's protocol as rspamd needs."""

import socketserver
import struct
import threading

VIRUS = b"This is a virus."


class Clamd(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Scan)

    @property
    def endpoint(self) -> str:
        return "127.0.0.1:{}".format(self.server_address[1])

    def start(self) -> None:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()


class Scan(socketserver.StreamRequestHandler):
    def handle(self):
        while self.rfile.read(1) not in (b"\0", b"\n", b""):  # zINSTREAM
            pass
        content = b""
        while size := struct.unpack("!I", self.rfile.read(4).rjust(4, b"\0"))[0]:
            content += self.rfile.read(size)
        self.wfile.write(b"stream: Test.Virus FOUND\0" if VIRUS in content else b"stream: OK\0")
