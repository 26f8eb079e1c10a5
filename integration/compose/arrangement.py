"""Brings the arrangement of docker-compose.yml up, reaches into its hosts, and takes it down."""

import fcntl
import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

from harness.client import Reply
from harness.daemon import SOURCE, Output, build_folder
from harness.sink import Message
from harness.submission import Sent
from harness.waiting import wait_until



def compose_command() -> list[str]:
    """Compose as a plugin of docker, or the older program; empty if there is neither."""
    for command in (["docker", "compose"], ["docker-compose"]):
        try:
            if subprocess.run([*command, "version"], capture_output=True, check=False).returncode == 0:
                return command
        except FileNotFoundError:
            pass
    return []


def obstacle() -> str | None:
    """What keeps the scenarios from running here, in words for a person."""
    try:
        if subprocess.run(["docker", "info"], capture_output=True, check=False).returncode:
            return "no Docker engine answers, or not to you; see `docker info`"
    except FileNotFoundError:
        return "docker is missing"
    if not compose_command():
        return "neither `docker compose` nor docker-compose is there"
    return None


def programs() -> Path | None:
    """The folder of the programs, if they are there."""
    return build_folder() if all((build_folder() / name).exists() for name in ("connectord", "connectorctl")) else None


class Arrangement:
    """All hosts, from __enter__ to __exit__. Of one machine's, only one is up at a time: it has fixed addresses."""

    title = "integration/run"
    project = "connectord-scenarios"
    file = "docker-compose.yml"
    file_of_programs = "integration/compose/scenarios.yml"
    built = ("dns", "postfix", "sendmail")  # a service of each image that is needed where connectord is built already
    mail_servers = ("postfix", "sendmail", "fresh", "mailbox", "exchange", "partner", "litware", "gateway", "gateway2",
                    "archive", "internet")

    def __init__(self, build_folder: Path | None, keep: bool = False):
        """Without a folder of built programs, the image brings its own. `keep` leaves all running at the end."""
        files = [SOURCE / self.file]
        if build_folder:
            os.environ["CONNECTORD_BUILD_FOLDER"] = str(build_folder)
            files.append(SOURCE / self.file_of_programs)
        self._compose = [*compose_command(), "-p", self.project, "--profile", "scenarios", "--project-directory", str(SOURCE),
                         *(word for file in files for word in ("-f", str(file)))]
        self._images = self.built if build_folder else ()
        self._keep = keep
        self._hosts: dict[str, Host] = {}
        self._guardian: subprocess.Popen | None = None

    def __enter__(self) -> "Arrangement":
        lock = self._lock()
        self._run("down", "-v", "--remove-orphans", "-t", "1", quiet=True)  # what a run that was killed left behind
        self._guardian = self._start_guardian(lock)
        try:
            self._run("build", *self._images, quiet=True)
            self._run("up", "-d", "--no-build", quiet=True)
            for name in self.mail_servers:
                self[name].wait_for_server()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        for host in self._hosts.values():
            host.close()
        self._guardian.stdin.write(b"keep\n" if self._keep else b"end\n")
        self._guardian.stdin.close()
        self._guardian.wait()

    def __getitem__(self, service: str) -> "Host":
        if service not in self._hosts:
            self._hosts[service] = Host(service, self._run("ps", "-q", service).strip())
        return self._hosts[service]

    def logs(self, *services: str) -> str:
        return self._run("logs", "--no-color", *services)

    def _lock(self):
        lock = open(Path(tempfile.gettempdir()) / f"{self.project}-{os.getuid()}.lock", "wb")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"{self.title}: another run is going on; waiting for its end", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        return lock

    def _start_guardian(self, lock) -> subprocess.Popen:
        """Takes all down when this process ends, in whatever way: then the pipe to it closes. It holds the lock until
        then, and lives in a session of its own, since Ctrl-C is not for the one who tidies up."""
        script = 'read -r word; [ "$word" = keep ] || exec "$@"'
        return subprocess.Popen(["sh", "-c", script, "sh", *self._compose, "down", "-v", "--remove-orphans", "-t", "1"],
                                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                start_new_session=True, pass_fds=[lock.fileno()])

    def _run(self, *arguments: str, quiet: bool = False) -> str:
        done = subprocess.run([*self._compose, *arguments], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT if quiet else subprocess.PIPE, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join([*self._compose, *arguments])}:\n{done.stdout}{done.stderr or ''}")
        return done.stdout


class Host:
    """One container. Its agent is started when it is first needed."""

    def __init__(self, name: str, container: str):
        self.name = name
        self.container = container
        self._agent: subprocess.Popen | None = None

    def send(self, mail_from: str, *recipients: str, server: str, helo: str = "", tls: bool = True,
             certificate: str | None = None, maximum: str | None = None, before: tuple[str, ...] = (),
             headers: tuple[str, ...] = (), author: str | None = None, port: int = 25) -> Sent:
        """One message from this host over a connection of its own. `author` is the From, by default MAIL FROM.

        `certificate` is a name from /certificates; `maximum` is of ssl.TLSVersion; `before` are commands before MAIL.
        """
        result = self._call("send", server=server, mail_from=mail_from, recipients=recipients, tls=tls, before=before,
                            helo=helo or f"{self.name}.invalid", certificate_name=certificate, maximum=maximum,
                            headers=headers, author=author or mail_from, port=port)
        return Sent(result["token"], result["command"], Reply(result["code"], result["text"]))

    def arrival(self, token: str, timeout: float = 60.0) -> Message:
        """The one message with this token in this host's mailbox."""
        (content,) = self._call("wait_for", token=token, count=1, timeout=timeout)
        return arrived(self.name, content)

    def arrivals(self, token: str, count: int, timeout: float = 60.0) -> list[Message]:
        """As soon as there are `count` messages with this token, all that there are."""
        return [arrived(self.name, content)
                for content in self._call("wait_for", token=token, count=count, timeout=timeout)]

    def holding(self, token: str) -> list[Message]:
        """The messages with this token that are there now."""
        return [arrived(self.name, content) for content in self._call("holding", token=token)]

    def wait_for_log(self, pattern: str, timeout: float = 60.0) -> str:
        """The first line of this host's mail log that the pattern is found in."""
        return self._call("wait_for_log", pattern=pattern, timeout=timeout)

    def wait_for_server(self, timeout: float = 60.0) -> None:
        self._call("wait_for_server", timeout=timeout)

    def run(self, *command: str, stdin: str = "") -> Output:
        return Output(**self._call("run", command=command, stdin=stdin))

    def output(self, *command: str, stdin: str = "") -> str:
        """What the command writes; raises if it fails."""
        done = self.run(*command, stdin=stdin)
        if done.status:
            raise RuntimeError(f"{self.name}: {' '.join(command)}: {done.stderr}")
        return done.stdout

    def stop(self) -> None:
        self.close()
        docker("stop", "-t", "10", self.container)

    def start(self) -> None:
        docker("start", self.container)

    def configure(self, example: str) -> None:
        """Makes a file of etc/examples the configuration of this host's connectord, by a reload."""
        before = self.connectord_log().count(": configuration loaded, ")
        self.output("/integration/compose/connectord/configure", example)
        docker("kill", "-s", "HUP", self.container)
        wait_until(lambda: self.connectord_log().count(": configuration loaded, ") > before,
                   f"{self.name} to load {example}; its log ends with\n{self.connectord_log()[-2000:]}")

    def connectord_log(self) -> str:
        return docker("logs", self.container)

    def wait_for_connectord_log(self, pattern: str) -> str:
        """The first line of connectord's log that the pattern is found in."""
        return wait_until(lambda: next(iter(line for line in self.connectord_log().splitlines()
                                            if re.search(pattern, line)), ""),
                          f"/{pattern}/ in the log of {self.name}")

    def close(self) -> None:
        if self._agent:
            self._agent.stdin.close()
            self._agent.wait()
            self._agent = None

    def _call(self, call: str, **arguments):
        if not self._agent:
            self._agent = subprocess.Popen(["docker", "exec", "-i", self.container, "/integration/compose/agent.py"],
                                           stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._agent.stdin.write(json.dumps({"call": call, "arguments": arguments}) + "\n")
        self._agent.stdin.flush()
        answer = json.loads(self._agent.stdout.readline() or '{"error": "the agent ended"}')
        if "timeout" in answer:
            raise TimeoutError(f"{self.name}: {answer['timeout']}")
        if "error" in answer:
            raise RuntimeError(f"{self.name}: {call}: {answer['error']}")
        return answer["result"]


def docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=True).stdout


def arrived(host: str, content: str) -> Message:
    """A message as Postfix has put it into a mailbox: the envelope and the way it came stand in its first headers."""
    octets = content.encode("latin-1").replace(b"\n", b"\r\n")
    message = Message(host, "", None, "", [], octets)
    last_hop = message.all("Received")[0]
    if tls := re.search(r"using (TLSv\S+)", last_hop):
        message.tls_version = tls.group(1)
    message.helo = last_hop.split()[1]
    message.mail_from = message.all("Return-Path")[0].strip("<>")
    message.recipients = message.all("Delivered-To")
    return message
