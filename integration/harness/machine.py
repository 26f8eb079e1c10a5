"""A machine as an administrator finds it: a Debian with Postfix at port 25, in namespaces of its own.

It has its own /etc, /var, /run, /home and /root, its own loopback interface with the addresses that documents use, its
own processes and its own DNS, and is gone with the workspace. Postfix's daemons run in the chroot, as Debian has them.
`systemctl` and `journalctl` are stand-ins, which know connectord and Postfix, and do what the unit says.
"""

import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .daemon import SOURCE, build_folder
from .dns_server import Nameserver
from .waiting import wait_until
from .workspace import Workspace

# Whom documents speak of. All are this machine's, so that a client can come from each.
ADDRESSES = ("203.0.113.25", "198.51.100.7", "192.0.2.5", "192.0.2.10", "192.0.2.25")

PROGRAMS = Path(__file__).with_name("machine")  # the stand-ins

SETUP = r"""
set -e
mount --make-rprivate /
ip link set lo up
for address in {addresses}; do ip address add "$address/32" dev lo; done
hostname mx.example.net

new() {{ mount -t tmpfs -o mode=0755 tmpfs "$1"; }}
mkdir {folder}/etc && new {folder}/etc && cp -a /etc/. {folder}/etc/ && mount --move {folder}/etc /etc
new /var && mkdir -p /var/lib/postfix /var/log /var/spool/postfix /var/backups /var/tmp /var/mail
chown postfix: /var/lib/postfix && chmod 1777 /var/tmp && chgrp mail /var/mail && chmod 2775 /var/mail
for place in /run /home /root /usr/share/doc; do new "$place"; done
new /mnt && mkdir /mnt/bin
cp {programs}/* /mnt/bin/
ln -s {build}/connectord {build}/connectorctl /mnt/bin/

if getent passwd connectord >/dev/null; then userdel connectord; fi # of scenarios' that need it where they run
groupadd --system connectord
useradd --system --gid connectord --no-create-home --shell /usr/sbin/nologin connectord
useradd --create-home bob
install -d -o root -g connectord -m 0750 /etc/connectord
install -d -o connectord -g connectord -m 0750 /etc/connectord/connectors.d
install -m 0640 -g connectord {source}/etc/connectord.toml /etc/connectord/
cp {source}/etc/connectord.service /mnt/connectord.service

mkdir -p /usr/share/doc/connectord
cp -r {source}/docs {source}/etc/examples {source}/etc/filters /usr/share/doc/connectord/

mkdir -p /etc/ssl/private
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 825 -subj /CN=mx.example.net \
  -keyout /etc/ssl/private/ssl-cert-snakeoil.key -out /etc/ssl/certs/ssl-cert-snakeoil.pem 2>/dev/null
echo 'nameserver 127.0.0.1' >/etc/resolv.conf
# Nobody here is certified by a public authority; Postfix's own scripts compare each of them with the chroot's, one by one.
find /etc/ssl/certs -mindepth 1 -not -name ssl-cert-snakeoil.pem -delete
cp /etc/postfix/master.cf.proto /etc/postfix/master.cf
cp {folder}/main.cf /etc/postfix/main.cf
touch -d '1 minute ago' /etc/postfix/main.cf
[ -f /etc/aliases ] || echo 'postmaster: root' >/etc/aliases
newaliases
/usr/lib/postfix/configure-instance.sh - >/dev/null 2>&1 || true
postfix start >/dev/null 2>&1
echo ready >{folder}/ready
# The first process, so whatever others leave behind is its child in the end.
sleep infinity &
while :; do wait; done
"""

MAIN_CF = """\
smtpd_banner = $myhostname ESMTP $mail_name (Debian/GNU)
biff = no
append_dot_mydomain = no
readme_directory = no
compatibility_level = 3.6
smtpd_tls_cert_file = /etc/ssl/certs/ssl-cert-snakeoil.pem
smtpd_tls_key_file = /etc/ssl/private/ssl-cert-snakeoil.key
smtpd_tls_security_level = may
smtp_tls_CApath = /etc/ssl/certs
smtp_tls_security_level = may
smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated defer_unauth_destination
myhostname = mx.example.net
alias_maps = hash:/etc/aliases
alias_database = hash:/etc/aliases
mydestination = example.net, $myhostname, localhost
mynetworks = 127.0.0.0/8 [::1]/128
recipient_delimiter = +
inet_interfaces = all
inet_protocols = ipv4
maillog_file = /var/log/mail.log
enable_long_queue_ids = yes
"""

PATH = "/mnt/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Said:
    """What a command printed, both outputs in their order, and its exit status."""

    status: int
    text: str


class Machine:
    """Started by entering it; `zone` has lines of a zone file."""

    def __init__(self, zone: str):
        self.workspace = Workspace("connectord-machine-")
        self._folder = self.workspace.path
        self._zone = zone
        self._first: int | None = None

    def __enter__(self) -> "Machine":
        try:
            self._start()
        except BaseException:
            self.workspace.close()
            raise
        return self

    def __exit__(self, *_) -> None:
        if self._first:
            os.kill(self._first, signal.SIGKILL)  # and so all its processes
        self.workspace.close()

    def run(self, command: str, timeout: float = 60.0) -> Said:
        """Has root's bash run it, in the folder /root, with the variables and functions that commands before it have set."""
        try:
            done = subprocess.run([*self._within(), "bash", "-c", f"{SAME_SHELL}\n{command}"], stdin=subprocess.DEVNULL, timeout=timeout,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                                  check=False)
        except subprocess.TimeoutExpired as error:
            raise AssertionError(f"{command}: did not end within {timeout} s:\n{error.stdout}") from None
        return Said(done.returncode, done.stdout)

    def write(self, file: str, text: str, append: bool = False) -> None:
        subprocess.run([*self._within(), "sh", "-c", f'mkdir -p "$(dirname {file})" && cat >{">" if append else ""} {file}'],
                       input=text, text=True, check=True)

    def _within(self) -> list[str]:
        return ["nsenter", f"--target={self._first}", "--mount", "--net", "--uts", "--pid", "env", "-i", "--chdir=/root",
                f"PATH={PATH}", "HOME=/root", "LANG=C.UTF-8", "COLUMNS=400"]

    def _start(self) -> None:
        (self._folder / "main.cf").write_text(MAIN_CF)
        setup = self._folder / "setup"
        setup.write_text(SETUP.format(addresses=" ".join(ADDRESSES), folder=self._folder, programs=PROGRAMS,
                                      source=SOURCE, build=build_folder()))
        log = self._folder / "setup.log"
        with log.open("wb") as output:
            outer = self.workspace.start(["unshare", "--mount", "--net", "--uts", "--pid", "--ipc", "--fork",
                                          "--kill-child", "--mount-proc", "bash", str(setup)],
                                         stdin=subprocess.DEVNULL, stdout=output, stderr=output)

        def is_ready() -> bool:
            if outer.poll() is not None:
                raise RuntimeError(f"the machine did not start:\n{log.read_text()}")
            return (self._folder / "ready").exists()

        wait_until(is_ready, f"the machine; {log}", 60)
        children = Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text().split()
        self._first = int(children[0])
        server = Nameserver(self.workspace, self._zone, place=("127.0.0.1", 53))
        inner = [*self._within(), "/usr/sbin/nsd", "-d", "-c", str(server.folder / "nsd.conf")]
        with (self._folder / "nsd.log").open("wb") as output:
            self.workspace.start(inner, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        wait_until(lambda: "NOERROR" in self.run("python3 -c '" + ASK + "'").text, "the machine's DNS", 30)


SAME_SHELL = r"""[ ! -e ~/.shell ] || . ~/.shell
trap '{ declare -p | grep -E "^declare -- [A-Z]+=\""; declare -f; } > ~/.shell' EXIT"""

# Prints NOERROR when the name server answers.
ASK = ('import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(0.5);'
       's.sendto(b"\\x00\\x01\\x00\\x00\\x00\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\x01", ("127.0.0.1", 53));'
       'print("NOERROR" if s.recv(512)[3] & 15 == 0 else "an error")')
