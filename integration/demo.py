#!/usr/bin/python3
"""Shows connectord at work, on a private Postfix with a private certification authority.

Sends the partner's mail as it should be and as it should not, and mail that is forged or comes through a gateway, and
shows for each message what connectord said and where the mail went. Every result is held against what is expected of
it: the exit status is 0 only if all agree.
"""

import argparse
import io
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import textwrap
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from harness import dkim_verifier, logline  # noqa: E402  (the path comes first)
from harness.client import Reply  # noqa: E402
from harness.daemon import build_folder, connectorctl  # noqa: E402
from harness.dns_server import txt  # noqa: E402
from harness.sink import Message  # noqa: E402
from harness.site import USER, Site, SiteOptions  # noqa: E402
from harness.submission import new_token  # noqa: E402

PARTNER_ADDRESS, STRANGER_ADDRESS = "127.0.0.2", "127.0.0.99"
GATEWAY_ADDRESS, OTHER_GATEWAY_ADDRESS = "127.0.0.3", "127.0.0.4"
OUR_ADDRESS = "127.0.0.5"
# What gateways write into Received: tailspin's server, and somebody else's.
TAILSPIN_ADDRESS, FORGER_ADDRESS = "203.0.113.7", "198.51.100.66"
RECIPIENT = "user@example.net"

CONNECTORS = """\
[[inbound]]
name = "contoso"
scenario = "partner"
[inbound.identify]
sender_domains = ["contoso.com", "*.contoso.com"]
[inbound.require]
tls = true
tls_version = "TLSv1.2"
client_networks = ["{address}"]
[inbound.require.certificate]
subject = "mail.contoso.com"
issuer = "Contoso Issuing CA"

[[inbound]]
name = "fabrikam"
scenario = "partner"
[inbound.identify]
sender_domains = ["fabrikam.com"]
[inbound.require]
tls = true
[inbound.require.certificate]
fingerprints = ["{fingerprint}"]

[[inbound]]
name = "gateway"
scenario = "internet"
[inbound.identify]
client_networks = ["{gateway}"]
[inbound.enhanced_filtering]
skip_last = true

[[inbound]]
name = "ours"
scenario = "on-premises"
[inbound.identify]
client_networks = ["{ours}"]

[[rule]]
name = "external-mark"
priority = 10
[rule.when]
direction = ["inbound"]
[rule.unless]
inbound_connectors = ["contoso", "fabrikam", "gateway"]
[[rule.action]]
do = "prepend_subject"
text = "[EXTERNAL] "

[[rule]]
name = "disclaimer"
priority = 20
[rule.when]
inbound_connectors = ["ours"]
[[rule.action]]
do = "disclaimer"
text = "Example Net, Main Street 1"

[[rule]]
name = "no programs"
priority = 30
[rule.when]
attachment_executable = true
[[rule.action]]
do = "reject"
text = "Programs are not accepted"

{signing}
"""

ZONE = (txt("tailspin.example", f"v=spf1 ip4:{TAILSPIN_ADDRESS} -all") +
        txt("_dmarc.tailspin.example", "v=DMARC1; p=reject"))

INTRODUCTION = """\
Two partners, a gateway and a server of our own, four connectors:
  contoso   sends over TLS, from {address}, with the certificate mail.contoso.com of Contoso Issuing
            CA. What carries its tag leaves through a smart host of its own (milter_header_checks).
  fabrikam  sends over TLS with a self-signed certificate, whose public key is pinned.
  gateway   a filter in front of us, at {gateway}: who handed the mail to it is judged in its place.
  ours      our own server, at {ours}: its mail is signed with our key.
Three transport rules: a mark in the subject of strangers' mail, a disclaimer in our own, and no
programs, in archives either.
And a stranger, tailspin.example: by SPF it sends from {tailspin} only, and by DMARC it asks to
refuse all else (a DNS server on 127.0.0.1:{dns} says so).
"""


@dataclass(frozen=True)
class Case:
    """A message, and what must become of it. `certificate` None: in the clear. `reply` is how the answer begins.

    `author` is who From says it is, if not the sender of the envelope; `original_client`, whom connectord must find;
    `attachment` a zip with one file of these bytes; `wanted` says what is wrong with what arrived, or nothing.
    """

    title: str
    mail_from: str
    source: str
    certificate: str | None
    reply: str
    sink: str | None = None
    tags: tuple[str, ...] = ()
    header: str = ""
    author: str = ""
    original_client: str | None = None
    attachment: bytes | None = None
    wanted: Callable[[Message, dict[str, str]], str] = lambda message, records: ""


def is_marked(message: Message, _: dict[str, str]) -> str:
    subject = "".join(message.all("Subject"))
    return "" if subject.startswith("[EXTERNAL] ") else f"the subject is {subject!r}"


def has_disclaimer_and_signature(message: Message, records: dict[str, str]) -> str:
    """By another implementation of DKIM than connectord's."""
    if b"Example Net, Main Street 1" not in message.body:
        return "there is no disclaimer in it"
    verdicts = dkim_verifier.verify(message.content, records)
    return "" if [one.domain for one in verdicts if one.good] == ["example.net"] else f"signatures: {verdicts}"


def received(client: str) -> str:
    """What a gateway writes on top of a message."""
    return (f"Received: from mail.tailspin.example (mail.tailspin.example [{client}]) by gw.example.net (Postfix) with"
            " ESMTPS id 4Vx1yz0000z9X; Sat, 21 Nov 2026 10:00:00 +0000")


CASES = (
    Case("contoso's mail as agreed", "alice@contoso.com", PARTNER_ADDRESS, "partner", "250 2.0.0", "contoso",
         ("contoso",)),
    Case("without TLS", "alice@contoso.com", PARTNER_ADDRESS, None, "550 5.7.10"),
    Case("with a certificate of another name", "alice@contoso.com", PARTNER_ADDRESS, "other-name", "550 5.7.1 "),
    Case("with the right names, but of an issuer nobody trusts", "alice@contoso.com", PARTNER_ADDRESS, "impostor",
         "550 5.7.1 "),
    Case("from another address", "alice@contoso.com", STRANGER_ADDRESS, "partner", "550 5.7.1 "),
    Case("fabrikam's mail: self-signed, but pinned", "bob@fabrikam.com", STRANGER_ADDRESS, "pinned", "250 2.0.0",
         "default", ("fabrikam",)),
    Case("self-signed, not pinned", "bob@fabrikam.com", STRANGER_ADDRESS, "unpinned", "550 5.7.1 "),
    Case("a stranger's mail with a forged tag", "eve@example.org", STRANGER_ADDRESS, None, "250 2.0.0", "default",
         header="X-Connector: contoso"),
    Case("a stranger's mail with tailspin in From", "eve@example.org", STRANGER_ADDRESS, None, "550 5.7.1 ",
         author="ceo@tailspin.example"),
    Case("tailspin's mail through the gateway", "carol@tailspin.example", GATEWAY_ADDRESS, None, "250 2.0.0", "default",
         ("gateway",), received(TAILSPIN_ADDRESS), original_client=TAILSPIN_ADDRESS),
    Case("a forgery through the gateway", "carol@tailspin.example", GATEWAY_ADDRESS, None, "550 5.7.1 ",
         header=received(FORGER_ADDRESS)),
    Case("tailspin's mail through a gateway without a connector", "carol@tailspin.example", OTHER_GATEWAY_ADDRESS, None,
         "550 5.7.1 ", header=received(TAILSPIN_ADDRESS)),
    Case("a stranger's mail, marked by a rule", "eve@example.org", STRANGER_ADDRESS, None, "250 2.0.0", "default",
         wanted=is_marked),
    Case("our own mail: disclaimer and signature, verified by dkimpy", "carol@example.net", OUR_ADDRESS, None,
         "250 2.0.0", "default", ("ours",), wanted=has_disclaimer_and_signature),
    Case("a program in a zip", "eve@example.org", STRANGER_ADDRESS, None, "550 5.7.1 Programs",
         attachment=b"MZ\x90\0" + b"\0" * 60),
)

ROUTES = {"contoso": "contoso's smart host", "default": "the default route"}


@dataclass(frozen=True)
class Result:
    """What became of a message: swaks' last word from Postfix, connectord's log line, and where it arrived."""

    reply: Reply
    said: str
    sink: str | None
    tags: tuple[str, ...]
    original_client: str | None = None
    lacking: str = ""  # what is wrong with what arrived

    def as_expected(self, case: Case) -> bool:
        return (f"{self.reply} ".startswith(case.reply) and self.sink == case.sink and self.tags == case.tags and
                self.original_client == case.original_client and not self.lacking)

    @property
    def went_to(self) -> str:
        if not self.sink:
            return "nowhere: refused"
        return f"{ROUTES[self.sink]}, " + (f"tagged {', '.join(self.tags)}" if self.tags else "no tag")


def swaks_command(site: Site, case: Case, *more: str) -> list[str]:
    command = ["swaks", "--server", "127.0.0.1", "--port", str(site.postfix.ports["smtp"]), "--local-interface",
               case.source, "--ehlo", "client.example.org", "--from", case.mail_from, "--to", RECIPIENT]
    if case.certificate:
        certificate = site.certificates[case.certificate]
        command += ["--tls", "--tls-cert", str(certificate.file), "--tls-key", str(certificate.key)]
    if case.header:
        command += ["--add-header", case.header]
    if case.author:
        command += ["--header", f"From: {case.author}"]
    if case.attachment:
        command += ["--attach-type", "application/zip", "--attach-name", "plans.zip", "--attach",
                    f"@{zip_of(site, case.attachment)}"]
    return command + list(more)


def zip_of(site: Site, content: bytes) -> Path:
    """A zip with one file in it, whose name says nothing."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("plans.txt", content)
    file = site.path / "plans.zip"
    file.write_bytes(packed.getvalue())
    return file


def deciding_reply(transcript: str) -> Reply:
    """The first refusal in swaks' output, or the answer to the end of the data."""
    replies = re.findall(r"^<([-~*]+)\s+(\d{3}) (.*)$", transcript, re.MULTILINE)
    refusals = [reply for reply in replies if "*" in reply[0]]
    accepted = [reply for reply in replies if "queued as" in reply[2]]
    if not refusals + accepted:
        raise RuntimeError(f"swaks got no answer to its message:\n{transcript}")
    _, code, text = (refusals + accepted)[0]
    return Reply(int(code), text)


def send(site: Site, case: Case, records: dict[str, str]) -> Result:
    token = new_token()
    swaks = subprocess.run(swaks_command(site, case, "--header", f"Subject: {token}"), capture_output=True, text=True,
                           check=False)
    reply = deciding_reply(swaks.stdout + swaks.stderr)
    if not reply.accepted:
        return Result(reply, f"{reply.code} {reply.text}", *whereabouts(site, token))
    arrived = site.arrival(token)
    (original_client,) = arrived.all("X-Connector-Original-Client") or (None,)
    return Result(reply, acceptance(logline.parse(site.log_of(reply.queue_id))), *whereabouts(site, token),
                  original_client, case.wanted(arrived, records))


def acceptance(line: logline.LogLine) -> str:
    """connectord's own words for a message that it let pass; an SMTP reply it gives to refused ones only."""
    connector = line["connector"]
    removed = "".join(f", {number} forged tag removed" for number in line.all("removed_tags"))
    found = "".join(f", original client {address}: SPF {line['spf']}, DMARC {line['dmarc']}"
                    for address in line.all("original_client"))
    by = "no connector" if connector == "none" else f"connector {connector}"
    rules = "".join(f", rule {rule}" for rule in line.all("rule"))
    return f"{line['action']}, {by}{removed}{found}{rules}"


def whereabouts(site: Site, token: str) -> tuple[str | None, tuple[str, ...]]:
    arrivals = site.arrivals(token)
    if not arrivals:
        return None, ()
    return " and ".join(message.sink for message in arrivals), tuple(arrivals[0].all("X-Connector"))


class Page:
    """Writes to a person: in colour on a terminal, in plain text elsewhere, never wider than 100 columns."""

    WIDTHS = (30, 41, 22)

    def __init__(self):
        self._colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def text(self, text: str) -> None:
        print(text, flush=True)

    def heading(self) -> None:
        self.text("   " + self._painted("1", "  ".join(title.ljust(width) for title, width in zip(
            ("What was sent", "What connectord said", "Where it went"), self.WIDTHS))).rstrip())
        self.text("-- " + "  ".join("-" * width for width in self.WIDTHS))

    def row(self, case: Case, result: Result) -> None:
        """One message. Its first line begins with the verdict on the demo itself, not on the mail."""
        good = result.as_expected(case)
        mark = self._painted("32" if good else "1;31", "ok" if good else "NO")
        colour = "32" if result.sink else "31"
        columns = [textwrap.wrap(text, width) for text, width in
                   zip((case.title, result.said, result.went_to), self.WIDTHS)]
        for number in range(max(map(len, columns))):
            cells = [(column[number] if number < len(column) else "").ljust(width)
                     for column, width in zip(columns, self.WIDTHS)]
            cells[1:] = [self._painted(colour, cell) for cell in cells[1:]]
            self.text(f"{'  ' if number else mark} " + "  ".join(cells).rstrip())

    def _painted(self, colour: str, text: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._colour else text


def demonstrate(site: Site, page: Page, records: dict[str, str]) -> int:
    """Sends everything; returns how many messages ended otherwise than they should."""
    page.text(f"Postfix listens on 127.0.0.1:{site.postfix.ports['smtp']}, with connectord beside it.")
    page.text(INTRODUCTION.format(address=PARTNER_ADDRESS, gateway=GATEWAY_ADDRESS, tailspin=TAILSPIN_ADDRESS,
                                  ours=OUR_ADDRESS, dns=site.nameserver.port))
    page.heading()
    wrong = []
    for case in CASES:
        result = send(site, case, records)
        page.row(case, result)
        if not result.as_expected(case):
            wrong.append((case, result))
    page.text("")
    for case, result in wrong:
        page.text(f"NOT AS EXPECTED: {case.title}\n  expected {case.reply}…, at {case.sink}, tags {case.tags}\n"
                  f"  seen     {result.reply}, at {result.sink}, tags {result.tags}, original client"
                  f" {result.original_client}{result.lacking and ', ' + result.lacking}")
    page.text(f"{len(CASES) - len(wrong)} of {len(CASES)} messages ended as they should.")
    return len(wrong)


def new_key(folder: Path) -> tuple[str, dict[str, str]]:
    """A key for our own mail: its [[signing]] table, and the record for DNS."""
    configuration = folder / "key.toml"
    configuration.write_text(f'[server]\nuser = "{USER}"\n')
    made = connectorctl("dkim", "new", "example.net", "--selector", "demo", "--dir", folder / "dkim", "--json",
                        "--config", configuration)
    if made.status:
        raise RuntimeError(made.stderr)
    key = json.loads(made.stdout)
    return key["signing"], {key["dns_name"]: key["dns_txt"]}


def new_site() -> tuple[Site, dict[str, str]]:
    """A site, and the records of the key that it signs with."""
    site = Site(options=SiteOptions(keep_mail=True, prefix="connectord-demo-", zone=ZONE))
    signing, records = new_key(site.path)
    site.reconfigure(CONNECTORS.format(address=PARTNER_ADDRESS, gateway=GATEWAY_ADDRESS, ours=OUR_ADDRESS,
                                       signing=signing,
                                       fingerprint=site.certificates["pinned"].public_key_fingerprint))
    return site, records


def pasteable(command: list[str]) -> str:
    """A command for the shell, on lines of a readable length that do not part an option from its value."""
    options = shlex.join(command).replace(" --", "\n--").split("\n")
    lines = [options.pop(0)]
    for option in options:
        if len(lines[-1]) + len(option) < 88:
            lines[-1] += " " + option
        else:
            lines.append(option)
    return " \\\n      ".join(lines)


def instructions(site: Site, keeper: int) -> str:
    """What to try, as commands to paste."""
    config = site.connectord.config_file
    a_forgery = next(case for case in CASES if case.author)
    good, bad, forged = (pasteable(swaks_command(site, case)) for case in (CASES[0], CASES[1], a_forgery))
    return f"""
It all goes on running. To try things:

  # the partner's mail as agreed, and without TLS; a forged sender
  {good}
  {bad}
  {forged}

  # what arrived, and what connectord and Postfix wrote about it
  tail -n +1 {site.path}/mail/*/*.eml
  tail -f {site.connectord.log_file} {site.postfix.log_file}

  # ask without sending
  {build_folder()}/connectorctl list --config {config}
  {build_folder()}/connectorctl explain --config {config} \\
      --client-ip {STRANGER_ADDRESS} --client-port 40000 --helo client.example.org \\
      --mail-from alice@contoso.com --rcpt-to {RECIPIENT} \\
      --tls TLSv1.3 --cert-subject mail.contoso.com --cert-issuer 'Contoso Issuing CA'

  # change the connectors: edit the file, look it over, and swap it in
  ${{EDITOR:-vi}} {config}
  {build_folder()}/connectorctl check --config {config} && kill -HUP {site.connectord.process.pid}

  # stop, and remove everything
  kill {keeper}"""


def obstacle() -> str | None:
    """What keeps the demo from running here."""
    if os.geteuid() != 0:
        return "must be run as root: Postfix starts as root, and so does connectord before it drops its privileges"
    for program in ("/usr/sbin/postfix", "/usr/sbin/nsd", "openssl", "swaks"):
        if not shutil.which(program):
            return f"{program} is missing; script/bootstrap installs it"
    if "TLS supported" not in subprocess.run(["swaks", "--support"], capture_output=True, text=True).stdout:
        return "swaks has no TLS; script/bootstrap installs libnet-ssleay-perl, which it wants for that"
    if not (build_folder() / "connectord").exists():
        return f"{build_folder() / 'connectord'} is missing; script/build makes it"
    return None


def run() -> int:
    site, records = new_site()
    with site:
        return 1 if demonstrate(site, Page(), records) else 0


def run_and_keep() -> int:
    """Does everything in a child, which lives on with the next hops in it when this process has ended."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        return keep(writer)
    os.close(writer)
    signal.signal(signal.SIGINT, lambda *_: os.kill(child, signal.SIGTERM))
    status = os.read(reader, 1)  # empty if the child has died
    return status[0] if status else 1


def keep(writer: int) -> int:
    """The child's part: writes the exit status to `writer` when the demo is over, and stays until SIGTERM."""
    os.setsid()
    site, records = new_site()
    with site:
        status = 1 if demonstrate(site, Page(), records) else 0
        print(instructions(site, os.getpid()), flush=True)
        leave_terminal()
        os.write(writer, bytes([status]))
        os.close(writer)
        while True:
            signal.pause()


def leave_terminal() -> None:
    """So that a pipe which the demo writes to ends with the demo."""
    with open(os.devnull, "r+b") as nowhere:
        for stream in (0, 1, 2):
            os.dup2(nowhere.fileno(), stream)


def interrupt(*_):
    raise KeyboardInterrupt


def main() -> int:
    parser = argparse.ArgumentParser(prog="script/demo", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", action="store_true", help="leave everything running, and say how to try things")
    options = parser.parse_args()
    if problem := obstacle():
        print(f"script/demo: {problem}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, interrupt)
    try:
        return run_and_keep() if options.keep else run()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
