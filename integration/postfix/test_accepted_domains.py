"""Our own domains may stand in a file, which is read anew at a reload."""

from harness.daemon import connectorctl
from harness.site import SiteOptions
from harness.socketmap import SocketmapClient
from harness.waiting import wait_until
from scenario import SiteScenario

EVERYTHING_OUT = """
[[outbound]]
name = "relay"
scenario = "internet"
recipient_domains = ["*"]
[outbound.route]
smart_hosts = ["[relay.example.net]:25"]
"""


class AcceptedDomainsFile(SiteScenario):
    connectors = EVERYTHING_OUT
    options = SiteOptions(reject_direct_send=True, socketmap=True)

    def setUp(self):
        self.file = self.site.path / "domains"
        self.write("example.org\n")
        text = self.site.configuration(EVERYTHING_OUT).replace(
            "[organization]\n", f'[organization]\naccepted_domains_file = "{self.file}"\n')
        self.site.connectord.write_configuration(text)
        self.site.connectord.reload()

    def write(self, text: str) -> None:
        self.file.write_text(text)
        self.file.chmod(0o644)

    def assert_ours(self, domain: str, ours: bool) -> None:
        """Nobody outside writes in its name, and a connector for everything leaves its mail here."""
        sent = self.send(f"someone@{domain}", tls=False)
        if ours:
            self.assert_refused(sent, "550 5.7.1", domain, "authentication")
        else:
            self.assertTrue(sent.reply.accepted, str(sent.reply))
        with SocketmapClient(self.site.socketmap) as socketmap:
            answer = socketmap.ask("transport", f"user@{domain}")
        self.assertEqual(answer.startswith("OK "), not ours, answer)

    def test_its_domains_are_ours_beside_the_others_and_a_reload_reads_it_anew(self):
        self.assert_ours("example.net", True)
        self.assert_ours("example.org", True)
        self.assert_ours("a.example.com", False)
        self.write("# another list\n\n*.Example.COM   # and below\r\n")
        self.assert_ours("example.org", True)
        self.site.connectord.reload()
        self.assert_ours("example.org", False)
        self.assert_ours("a.example.com", True)
        self.assert_ours("example.net", True)

    def test_a_file_with_an_error_changes_nothing_and_the_line_is_told(self):
        key = "organization.accepted_domains_file"
        for text, problem in (
                ("example.com\nexample.net, example.com\n",
                 f':2:1: error: {key}: "example.net, example.com" is not a domain; write one a line'),
                ("", f":1:1: error: {key}: the file names no domain")):
            with self.subTest(problem):
                self.write(text)
                failed = len(self.site.connectord.log_lines("the running one stays"))
                self.site.connectord.hang_up()
                wait_until(lambda: len(self.site.connectord.log_lines("the running one stays")) > failed, "the refusal")
                self.assert_ours("example.org", True)
                self.assert_ours("example.com", False)
                checked = connectorctl("check", "--config", self.site.connectord.config_file)
                self.assertEqual(checked.status, 1)
                self.assertIn(f"{self.file}{problem}", checked.stdout + checked.stderr)
