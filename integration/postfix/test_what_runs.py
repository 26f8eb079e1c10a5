"""The file was edited and nobody reloaded: what runs and what the file says are distinguished."""

import hashlib
import json
import pwd
import socket
import stat
import subprocess
import sys

from harness.daemon import connectorctl
from harness.site import USER, SiteOptions
from harness.waiting import wait_until
from scenario import CONTOSO, SiteScenario


class EditedFile(SiteScenario):
    connectors = CONTOSO
    options = SiteOptions(trace="")

    def setUp(self):
        self.file = self.site.connectord.config_file
        self.good = self.file.read_text()
        self.addCleanup(self.restore)

    def restore(self):
        self.file.write_text(self.good)
        self.ctl("reload")

    def ctl(self, *arguments: str):
        return connectorctl(*arguments, "--config", self.file)

    def edit(self, before: str, after: str):
        self.assertIn(before, self.good)
        self.file.write_text(self.good.replace(before, after))

    def explain(self, *more: str):
        return self.ctl("explain", "--client-ip", "127.0.0.2", "--mail-from", "alice@contoso.com", "--tls", "TLSv1.2",
                        "--cert-subject", "mail.contoso.com", "--cert-issuer", "Contoso Issuing CA", *more)

    def test_answers_are_for_what_runs_until_it_is_reloaded(self):
        self.edit('tls_version = "TLSv1.2"', 'tls_version = "TLSv1.3"')
        difference = 'inbound contoso: require.tls_version from "TLSv1.2" to "TLSv1.3"'
        for command in (("list",), ("show", "contoso")):
            shown = self.ctl(*command)
            self.assertIn("TLSv1.2", shown.stdout)
            self.assertIn(difference, shown.stderr)
            in_file = self.ctl(*command, "--file-only")
            self.assertIn("TLSv1.3", in_file.stdout)
            self.assertEqual(in_file.stderr, "")
        self.assertNotIn("550 5.7.10", self.explain().stdout)
        self.assertIn("550 5.7.10", self.explain("--file-only").stdout)
        self.assertIn("not yet", self.ctl("changes").stdout)
        reloaded = self.ctl("reload")
        self.assertEqual(reloaded.status, 0, reloaded.stderr)
        self.assertRegex(reloaded.stdout, r"^reloaded; generation \d+ runs\n")
        self.assertIn(difference, reloaded.stdout)
        self.assertEqual(self.ctl("list").stderr, "")
        self.assertIn("550 5.7.10", self.explain().stdout)
        reported = json.loads(self.ctl("changes", "--json").stdout)
        self.assertEqual(reported["pending"], [])
        last = reported["loads"][-1]
        self.assertEqual((last["who"], [change["key"] for change in last["changes"]]),
                         ("a reload", ["require.tls_version"]))
        self.assertEqual(last["changes"][0]["file"], str(self.file))
        self.assertIn("require.tls_version", self.ctl("status").stdout)

    def test_what_is_tried_and_replayed_is_what_runs(self):
        sent = self.send("alice@contoso.com", certificate="partner")
        self.assert_delivered(sent, "contoso")
        draft = self.site.path / "draft.toml"
        draft.write_text(CONTOSO)
        self.edit('tls_version = "TLSv1.2"', 'tls_version = "TLSv1.3"')
        difference = "require.tls_version"
        for command, runs, in_file in ((("validate", "contoso"), "TLSv1.2 or later", "TLSv1.3 or later"),
                                       (("backtest", "--connector", draft), "0 otherwise", "0 otherwise"),
                                       (("maps", "transport"), "# transport", "# transport"),
                                       (("queue", "--postfix-config", self.site.postfix.configuration), "nothing waits",
                                        "nothing waits")):
            with self.subTest(command):
                shown = self.ctl(*command)
                self.assertIn(runs, shown.stdout)
                self.assertIn(difference, shown.stderr)
                alone = self.ctl(*command, "--file-only")
                self.assertIn(in_file, alone.stdout)
                self.assertNotIn(difference, alone.stderr)

    def test_the_history_is_kept_over_a_restart_with_what_was_edited_meanwhile(self):
        self.edit('tls_version = "TLSv1.2"', 'tls_version = "TLSv1.3"')
        self.assertEqual(self.ctl("reload").status, 0)
        connectord = self.site.connectord
        connectord.stop()
        self.edit('scenario = "partner"', 'scenario = "partner"\npriority = 7')
        connectord.start()
        reported = json.loads(self.ctl("changes", "--json").stdout)["loads"]
        self.assertEqual([load["who"] for load in reported[-2:]], ["a reload", "the start"])
        self.assertEqual(reported[-2]["generation"], 0, "of a process before")
        self.assertEqual([change["key"] for change in reported[-1]["changes"]], ["priority", "require.tls_version"])
        self.assertEqual([mark["owner"] for mark in reported[-1]["files"]], ["root"])
        kept = self.site.path / "kept" / "changes.json"
        self.assertEqual((stat.S_IMODE(kept.stat().st_mode), kept.owner()), (0o600, USER))
        shown = self.ctl("changes").stdout
        self.assertRegex(shown, rf"{self.file}: of root, last written .*, loaded ")

    def test_a_file_with_errors_is_not_reloaded_and_what_runs_is_still_told(self):
        self.edit("tls = true", "tls = yes")
        refused = self.ctl("reload")
        self.assertEqual(refused.status, 1)
        self.assertIn("nothing was reloaded; the running configuration stays", refused.stderr)
        self.assertIn(str(self.file), refused.stderr)
        self.assertIn("contoso", self.ctl("list").stdout)

    def test_all_that_waits_for_a_restart_is_named(self):
        self.file.write_text(self.good.replace('format = "text"', 'format = "json"')
                             .replace("[trace]", '[trace]\nmail_log = "/tmp/none"')
                             .replace("[server]", '[server]\nstop_limit = "5s"\napi = "unix:/tmp/none/api.sock"'))
        shown = self.ctl("reload").stdout
        for key in ("server.api", "server.stop_limit", "log.format", "trace.mail_log"):
            self.assertIn(key, shown)
        self.assertIn("log.format", self.ctl("status").stdout)


class EditedRule(SiteScenario):
    connectors = """
[[rule]]
name = "no lottery"
priority = 40
[rule.when]
subject_words = ["lottery"]
[[rule.action]]
do = "reject"
"""

    def test_rules_are_shown_as_they_run(self):
        file = self.site.connectord.config_file
        good = file.read_text()
        file.write_text(good.replace('"lottery"', '"prize"').replace("priority = 40", "priority = 41"))
        self.addCleanup(file.write_text, good)
        config = ("--config", file)
        for command, runs, in_file in ((("list",), "40", "41"), (("show", "no lottery"), '"lottery"', '"prize"')):
            with self.subTest(command):
                shown = connectorctl("rule", *command, *config)
                self.assertIn(runs, shown.stdout)
                self.assertIn("rule no lottery: priority from 40 to 41", shown.stderr)
                alone = connectorctl("rule", *command, "--file-only", *config)
                self.assertIn(in_file, alone.stdout)
                self.assertEqual(alone.stderr, "")


# Answers everybody who asks with what it was given.
ANSWERS = """\
import socket, sys
answer = sys.stdin.buffer.read()
with socket.socket(socket.AF_UNIX) as listener:
    listener.bind("\\0" + sys.argv[1])
    listener.listen()
    print("ready", flush=True)
    while True:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(answer)
"""


class ForgedAnswer(SiteScenario):
    """Whoever has connectord's user may answer in its place when somebody asks what runs."""

    connectors = CONTOSO
    options = SiteOptions(trace="")

    def setUp(self):
        self.file = self.site.connectord.config_file
        self.name = "connectord-running-" + hashlib.sha256(str(self.file.resolve()).encode()).hexdigest()

    def ctl(self, *arguments: str):
        return connectorctl(*arguments, "--config", self.file)

    def true_answer(self) -> dict:
        with socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(10)
            # Mail is served first, then who asks what runs.
            wait_until(lambda: asking.connect_ex("\0" + self.name) == 0, "connectord to answer what runs")
            return json.loads(b"".join(iter(lambda: asking.recv(65536), b"")))

    def answer_with(self, document: dict) -> None:
        account = pwd.getpwnam(USER)
        answering = subprocess.Popen([sys.executable, "-c", ANSWERS, self.name], user=account.pw_uid, group=account.pw_gid,
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(answering.stdout.close)
        self.addCleanup(answering.wait)
        self.addCleanup(answering.kill)
        answering.stdin.write(json.dumps(document).encode())
        answering.stdin.close()
        self.assertEqual(answering.stdout.readline(), b"ready\n")

    def forge(self, user: str) -> None:
        """In connectord's place, which is away until the end of the test: another connector, and this server.user."""
        document = self.true_answer()
        self.site.connectord.stop()
        self.addCleanup(self.site.connectord.start)
        main_file = document["files"][0]
        text = main_file["text"].replace(f'user = "{USER}"', f'user = "{user}"').replace('name = "contoso"', 'name = "forged"')
        self.assertIn("forged", text)
        self.answer_with({**document, "files": [{**main_file, "text": text}, *document["files"][1:]]})

    def test_it_is_believed_what_connectords_user_could_do_anyway(self):
        self.forge(USER)
        self.assertIn("forged", self.ctl("list").stdout)

    def test_it_cannot_have_root_act_as_somebody_else(self):
        self.forge("root")
        for command in (("list",), ("validate", "forged"), ("reports", "list"),
                        ("explain", "--client-ip", "127.0.0.2", "--mail-from", "alice@contoso.com")):
            answer = self.ctl(*command)
            self.assertNotEqual(answer.status, 0, command)
            self.assertIn("is not believed", answer.stderr, command)
            self.assertNotIn("forged", answer.stdout)
        self.assertIn("contoso", self.ctl("list", "--file-only").stdout)
