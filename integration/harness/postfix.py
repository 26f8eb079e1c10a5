"""A private Postfix: its own configuration, queue and data folders, on loopback ports, with nothing of the system's.

It shares only the programs in /usr with the system's Postfix. Several entrances (smtpd services on ports of their
own) of one instance can differ in their parameters, as port 25 and submission do in a usual installation.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Callable, Iterator, Mapping, Sequence

from .network import accepts_connections, free_port
from .waiting import wait_until
from .workspace import Workspace

PROGRAMS = {"command_directory": "/usr/sbin", "daemon_directory": "/usr/lib/postfix/sbin",
            "shlib_directory": "/usr/lib/postfix"}

# Files that every configuration folder of Postfix holds, beside main.cf and master.cf.
ACCOMPANYING_FILES = ("dynamicmaps.cf", "dynamicmaps.cf.d", "postfix-files", "postfix-files.d")

# As `postfix-files` names each: name, owner, group, mode.
QUEUE_FOLDER = re.compile(r"^\$queue_directory/(\S+?):d:(\S+?):(\S+?):(\d+):", re.MULTILINE)

PARAMETERS = {
    "compatibility_level": "3.6",
    "mail_owner": "postfix",
    "setgid_group": "postdrop",
    "myhostname": "mx.example.net",
    "mydestination": "",
    "mynetworks": "127.0.0.1/32",
    "relay_domains": "example.net",
    "local_recipient_maps": "",
    "alias_maps": "",
    "notify_classes": "",
    "inet_protocols": "all",
    "inet_interfaces": "loopback-only",
    # No DNS: neither is there a name to look up, nor should a missing resolver slow a test down.
    "smtp_dns_support_level": "disabled",
    "smtpd_peername_lookup": "no",
    "smtpd_tls_security_level": "may",
    "smtpd_tls_ask_ccert": "yes",
    "smtpd_tls_fingerprint_digest": "sha256",
    "smtpd_tls_received_header": "yes",
    "smtpd_tls_loglevel": "1",
    "smtp_tls_security_level": "may",
    # Tests look at replies, not at how Postfix slows down clients that get many refusals.
    "smtpd_error_sleep_time": "0",
    "smtpd_soft_error_limit": "10000",
    "smtpd_hard_error_limit": "10000",
    "smtpd_junk_command_limit": "10000",
    "smtpd_client_connection_count_limit": "0",
    "smtpd_recipient_restrictions": "reject_unauth_destination",
    # What was deferred should go out soon after the cause is gone.
    "queue_run_delay": "1s",
    "minimal_backoff_time": "1s",
    "maximal_backoff_time": "2s",
}

# Everything unprivileged where Postfix allows it, and nothing in a chroot (the fifth column). qmgr is awakened every other
# second: mail that it looks at while a delivery agent still has it open goes back to where it only looks then.
SERVICES = """\
pickup    unix  n  -  n  60    1  pickup
cleanup   unix  n  -  n  -     0  cleanup
qmgr      unix  n  -  n  2     1  qmgr
tlsmgr    unix  -  -  n  1000? 1  tlsmgr
rewrite   unix  -  -  n  -     -  trivial-rewrite
bounce    unix  -  -  n  -     0  bounce
defer     unix  -  -  n  -     0  bounce
trace     unix  -  -  n  -     0  bounce
verify    unix  -  -  n  -     1  verify
flush     unix  n  -  n  1000? 0  flush
proxymap  unix  -  -  n  -     -  proxymap
smtp      unix  -  -  n  -     -  smtp
relay     unix  -  -  n  -     -  smtp
showq     unix  n  -  n  -     -  showq
error     unix  -  -  n  -     -  error
retry     unix  -  -  n  -     -  error
discard   unix  -  -  n  -     -  discard
local     unix  -  n  n  -     -  local
anvil     unix  -  -  n  -     1  anvil
scache    unix  -  -  n  -     1  scache
postlog   unix-dgram n - n -   1  postlogd
"""

# Where Postfix asks which map of the socketmap.
SOCKETMAPS = {"transport_maps": "transport", "smtp_tls_policy_maps": "tls-policy", "milter_header_checks": "header",
              "smtp_sasl_password_maps": "sasl-password",
              "sender_dependent_default_transport_maps": "sender-transport"}

Parameters = Mapping[str, str]


class PrivatePostfix:
    """One instance. `entrances` maps a name of ours to the parameters in which that smtpd differs from main.cf."""

    def __init__(self, workspace: Workspace, parameters: Parameters,
                 entrances: Mapping[str, Parameters] | None = None):
        self._workspace = workspace
        self._master: subprocess.Popen | None = None
        self.folder = workspace.path / "postfix"
        self.configuration = self.folder / "etc"
        self.queue = self.folder / "queue"
        self.log_file = self.folder / "mail.log"
        self.entrances = dict(entrances or {"smtp": {}})
        self.ports = {name: free_port() for name in self.entrances}
        self._make_folders()
        self._parameters = dict(parameters)
        self.name_server: str | None = None  # an address, whose port is 53; None: the system's
        self._write_configuration()

    def set(self, **parameters: str) -> None:
        """Changes main.cf; takes effect with start() or reload()."""
        self._parameters.update(parameters)
        self._write_configuration()

    def run_with(self, **parameters: str) -> Callable[[], None]:
        """Has a running Postfix run with these. Returns what puts back those that were."""
        before = {name: self.run("postconf", "-h", name).strip() for name in parameters}

        def put(values: dict[str, str]) -> None:
            self.set(**values)
            self.reload()

        put(parameters)
        return lambda: put(before)

    def start(self) -> None:
        self._make_queue()
        # The master itself, not `postfix start`: so it is a child of ours whose end can be awaited.
        command = [f"{PROGRAMS['daemon_directory']}/master", "-c", str(self.configuration)]
        if self.name_server:
            command = self._with_name_server(command)
        with (self.folder / "master.err").open("ab") as errors:
            self._master = self._workspace.start(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                                 stderr=errors)
        for port in self.ports.values():
            wait_until(lambda: self._listens(port), f"Postfix on port {port}; its log: {self.log_file}")
        # It listens before it handles signals, and a reload at that moment would end it.
        wait_until(lambda: self._handles(signal.SIGHUP), "Postfix to handle signals")

    def stop(self) -> None:
        """Ends the master and all that it started, at once (`postfix abort`)."""
        if self._master:
            self._workspace.stop(self._master)
            self._master = None

    @property
    def master(self) -> int:
        """The process that is the parent of all others of this instance."""
        if not self._master:
            raise RuntimeError("Postfix is not running")
        return self._master.pid

    def reload(self) -> None:
        """Has Postfix read its configuration. Returns when nobody of before routes mail or waits for clients any more: a
        queue manager that is about to end takes the notice of a new message along, which then waits for five minutes; an
        smtpd serves one more client as it was configured before."""
        routing, idle = self._named("qmgr", "trivial-rewrite"), self._named("smtpd")
        # What `postfix reload` does behind some twenty runs of postconf and find.
        os.kill(self.master, signal.SIGHUP)
        wait_until(lambda: not routing & self._named("qmgr", "trivial-rewrite"), "the queue manager of before to end")
        wait_until(lambda: not idle & self._named("smtpd") or self._has_clients(), "the smtpd of before to end")

    def _named(self, *programs: str) -> frozenset[tuple[int, str]]:
        """The processes that run these."""
        return frozenset(child for child in self._children() if child[1] in programs)

    def _has_clients(self) -> bool:
        """Whether a connection to one of the entrances is open, whose smtpd therefore goes on."""
        connections = [line.split() for family in ("tcp", "tcp6")
                       for line in Path(f"/proc/net/{family}").read_text().splitlines()[1:]]
        return any(state == "01" and int(local.rpartition(":")[2], 16) in self.ports.values()
                   for _, local, _, state, *_ in connections)

    def _handles(self, which: signal.Signals) -> bool:
        """Whether the master has a handler for this signal."""
        status = Path(f"/proc/{self.master}/status").read_text()
        return bool(int(re.search(r"^SigCgt:\s*(\w+)", status, re.MULTILINE).group(1), 16) >> (which - 1) & 1)

    def _children(self) -> Iterator[tuple[int, str]]:
        for process in Path(f"/proc/{self.master}/task/{self.master}/children").read_text().split():
            with contextlib.suppress(OSError):  # it has ended meanwhile
                yield int(process), Path(f"/proc/{process}/comm").read_text().strip()

    def run(self, program: str, *arguments: str, stdin: bytes = b"", timeout: float = 60.0) -> str:
        """Runs postfix, postqueue, postsuper … on this instance and returns what it printed. postqueue would wait for an
        hour (`ipc_timeout`) for a Postfix that hangs."""
        try:
            result = subprocess.run([f"/usr/sbin/{program}", "-c", str(self.configuration), *arguments], input=stdin,
                                    capture_output=True, check=False, timeout=timeout)
        except subprocess.TimeoutExpired as error:
            raise RuntimeError(str(error)) from None
        if result.returncode:
            raise RuntimeError(f"{program} {' '.join(arguments)}: {(result.stdout + result.stderr).decode()}")
        return result.stdout.decode()

    def sendmail(self, message: bytes, *arguments: str) -> None:
        """Submits a message by the sendmail command, as a cron job on this machine would."""
        subprocess.run(["/usr/sbin/sendmail", "-C", str(self.configuration), *arguments], input=message, check=True,
                       capture_output=True, timeout=60, env={**os.environ, "MAIL_CONFIG": str(self.configuration)})

    def log(self) -> str:
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def log_lines(self, pattern: str) -> list[str]:
        return [line for line in self.log().splitlines() if re.search(pattern, line)]

    def said(self) -> str:
        """The end of its log, and what is in its queue."""
        try:
            queue = self.run("postqueue", "-p", timeout=10)
        except RuntimeError as error:
            queue = str(error)
        return f"Postfix says:\n{self.log()[-5000:]}\nIn its queue:\n{queue}"

    def queued(self) -> int:
        """The number of messages in the queue, those that wait for a retry among them."""
        return self.run("postqueue", "-j").count("\n")

    def _write_configuration(self) -> None:
        places = {"queue_directory": self.queue, "data_directory": self.folder / "data",
                  "meta_directory": self.configuration, "maillog_file": self.log_file,
                  "maillog_file_prefixes": self.folder}
        settings = {**PROGRAMS, **places, **PARAMETERS, **self._parameters}
        main_cf = self.configuration / "main.cf"
        main_cf.write_text("".join(f"{key} = {value}\n" for key, value in settings.items()))
        # Each Postfix program waits until main.cf is some seconds old, in case somebody is still writing it.
        os.utime(main_cf, (time.time() - 10,) * 2)
        (self.configuration / "master.cf").write_text(
            "".join(self._smtpd(name, overrides) for name, overrides in self.entrances.items()) + SERVICES)

    def _with_name_server(self, command: list[str]) -> list[str]:
        """The command in a mount namespace of its own, in which resolv.conf is another file."""
        file = self.folder / "resolv.conf"
        file.write_text(f"nameserver {self.name_server}\n")
        return ["unshare", "--mount", "sh", "-c", f'mount --bind {file} /etc/resolv.conf && exec "$@"', "sh", *command]

    def _make_folders(self) -> None:
        for folder in (self.folder, self.configuration, self.queue, self.folder / "data"):
            folder.mkdir(mode=0o755)
        shutil.chown(self.folder / "data", "postfix", "postfix")
        self.log_file.touch(mode=0o644)  # which postlogd keeps, so that connectord may read deliveries from it
        for name in ACCOMPANYING_FILES:
            copy_if_there(Path("/etc/postfix") / name, self.configuration / name)

    def _make_queue(self) -> None:
        """As `postfix check` does, which for each start runs postconf and find some twenty times."""
        accounts = {"$mail_owner": PARAMETERS["mail_owner"], "$setgid_group": PARAMETERS["setgid_group"], "-": "root"}
        for name, owner, group, mode in QUEUE_FOLDER.findall((self.configuration / "postfix-files").read_text()):
            folder = self.queue / name
            if not folder.exists():
                folder.mkdir()
                shutil.chown(folder, accounts.get(owner, owner), accounts.get(group, group))
                folder.chmod(int(mode, 8))

    def _smtpd(self, name: str, overrides: Parameters) -> str:
        port = self.ports[name]
        settings: Sequence[str] = [f"  -o {{ {key} = {value} }}\n" for key, value in
                                   {"syslog_name": f"postfix/{name}", **overrides}.items()]
        return "".join(f"{host}:{port} inet n - n - - smtpd\n{''.join(settings)}" for host in ("127.0.0.1", "[::1]"))

    def _listens(self, port: int) -> bool:
        if self._master and self._master.poll() is not None:
            raise RuntimeError(f"Postfix ended at once:\n{(self.folder / 'master.err').read_text()}{self.log()}")
        return accepts_connections(f"inet:127.0.0.1:{port}")


def copy_if_there(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target)
    elif source.exists():
        shutil.copy(source, target)


def beside_connectord(*, milter: str | None, policy: str | None, socketmap: str | None = None) -> dict[str, str]:
    """The parameters that attach connectord to Postfix, as a site would write them. None leaves that part out."""
    restrictions = ["reject_unauth_destination"]
    parameters = {"milter_default_action": "tempfail"}
    if milter:
        parameters["smtpd_milters"] = milter
    if policy:
        restrictions.append(f"check_policy_service {policy}")
    if socketmap:
        parameters.update({parameter: f"socketmap:{socketmap}:{name}" for parameter, name in SOCKETMAPS.items()})
        parameters.update({"smtp_sasl_auth_enable": "yes", "smtp_sasl_tls_security_options": "noanonymous"})
    return {**parameters, "smtpd_recipient_restrictions": ", ".join(restrictions)}
