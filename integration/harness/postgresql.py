"""A PostgreSQL of our own: a cluster in the run's folder, never the system's."""

import contextlib
import functools
import os
import shutil
import signal
import subprocess
from pathlib import Path

from .certificates import Certificate
from .daemon import options
from .network import free_port
from .waiting import wait_until
from .workspace import Workspace

USER = "postgres"  # the package's; a server refuses to be root
PASSWORD = "secret of the fleet"
RIGHTS = """\
local all postgres trust
local all all scram-sha-256
hostssl all all 127.0.0.0/8 scram-sha-256
"""
SETTINGS = ("fsync=off", "max_connections=100", "shared_buffers=64MB", "max_wal_size=256MB",
            "log_min_messages=warning", "log_checkpoints=off", "password_encryption=scram-sha-256")


def programs() -> Path:
    """The folder of the newest PostgreSQL's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    if not found:
        raise RuntimeError("there is no PostgreSQL; script/bootstrap installs it")
    return found[-1]


class PostgreSql:
    """From start() to stop(), which keep the data. It has a database `connectord`, and a role of that name who may log in
    with PASSWORD, and as yet nothing else. Over TCP, on the loopback, with `certificate` only."""

    def __init__(self, workspace: Workspace, certificate: Certificate | None = None):
        self.workspace = workspace
        self._process: subprocess.Popen | None = None
        self.folder = workspace.path / "pg"
        self.data = self.folder / "data"
        self.log_file = self.folder / "log"
        self.port = free_port() if certificate else 5432
        self._tls = certificate is not None
        self._make(certificate)

    def start(self) -> None:
        settings = [*SETTINGS, f"unix_socket_directories={self.folder}", f"port={self.port}",
                    f"listen_addresses={'127.0.0.1' if self._tls else ''}", f"ssl={'on' if self._tls else 'off'}"]
        with self.log_file.open("ab") as log:
            self._process = self.workspace.start(
                [str(programs() / "postgres"), "-D", str(self.data), *options("-c", settings)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, user=USER, group=USER, extra_groups=[])
        wait_until(self._answers, f"PostgreSQL; its log: {self.log_file}")

    def stop(self) -> None:
        """Ends it, and all its sessions, in an orderly way."""
        if self._process:
            self.workspace.stop(self._process, signal.SIGINT)
            self._process = None

    def kill(self) -> None:
        """kill -9 of all its processes at once."""
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for process in (str(pid), *children):
            with contextlib.suppress(ProcessLookupError):  # whom a client has left, or the first of these, ends
                os.kill(int(process), signal.SIGKILL)
        self.workspace.stop(self._process, signal.SIGKILL)
        self._process = None
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def pause(self, still: bool) -> None:
        """True: it keeps its connections, and answers nothing any more; false: it goes on."""
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for process in (str(pid), *children):
            with contextlib.suppress(ProcessLookupError):  # whom a client has left ends
                os.kill(int(process), signal.SIGSTOP if still else signal.SIGCONT)

    def uri(self, user: str = "connectord", database: str = "connectord") -> str:
        """By the unix socket."""
        return f"postgresql://{user}@/{database}?host={self.folder}&port={self.port}"

    def admin_uri(self) -> str:
        return self.uri("postgres")

    def psql(self, sql: str, database: str = "connectord") -> str:
        """As its administrator: what it returns, without headers, columns parted by a bar."""
        result = subprocess.run(
            [programs() / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-p", str(self.port),
             "-U", "postgres", "-d", database, "-c", sql], capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise AssertionError(f"psql: {result.stderr}")
        return result.stdout.strip()

    def _make(self, certificate: Certificate | None) -> None:
        make_folder(self.folder)
        subprocess.run(["cp", "-a", template(), self.data], check=True)
        self.log_file.touch()
        if certificate:
            for source, name in ((certificate.file, "server.crt"), (certificate.key, "server.key")):
                place = self.data / name
                shutil.copyfile(source, place)
                place.chmod(0o600)
                shutil.chown(place, USER, USER)

    def _answers(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError(f"PostgreSQL ended at once:\n{self.log_file.read_text()}")
        result = subprocess.run([programs() / "pg_isready", "-q", "-h", self.folder, "-p", str(self.port)], check=False)
        return result.returncode == 0


def make_folder(folder: Path) -> None:
    folder.mkdir()
    shutil.chown(folder, USER, USER)


keepers: list[Workspace] = []  # of the template, as long as this process lives


@functools.cache
def template() -> Path:
    """The data of a cluster that was just made, which each is a copy of: to make one takes seconds."""
    keepers.append(Workspace("connectord-cluster-"))
    make_folder(folder := keepers[0].path / "pg")
    data = folder / "data"
    as_user = {"check": True, "stdout": subprocess.DEVNULL, "user": USER, "group": USER, "extra_groups": []}
    subprocess.run([programs() / "initdb", "-D", data, "-U", "postgres", "--no-sync", "--encoding=UTF8",
                    "--locale=C.UTF-8", "--auth=trust"], **as_user)
    (data / "pg_hba.conf").write_text(RIGHTS)
    # A server for one user, who needs no connection; it runs what ends in a line.
    alone = [programs() / "postgres", "--single", "-D", data, *options("-c", SETTINGS)]
    for database, sql in (("postgres", "CREATE DATABASE connectord"),
                          ("connectord", f"CREATE ROLE connectord LOGIN PASSWORD '{PASSWORD}'")):
        subprocess.run([*alone, database], input=sql + "\n", text=True, **as_user)
    return data


class PgBouncer:
    """A connection pooler before it, by a unix socket of its own, with settings in `lines`."""

    def __init__(self, server: PostgreSql, lines: str = ""):
        self.folder = server.folder / "bouncer"
        self.folder.mkdir()
        (self.folder / "users").write_text(f'"connectord" "{PASSWORD}"\n')
        (self.folder / "ini").write_text(
            f"[databases]\nconnectord = host={server.folder} port={server.port} dbname=connectord\n"
            f"[pgbouncer]\nunix_socket_dir = {self.folder}\nlisten_port = 6432\nauth_type = trust\n"
            f"auth_file = {self.folder}/users\npool_mode = transaction\n{lines}\n")
        for place in (self.folder, *self.folder.iterdir()):
            shutil.chown(place, USER, USER)
        with (self.folder / "log").open("wb") as log:
            self._process = server.workspace.start(["/usr/sbin/pgbouncer", str(self.folder / "ini")], stdin=subprocess.DEVNULL,
                                                   stdout=log, stderr=log, user=USER, group=USER, extra_groups=[])
        self.workspace = server.workspace
        wait_until((self.folder / ".s.PGSQL.6432").exists, f"pgbouncer; its log: {self.folder}/log")

    def stop(self) -> None:
        self.workspace.stop(self._process)
        shutil.rmtree(self.folder)

    def uri(self) -> str:
        return f"postgresql://connectord@/connectord?host={self.folder}&port=6432"
