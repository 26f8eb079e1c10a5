"""What the scenarios share that attach connectord to a Sendmail as Debian installs it."""

import json
from dataclasses import replace

from harness.daemon import Output
from harness.waiting import wait_until
from scenario import SENDMAIL, Scenario

FRESH = replace(SENDMAIL, service="fresh", server="fresh.example.org")
MC, CF = "/etc/mail/sendmail.mc", "/etc/mail/sendmail.cf"

TLS = """\
define(`confSERVER_CERT', `/certificates/mx.example.org.pem')dnl
define(`confSERVER_KEY', `/etc/mail/tls/server.key')dnl
define(`confCACERT', `/certificates/trusted.pem')dnl
define(`confCACERT_PATH', `/etc/ssl/certs')dnl
define(`confTO_IDENT', `0')dnl
"""

# What Debian's packages put there.
AS_INSTALLED = "cd /etc/mail; find . -mindepth 1 -delete; cp -a /etc/mail.fresh/. ."

START = "/usr/sbin/sendmail -bd -q30s"
RESTART = f"""\
until pid=$(head -n 1 /var/run/sendmail/mta/sendmail.pid 2>/dev/null) && kill "$pid"; do sleep 0.1; done
while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
{START}
"""


class FreshSendmail(Scenario):
    """Each test has a Sendmail that knows nothing of connectord. `lines` are the site's own, before the mailers."""

    front = FRESH
    lines = TLS
    rules = ""

    @classmethod
    def setUpClass(cls):
        pass

    def setUp(self):
        self.output("sh", "-ec", AS_INSTALLED)
        mc = self.read(MC)
        self.make(mc.replace("MAILER_DEFINITIONS\n", self.lines + "MAILER_DEFINITIONS\n") + self.rules)
        self.front.host.wait_for_server()  # which the test before may have restarted
        self.output("sh", "-ec", RESTART)
        self.front.host.wait_for_server()
        self.before = self.files()
        self.starts_before = self.starts()

    def starts(self) -> int:
        """How often Sendmail has begun, by its log."""
        return self.read("/var/log/mail.log").count(": starting daemon ")

    def wait_for_starts(self, count: int) -> None:
        """Until Sendmail has begun so many times in this test, and greets."""
        wait_until(lambda: self.starts() >= self.starts_before + count, f"start {count} of Sendmail")
        self.front.host.wait_for_server()

    def output(self, *command: str, stdin: str = "") -> str:
        return self.front.host.output(*command, stdin=stdin)

    def read(self, file: str) -> str:
        return self.output("cat", file)

    def write(self, file: str, text: str) -> None:
        self.output("tee", file, stdin=text)

    def make(self, mc: str) -> None:
        self.write(MC, mc)
        self.output("make", "-C", "/etc/mail")

    def files(self) -> dict[str, str]:
        """All of Sendmail's files, with owner and mode."""
        listed = self.output("sh", "-ec", "cd /etc/mail; find . -type f -printf '%U:%G %m ' -exec sha256sum {} ';'")
        return {line.split()[-1]: line for line in listed.splitlines()}

    def connectorctl(self, *words: str) -> Output:
        return self.front.host.run("connectorctl", *words)

    def attach_for_sure(self) -> Output:
        return self.done("attach", "sendmail", "--yes")

    def done(self, *words: str) -> Output:
        output = self.connectorctl(*words)
        self.assertEqual(output.status, 0, output.stdout + output.stderr)
        return output

    def status(self) -> tuple[int, dict, str]:
        """Its exit status, what it says as JSON, and the lines that it says to write."""
        output = self.connectorctl("status", "--json")
        report = json.loads(output.stdout)
        return output.status, report, "\n".join(one["write"] for one in report["missing"])

    def assert_refused_unchanged(self, output: Output, *words: str) -> None:
        self.assertEqual(output.status, 1, output.stdout)
        for word in words:
            self.assertIn(word, output.stderr)
        self.assertEqual(self.files(), self.before)
