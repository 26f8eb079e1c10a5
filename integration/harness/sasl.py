"""A stand-in for Dovecot's authentication server, so that Postfix can offer AUTH without a mail store beside it.

Speaks as much of Dovecot's authentication protocol (1.1) as Postfix uses, and believes every PLAIN login, or, with
accounts, those alone whose password is right.
"""

import base64
import shutil
import socketserver
import threading
from pathlib import Path
from typing import Mapping


class AuthenticationServer:
    """Listens on a unix socket that Postfix's user may use, from start() to stop()."""

    def __init__(self, path: Path, accounts: Mapping[str, str] | None = None):
        self.path = path
        self._server = Server(str(path), Session)
        self._server.accounts = accounts
        shutil.chown(path, "postfix", "postfix")

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def postfix_parameters(self) -> dict[str, str]:
        return {"smtpd_sasl_auth_enable": "yes", "smtpd_sasl_type": "dovecot", "smtpd_sasl_path": str(self.path),
                "smtpd_sasl_security_options": "noanonymous"}


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    accounts: Mapping[str, str] | None


class Session(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t0\nDONE\n")
        for line in self.rfile:
            fields = line.decode().rstrip("\n").split("\t")
            if fields[0] == "AUTH":
                user, password = login_of(fields)
                accounts = self.server.accounts
                is_right = accounts is None or accounts.get(user) == password
                self.wfile.write(f"{'OK' if is_right else 'FAIL'}\t{fields[1]}\tuser={user}\n".encode())


def login_of(fields: list[str]) -> tuple[str, str]:
    response = next(field for field in fields if field.startswith("resp=")).removeprefix("resp=")
    _, user, password = base64.b64decode(response).decode().split("\0")
    return user, password


def plain_login(user: str) -> str:
    """The argument of AUTH that logs `user` in."""
    return "PLAIN " + base64.b64encode(f"\0{user}\0secret".encode()).decode()
