"""connectorctl status: how the daemon is, who asks it, and what the mail server lacks."""

import contextlib
import hashlib
import json
import os
import pwd
import socket
import subprocess
import sys

from harness.daemon import build_folder, connectorctl
from harness.site import USER, Host, SiteOptions
from harness.waiting import wait_until
from scenario import CONTOSO, HostScenario, SiteScenario

STRANGER = 2  # the user bin, who is neither root nor connectord's

# What another version, or somebody who has connectord's user, may report.
ODD_DOCUMENTS = {
    "nothing": b"", "no JSON": b"\x00\xff{", "a list": b"[]", "an empty object": b"{}", "a number": b"7",
    "wrong types": json.dumps({key: [1] for key in ("version", "pid", "started", "configuration", "reload",
                                                    "listeners", "mta", "milter", "policy", "socketmap")}).encode(),
    "numbers beyond all": b'{"pid": 1e400, "milter": {"sessions": -99999999999999999999}}',
    "texts for numbers": b'{"pid": "x", "reload": {"failed": "no"}, "milter": {"sessions": "many"}}',
    "control characters": json.dumps({"version": "\x1b[2J\x07\r\n\u202eok", "pid": 1, "reload": {"failed": True, "at":
        "\x1b]0;owned\x07"}, "mta": {"version": "Postfix \x1b[31m", "host": "\u009b2J"}, "listeners": {"milter":
        "\x1b[1A"}}, ensure_ascii=False).encode(),
    "nested deeply": b"[" * 100_000 + b"]" * 100_000,
    "nested deeply within": b'{"mta": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "huge": b'{"version": "' + b"x" * 3_000_000 + b'"}',
    "many keys": json.dumps({f"k{number}": 0 for number in range(15_000)}).encode(),
}

SQUATTER = """
import os, socket, sys
document = sys.stdin.buffer.read()
os.setuid(int(sys.argv[2]))
listener = socket.socket(socket.AF_UNIX)
listener.bind("\\0" + sys.argv[1])
listener.listen()
print("ready", flush=True)
while True:
    try:
        listener.accept()[0].sendall(document)
    except OSError:
        pass
"""


def socket_name(host: Host) -> str:
    """The name under which connectord reports how it is, as docs/architecture.md has it."""
    path = os.path.realpath(host.connectord.config_file)
    return "connectord-health-" + hashlib.sha256(path.encode()).hexdigest()


def status(host: Host, *options) -> tuple[int, dict]:
    output = connectorctl("status", "--json", "--config", host.connectord.config_file, *options)
    return output.status, json.loads(output.stdout)


@contextlib.contextmanager
def squatter(host: Host, uid: int, document: bytes = b'{"version": "0"}'):
    """A process of that user that has taken connectord's name."""
    process = host.workspace.start([sys.executable, "-c", SQUATTER, socket_name(host), str(uid)],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        process.stdin.write(document)
        process.stdin.close()
        process.stdout.readline()
        yield
    finally:
        host.workspace.stop(process)
        process.stdout.close()


class WithPostfix(SiteScenario):
    options = SiteOptions(parameters={"non_smtpd_milters": "$smtpd_milters", "smtpd_forbid_bare_newline": "normalize"})

    def status(self) -> tuple[int, dict]:
        return status(self.site, "--postfix-config", self.site.postfix.configuration)

    def text(self) -> str:
        return connectorctl("status", "--config", self.site.connectord.config_file, "--postfix-config",
                            self.site.postfix.configuration).stdout

    def test_all_is_well_and_it_tells_who_has_asked_what(self):
        before = self.status()[1]["connectord"]
        self.assert_delivered(self.send("alice@contoso.com", certificate="partner"), "contoso")
        code, report = self.status()
        self.assertEqual((code, report["missing"], report["ok"]), (0, [], True))
        now = report["connectord"]
        # More than one more is right too: a probe of the port while Postfix starts is a session that may be counted late.
        self.assertGreater(now["milter"]["sessions"], before["milter"]["sessions"])
        self.assertGreater(now["policy"]["requests"], before["policy"]["requests"])
        self.assertRegex(now["mta"]["version"], r"^Postfix 3\.")
        self.assertEqual(now["mta"]["host"], "mx.example.net")
        self.assertEqual(now["configuration"]["inbound_connectors"], 1)
        text = self.text()
        self.assertIn("all is well", text)
        self.assertRegex(text, r"asked by +Postfix 3\.\S+ on mx\.example\.net")

    def test_what_postfix_lacks_is_told_with_the_line_to_write(self):
        configuration = self.site.postfix.configuration
        lacking = {"milter_default_action": "accept", "smtpd_tls_ask_ccert": "no", "smtpd_milters": "",
                   "smtpd_tls_fingerprint_digest": "md5", "smtpd_tls_CAfile": "",
                   "smtpd_recipient_restrictions": "reject_unauth_destination"}
        was = {name: self.site.postfix.run("postconf", "-h", name).strip() for name in lacking}
        self.addCleanup(lambda: self.site.postfix.set(**was))
        self.site.postfix.set(**lacking)
        code, report = self.status()
        self.assertEqual(code, 1)
        lines = "\n".join(one["write"] for one in report["missing"])
        for assignment in (f"smtpd_milters = {self.site.milter}", "milter_default_action = tempfail",
                           "smtpd_tls_ask_ccert = yes", "smtpd_tls_fingerprint_digest = sha256",
                           f"smtpd_tls_CAfile = {configuration}/partner-authorities.pem",
                           f"smtpd_recipient_restrictions = check_policy_service {self.site.policy}, "
                           "reject_unauth_destination"):
            self.assertIn(f"postconf -c {configuration} -e '{assignment}'", lines)
        self.assertIn("connectorctl attach postfix", self.text())


class Daemon(HostScenario):
    def setUp(self):
        self.addCleanup(lambda: self.host.connectord.is_running or self.host.connectord.start())

    def status(self) -> tuple[int, dict]:
        return status(self.host, "--postfix-config", self.host.path)  # where there is none

    def test_after_a_kill_it_says_that_connectord_does_not_run(self):
        self.assertEqual(self.status()[0], 0)
        self.host.connectord.kill()
        code, report = self.status()
        self.assertEqual((code, report["running"], report["connectord"]), (1, False, None))
        self.assertIn("does not run", report["missing"][0]["what"])
        self.host.connectord.start()
        self.assertEqual(self.status()[0], 0)

    def test_a_failed_reload_is_told_until_one_succeeds(self):
        self.addCleanup(lambda: self.host.reconfigure(CONTOSO))
        self.host.reconfigure(CONTOSO + "\n[nonsense]\n")
        self.host.connectord.hang_up()
        wait_until(lambda: self.status()[1]["connectord"]["reload"]["failed"], "the reload to fail")
        code, report = self.status()
        self.assertEqual(code, 1)
        self.assertIn("nonsense", report["connectord"]["reload"]["problems"][0])
        self.host.reconfigure(CONTOSO)
        self.assertIn("the last reload failed", self.status()[1]["missing"][0]["what"])
        self.host.connectord.hang_up()
        wait_until(lambda: self.status()[0] == 0, "a good reload")
        self.assertEqual(self.status()[1]["connectord"]["configuration"]["generation"], 2)

    def test_a_listener_that_the_running_process_does_not_have_is_told(self):
        text = self.host.connectord.config_file.read_text()
        self.addCleanup(lambda: self.host.connectord.write_configuration(text))
        self.host.connectord.write_configuration(text.replace("policy.sock", "other.sock"))
        self.assertIn("restart connectord", self.status()[1]["missing"][0]["write"])

    def test_only_root_and_its_own_user_are_told(self):
        output = self.as_user(STRANGER)
        self.assertEqual(output.returncode, 1)
        self.assertIn("tells only root", json.loads(output.stdout)["missing"][0]["what"])
        self.assertEqual(json.loads(self.as_user(pwd.getpwnam(USER).pw_uid).stdout)["running"], True)

    def as_user(self, uid: int) -> subprocess.CompletedProcess:
        command = [build_folder() / "connectorctl", "status", "--json", "--config", self.host.connectord.config_file,
                   "--postfix-config", self.host.path]
        return subprocess.run(command, user=uid, group=uid, extra_groups=[], capture_output=True, check=False)

    def test_another_users_process_with_its_name_is_not_believed(self):
        self.host.connectord.stop()
        with squatter(self.host, STRANGER):
            code, report = self.status()
            self.assertEqual((code, report["running"]), (1, False))
            self.assertIn("has taken connectord's name", report["missing"][0]["what"])

    def test_whatever_connectords_own_user_tells_is_read_with_care_and_called_odd(self):
        self.host.connectord.stop()
        for title, document in ODD_DOCUMENTS.items():
            with self.subTest(title), squatter(self.host, pwd.getpwnam(USER).pw_uid, document):
                code, report = self.status()
                self.assertEqual((code, report["ok"]), (1, False))
                text = connectorctl("status", "--config", self.host.connectord.config_file, "--postfix-config",
                                    self.host.path)
                doctor = connectorctl("doctor", "--config", self.host.connectord.config_file, "--postfix-config",
                                      self.host.path)
                self.assertEqual(text.status, 1, text.stderr)
                self.assertNotIn(doctor.status, (-6, -11, 134, 139), doctor.stderr)
                for output in (text, doctor):
                    self.assertNotRegex(output.stdout + output.stderr, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]")
                self.assertIn("odd" if document else "tells only root", text.stdout)

    def test_connectord_starts_without_its_name_and_says_so(self):
        self.host.connectord.stop()
        with squatter(self.host, STRANGER):
            self.host.connectord.start()
            self.host.connectord.wait_for_log("warning: connectorctl status will not reach this process")
        self.host.connectord.stop()

    def test_clients_that_say_nothing_do_not_keep_others_from_being_told(self):
        wait_until(lambda: self.status()[0] == 0, "status")  # which is answered last of all that begins
        idle = []
        for _ in range(5):
            client = socket.socket(socket.AF_UNIX)
            self.addCleanup(client.close)
            client.connect("\0" + socket_name(self.host))
            idle.append(client)
        self.assertEqual(self.status()[0], 0)
