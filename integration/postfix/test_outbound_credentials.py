"""Passwords of smart hosts: for that host only, never in a log, and never where others can ask."""

import shutil
from pathlib import Path

from harness.daemon import connectorctl
from harness.site import USER, SiteOptions
from harness.socketmap import SocketmapClient
from harness.waiting import wait_until
from outbound import OutboundScenario, offer, outbound
from scenario import HostScenario

SECRET = "carrier:corr3ct-horse battery"


def keep_secret(path: Path, content: str = SECRET + "\n") -> Path:
    path.write_text(content)
    shutil.chown(path, USER)
    path.chmod(0o600)
    return path


class Login(OutboundScenario):
    hosts = ("carrier", "greedy", "clear", "elsewhere")
    asking_for_login = ("carrier", "greedy", "clear")

    @classmethod
    def prepare(cls):
        keep_secret(cls.site.path / "carrier.secret")
        for name in ("carrier", "greedy"):
            offer(cls.sinks[name], cls.site.certificates["sink"])

    @classmethod
    def configuration(cls):
        tls = 'level = "require"'
        credentials = f'credentials = "{cls.site.path}/carrier.secret"'
        return (outbound("carrier-out", "contoso.com", hosts=(cls.at("carrier"),), route=credentials, tls=tls) +
                outbound("clear-out", "clear.example", hosts=(cls.at("clear"),), route=credentials) +
                outbound("greedy-out", "fabrikam.com", hosts=(cls.at("greedy"),), tls=tls) +
                outbound("plain-out", "example.org", hosts=(cls.at("elsewhere"),)))

    def test_they_are_used_at_the_smart_host(self):
        user, password = SECRET.split(":")
        self.assertEqual(self.arrived(self.leave("a@contoso.com"), "carrier").login, (user, password))

    def test_another_host_that_asks_gets_none(self):
        recipient = "a@fabrikam.com"
        self.leave(recipient)
        refused = wait_until(lambda: self.site.postfix.log_lines(f"to=<{recipient}>.*status=bounced"), "a refusal")
        self.assertIn("530 5.7.0 log in first", refused[0])
        self.assertEqual(self.sinks["greedy"].logins, [])
        self.assertIsNone(self.arrived(self.leave("a@example.org"), "elsewhere").login)

    def test_none_is_sent_in_the_clear(self):
        self.assert_waits("a@clear.example", self.leave("a@clear.example"), "SASL authentication failed")
        self.assertEqual(self.sinks["clear"].logins, [])

    def test_the_socketmap_tells_them_for_the_next_hop_as_it_is_written_and_nothing_else(self):
        port = self.sinks["carrier"].port
        with SocketmapClient(self.site.socketmap) as client:
            self.assertEqual(client.ask("sasl-password", f"[localhost]:{port}"), f"OK {SECRET}")
            for key in ("localhost", f"localhost:{port}", "[localhost]", "contoso.com", "carol@example.net", "*", "",
                        f"[localhost]:{self.sinks['greedy'].port}", f"[localhost]:{port} "):
                with self.subTest(key):
                    self.assertEqual(client.ask("sasl-password", key), "NOTFOUND ")

    def test_they_are_in_no_log_and_in_nothing_that_connectorctl_prints(self):
        self.arrived(self.leave("b@contoso.com"), "carrier")
        printed = [connectorctl(*arguments, "--config", self.site.connectord.config_file).stdout
                   for arguments in (["check"], ["list"], ["list", "--json"], ["show", "carrier-out"],
                                     ["show", "carrier-out", "--json"], ["maps"], ["maps", "sasl"])]
        self.assertIn("carrier.secret", "".join(printed))
        for text in (*printed, self.site.connectord.log(), self.site.postfix.log()):
            self.assertNotIn("corr3ct", text)


class Files(HostScenario):
    """What is wrong with a file of credentials keeps the configuration from being loaded."""

    connectors = ""
    options = SiteOptions(socketmap=True)

    def complaint(self, path: Path) -> str:
        self.host.reconfigure(outbound("carrier-out", "contoso.com", hosts=("[localhost]:25",),
                                       route=f'credentials = "{path}"'))
        output = connectorctl("check", "--config", self.host.connectord.config_file)
        self.assertEqual(output.status, 1)
        self.assertNotIn("corr3ct", output.stdout + output.stderr)
        return output.stderr

    def test_it_must_be_there_be_ours_alone_and_hold_one_line(self):
        path = self.host.path / "secret"
        self.assertIn("outbound.route.credentials", self.complaint(path))
        keep_secret(path).chmod(0o644)
        self.assertIn("others may use the file", self.complaint(path))
        for content in ("corr3ct\n", ":corr3ct\n", "corr3ct:\n", "a:corr3ct\nb:corr3ct\n", ""):
            with self.subTest(content):
                self.assertIn("must be one line, user:password", self.complaint(keep_secret(path, content)))

    def test_a_reload_with_a_bad_file_changes_nothing(self):
        path = keep_secret(self.host.path / "another")
        good = outbound("carrier-out", "contoso.com", hosts=("[localhost]:25",), route=f'credentials = "{path}"')
        self.host.reconfigure(good)
        self.host.connectord.hang_up()
        self.host.connectord.wait_for_log("configuration loaded")
        path.unlink()
        self.host.connectord.hang_up()
        self.host.connectord.wait_for_log("the configuration does not load")
        with SocketmapClient(self.host.socketmap) as client:
            self.assertEqual(client.ask("sasl-password", "[localhost]:25"), f"OK {SECRET}")
