"""connectorctl as somebody uses it who has not read the manual: at a terminal, with mistakes, without an API."""

import fcntl
import os
import pty
import re
import signal
import stat
import struct
import subprocess
import tempfile
import termios
import unittest

import api_scenario
from harness.daemon import SOURCE, build_folder, connectorctl
from harness.site import SiteOptions
from scenario import CONTOSO, SiteScenario

INCLUDE = 'include = ["connectors.d/*.toml"]'

REPORT = SOURCE / "tests" / "fuzz" / "corpus" / "reports" / "aggregate.xml"
RULE = """
[[rule]]
name = "no programs"
priority = 1
[rule.when]
subject_words = ["invoice"]
[[rule.action]]
do = "reject"
text = "no"
"""

# Questions are refused at once.
NO_DNS = """
[dns]
servers = ["127.0.0.1:9"]
timeout = "1s"
"""


def at_terminal(columns: int, *arguments: str, **environment: str) -> str:
    """What a terminal of that width is sent, both outputs."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with subprocess.Popen([build_folder() / "connectorctl", *arguments], stdin=subprocess.DEVNULL, stdout=slave,
                          stderr=slave, env={**os.environ, **environment}):
        os.close(slave)
        shown = b""
        try:
            while piece := os.read(master, 65536):
                shown += piece
        except OSError:  # the other side is closed
            pass
    os.close(master)
    return shown.decode().replace("\r\n", "\n")


class FirstPartner(SiteScenario):
    """The packaged configuration has no connector and no API. Root has one command."""

    connectors = ""
    options = SiteOptions(server=INCLUDE)

    def ctl(self, *arguments: str):
        return connectorctl(*arguments, "--config", self.site.connectord.config_file)

    def create(self):
        return self.ctl("create", "contoso", "--direction", "inbound", "--scenario", "partner", "--set",
                        'identify.sender_domains=["contoso.com"]', "--set", "require.tls=true")

    def test_is_made_changed_and_deleted_by_root_and_counts_at_once(self):
        self.assert_delivered(self.send("alice@contoso.com", tls=False), None)
        made = self.create()
        file = self.site.path / "connectors.d" / "api-inbound-contoso.toml"
        self.assertEqual(made.status, 0, made.stderr)
        self.assertRegex(made.stdout, rf"^contoso: created; in {file}; connectord has loaded it \(generation \d+\)\n$")
        self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o640)
        self.assert_refused(self.send("alice@contoso.com", tls=False), "550 5.7.10", "contoso")
        again = self.create()
        self.assertEqual(again.status, 1)
        self.assertIn('there is a connector "contoso" already', again.stderr)
        for command, code in (("disable", 250), ("enable", 550)):
            done = self.ctl(command, "contoso")
            self.assertEqual(done.status, 0, done.stderr)
            self.assertEqual(self.send("alice@contoso.com", tls=False).reply.code, code)
        wrong = self.ctl("update", "contoso", "--set", "require.tls_version=TLSv9")
        self.assertEqual(wrong.status, 1)
        self.assertIn("require.tls_version", wrong.stderr)
        self.assert_refused(self.send("alice@contoso.com", tls=False), "550 5.7.10", "contoso")
        self.assertEqual(self.ctl("delete", "contoso").status, 0)
        self.assertFalse(file.exists())
        self.assert_delivered(self.send("alice@contoso.com", tls=False), None)

    def test_a_connector_that_is_printed_is_taken_as_it_is(self):
        self.assertEqual(self.create().status, 0)
        self.addCleanup(self.ctl, "delete", "contoso")
        ctl = f"{build_folder()}/connectorctl"
        config = f"--config {self.site.connectord.config_file}"
        before = self.ctl("show", "contoso", "--json").stdout
        copied = subprocess.run(f"{ctl} show contoso --toml {config} | sed s/contoso/copied/ | {ctl} create --file - {config}",
                                shell=True, capture_output=True, text=True, check=False)
        self.assertEqual(copied.returncode, 0, copied.stderr)
        self.addCleanup(self.ctl, "delete", "copied")
        self.assertEqual(self.ctl("show", "copied", "--json").stdout.replace("copied", "contoso"), before)

    def test_a_connector_of_a_person_is_switched_in_its_file_which_stays_that_persons(self):
        folder = self.site.path / "connectors.d"
        folder.mkdir(exist_ok=True)
        file = folder / "mine.toml"
        text = "# ours\n" + CONTOSO.replace("contoso", "hand")
        file.write_text(text)
        file.chmod(0o644)
        os.chown(file, 0, 0)
        self.addCleanup(file.unlink)
        done = self.ctl("disable", "hand")
        self.assertEqual(done.status, 0, done.stderr)
        self.assertIn("# ours\n", file.read_text())
        self.assertRegex(file.read_text(), r"enabled += +false")
        self.assertEqual((file.stat().st_uid, stat.S_IMODE(file.stat().st_mode)), (0, 0o644))

    def test_a_name_that_is_none_is_told_with_the_nearest(self):
        self.assertEqual(self.create().status, 0)
        self.addCleanup(self.ctl, "delete", "contoso")
        for command in ("disable", "show", "validate"):
            asked = self.ctl(command, "contso")
            self.assertEqual(asked.status, 1)
            self.assertIn('there is no connector "contso"; did you mean "contoso"?', asked.stderr)


class NothingIncluded(SiteScenario):
    connectors = CONTOSO

    def test_what_nothing_would_read_is_not_written_in_silence(self):
        config = ("--config", str(self.site.connectord.config_file))
        made = connectorctl("create", "fabrikam", "--direction", "inbound", "--scenario", "partner", *config)
        self.assertEqual(made.status, 1)
        self.assertIn('write include = ["connectors.d/*.toml"] in [server]', made.stderr)
        exported = self.site.path / "export.json"
        exported.write_text('{"Name": "Fabrikam", "ConnectorType": "Partner", "Enabled": true,'
                            ' "SenderDomains": ["smtp:fabrikam.example;1"], "RequireTls": true}')
        written = connectorctl("import", "exchange", str(exported), "--output", str(self.site.path / "out.toml"), *config)
        self.assertIn(f"connectord does not read {self.site.path}/out.toml yet: name it in include", written.stderr)


class Silent(api_scenario.ApiScenario):
    def test_a_connectord_that_hangs_is_not_waited_for_for_ever(self):
        process = self.site.host.connectord.process
        process.send_signal(signal.SIGSTOP)
        self.addCleanup(process.send_signal, signal.SIGCONT)
        asked = self.site.ctl("disable", "contoso", "--timeout", "1")
        self.assertEqual(asked.status, 1)
        self.assertIn("no answer, so it is not known whether anything has changed", asked.stderr)


class AtATerminal(SiteScenario):
    """Lines end at words within the width; colours are there, and only there."""

    connectors = CONTOSO + RULE + NO_DNS

    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="connectord-tokens-"))
        cls.options = SiteOptions(trace='mail_log = "PATH/postfix/mail.log"',
                                  server=f'{INCLUDE}\napi_tokens = "{folder}/tokens"')
        super().setUpClass()
        cls.config = ("--config", str(cls.site.connectord.config_file))

    def changing(self):
        """Those that change something, which is theirs alone."""
        return (("create", "wide", "--direction", "inbound", "--scenario", "partner", "--set",
                 'identify.sender_domains=["wide.example"]'), ("disable", "wide"), ("enable", "wide"),
                ("update", "wide", "--set", "require.tls=true"), ("delete", "wide"),
                ("token", "add", "x", "--role", "read"), ("token", "list"), ("token", "remove", "x"))

    def commands(self):
        postfix = ("--postfix-config", str(self.site.postfix.configuration))
        sent = self.send("alice@contoso.com", "somebody.with.a.long.name@subsidiary.example.net", certificate="partner")
        self.assert_refused(self.send("alice@contoso.com", tls=False), "550 5.7.10")
        explain = ("explain", "--client-ip", "127.0.0.2", "--mail-from", "alice@contoso.com")
        draft = self.site.path / "draft.toml"
        draft.write_text('[[inbound]]\nname = "draft"\nscenario = "partner"\n[inbound.identify]\n'
                         'sender_domains = ["stranger.example"]\n[inbound.require]\ntls = true\n')
        return (("check",), ("list",), ("changes",), ("reload",), ("certificates", *postfix), explain, ("trace",),
                ("trace", "show", sent.queue_id), ("trace", "report"),
                ("trace", "report", "--per", "hour"), ("backtest", "--connector", str(draft)), ("status", *postfix),
                ("doctor", *postfix), ("attach", "postfix", *postfix), ("detach", "postfix", *postfix),
                ("queue", *postfix), ("insights", *postfix), ("validate", "contoso"),
                ("dns", "example.net", "--no-connect"), ("delivery", "show", "contoso.com"), ("rule", "list"), ("rule", "show", "no programs"),
                ("reports", "read", str(REPORT)), ("reports", "list"), ("reports", "show", "contoso.com"), ("reports", "send"), ("fleet", "status"),
                ("held", "list", *postfix), ("console",), ("trace", "--follw"), ("--help",), ("chek",),
                *((name, "--help") for name in self.names()), *self.changing())

    def names(self):
        """All commands that there are."""
        listed = connectorctl("--help").stdout.partition("Commands:")[2].partition("Example")[0]
        return re.findall(r"^  ([a-z]+) ", listed, re.MULTILINE)

    def test_no_command_is_left_out(self):
        # What these print is for files and other programs, whatever the terminal.
        tried = {command[0] for command in self.commands() if "--help" not in command}
        self.assertEqual(set(self.names()) - tried, {"show", "maps", "import", "dkim"})

    def test_every_command_fits_80_and_120_columns(self):
        for command in self.commands():
            config = self.config if "--help" not in command else ()
            for columns in (80, 120):
                with self.subTest(command, columns=columns):
                    shown = re.sub("\033\\[[0-9;]*m", "", at_terminal(columns, *command, *config))
                    self.assertNotEqual(shown, "")
                    self.assertEqual([line for line in shown.splitlines()
                                      if len(line) > columns and len(line.split()) > 1], [])

    def test_what_was_refused_is_red_and_nothing_where_nobody_wants_it(self):
        self.assert_refused(self.send("alice@contoso.com", tls=False), "550 5.7.10")
        self.assertIn("\033[1;31mrefused", at_terminal(200, "trace", *self.config))
        self.assertNotIn("\033", at_terminal(200, "trace", *self.config, NO_COLOR="1"))
        self.assertNotIn("\033", connectorctl("trace", *self.config).stdout)

    def test_what_a_program_reads_has_its_lines(self):
        self.send("alice@contoso.com", certificate="partner")
        for form in ("--json", "--csv"):
            lines = at_terminal(80, "trace", "--limit", "1", form, *self.config).splitlines()
            self.assertGreater(max(map(len, lines)), 200)


class Mistakes(unittest.TestCase):
    def test_are_told_with_what_was_meant(self):
        for arguments, words in ((("stats",), 'there is no command "stats"; did you mean "status"?'),
                                 (("trace", "--since2", "1h"), 'no option "--since2"; did you mean "--since"?'),
                                 (("token", "lst"), 'did you mean "list"?'),
                                 (("show",), "name is missing"),
                                 (("trace", "--limit", "many"), "--limit: \"many\" cannot be; write a number from 1 on"),
                                 (("trace", "--status", "bounce"), 'did you mean "bounced"?'),
                                 ((), "say which command; there are check, list")):
            with self.subTest(arguments):
                asked = connectorctl(*arguments)
                self.assertEqual(asked.status, 2)
                self.assertIn(words, asked.stderr)
                self.assertIn("--help", asked.stderr)
