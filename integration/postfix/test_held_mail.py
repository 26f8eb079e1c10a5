"""Mail that rules had Postfix hold: listed, released and deleted, by root and through the API and the helper that has root's rights."""

import email
import email.policy
import json
import os
import re
import socket
import subprocess
import threading
from dataclasses import replace

from harness.api import ApiClient
from harness.daemon import SOURCE, build_folder, connectorctl
from harness.site import Site, SiteOptions
from harness.waiting import wait_until
from scenario import RECIPIENT, Sent
from test_rules import EVERYBODY, RuleScenario, for_case, rule

QUARANTINE = "/api/exchange/quarantine"


class Helper:
    """As systemd has connectord-held.socket: a process for each connection, with the connection as its standard input,
    and the capabilities of the unit."""

    def __init__(self, path, postfix):
        rights = re.search(r"CapabilityBoundingSet=(.*)", (SOURCE / "etc" / "connectord-held@.service").read_text())[1]
        bounds = ",".join(["-all", *(right.lower().replace("cap_", "+") for right in rights.split())])
        self.command = ["setpriv", "--no-new-privs", f"--bounding-set={bounds}", build_folder() / "connectord-held",
                        "--postfix-config", postfix]
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        os.chmod(path, 0o666)
        self.listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                subprocess.run(self.command, stdin=connection, stdout=connection, check=False)

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class HeldMailScenario(RuleScenario):
    options = SiteOptions(parameters=EVERYBODY, trace="subject = true\n")
    connectors = rule("hold", 10, 'do = "quarantine"\nreason = "looked at by people"',
                      'do = "set_header"\nheader = "X-Held"\nvalue = "yes"', when=for_case("hold"))

    @classmethod
    def setUpClass(cls):
        cls.site = Site("", cls.options)
        (cls.site.path / "etc").mkdir(mode=0o755)
        cls.site.make_state_folder("state")
        cls.audit_log = cls.site.path / "state" / "audit.log"
        cls.helper_socket = cls.site.path / "held.sock"
        cls.site.add_to_server(f'api = "unix:{cls.site.path}/run/api.sock"', f'api_tokens = "{cls.site.path}/etc/tokens"',
                               f'audit_log = "{cls.audit_log}"', f'held_socket = "{cls.helper_socket}"')
        cls.site.reconfigure(cls.connectors)
        cls.enterClassContext(cls.site)
        cls.tokens = {role: cls.ctl("token", "add", role, "--role", role).stdout.strip()
                      for role in ("read", "operate", "admin")}

    @classmethod
    def ctl(cls, *arguments):
        return connectorctl(*arguments, "--config", cls.site.connectord.config_file)

    @classmethod
    def held(cls, *arguments):
        return cls.ctl("held", *arguments, "--postfix-config", cls.site.postfix.configuration)

    def client(self, role: str) -> ApiClient:
        return ApiClient(self.site.connectord.endpoint("api"), self.tokens[role])

    def hold(self) -> Sent:
        sent = self.case("hold")
        self.assertEqual((sent.command, sent.reply.code), ("END", 250), str(sent.reply))
        wait_until(lambda: self.queue_of(sent) == "hold", "the message in the hold queue")
        self.assertTrue(wait_until(lambda: self.site.trace("--queue-id", sent.queue_id), "its row in the trace"))
        return sent

    def queue_of(self, sent: Sent) -> str | None:
        for line in self.site.postfix.run("postqueue", "-j").splitlines():
            message = json.loads(line)
            if message["queue_id"] == sent.queue_id:
                return message["queue_name"]
        return None

    def audited(self, sent: Sent) -> list[dict]:
        lines = self.audit_log.read_text().splitlines() if self.audit_log.exists() else []
        return [entry for entry in map(json.loads, lines) if entry.get("queue_id") == sent.queue_id]

    def story(self, sent: Sent) -> str:
        return self.ctl("trace", "show", sent.queue_id).stdout


class ByRoot(HeldMailScenario):
    def test_what_is_held_is_listed_shown_and_released_as_it_is(self):
        sent = self.hold()
        listed = self.held("list")
        self.assertEqual(listed.status, 0, listed.stderr)
        self.assertRegex(listed.stdout, rf"{sent.queue_id} .*<alice@contoso.com> .*{RECIPIENT} .*looked at by people")
        shown = self.held("show", sent.queue_id)
        self.assertRegex(shown.stdout, rf"(?s)reason +looked at by people\nrules +hold\n.*Subject +{sent.token}\n")
        released = self.held("release", sent.queue_id)
        self.assertEqual((released.status, released.stdout), (0, f"{sent.queue_id}: released\n"), released.stderr)
        arrived = self.site.arrival(sent.token)
        self.assertEqual((arrived.all("X-Held"), arrived.recipients), (["yes"], [RECIPIENT]))
        self.assertIn("released from the mail server's hold by", self.story(sent))
        self.assertEqual([(entry["action"], entry["reason"]) for entry in self.audited(sent)],
                         [("held mail released", "looked at by people")])
        again = self.held("release", sent.queue_id)
        self.assertEqual(again.status, 1)
        self.assertIn("has no mail held under the queue ID", again.stderr)

    def test_what_is_deleted_reaches_nobody(self):
        sent = self.hold()
        self.assertEqual(self.held("delete", sent.queue_id).status, 0)
        self.assertIsNone(self.queue_of(sent))
        self.assertEqual(self.site.arrivals(sent.token), [])
        self.assertIn("deleted while it was held by", self.story(sent))
        self.assertEqual([entry["action"] for entry in self.audited(sent)], ["held mail deleted"])

    def test_what_somebody_else_holds_is_none_of_ours(self):
        sent = self.hold()
        self.assertEqual(self.held("release", "ALL").status, 1)
        self.assertEqual(self.held("delete", "ALL").status, 1)
        self.assertEqual(self.held("release", "../../hold").status, 1)
        self.assertEqual(self.queue_of(sent), "hold")
        other = self.case("x")
        self.arrived(other)
        self.assertEqual(self.held("delete", other.queue_id).status, 1)


class ThroughTheApi(HeldMailScenario):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.helper = Helper(cls.helper_socket, cls.site.postfix.configuration)
        cls.addClassCleanup(cls.helper.close)

    def test_each_role_may_do_what_it_may(self):
        sent = self.hold()
        path = f"{QUARANTINE}/{sent.queue_id}"
        self.assertEqual(self.client("read").request("POST", f"{path}/release").status, 403)
        self.assertEqual(self.client("operate").request("DELETE", path).status, 403)
        self.assertEqual(self.queue_of(sent), "hold")
        listed = self.client("read").get(QUARANTINE)
        self.assertEqual(listed.status, 200, str(listed))
        message = next(one for one in listed.json["messages"] if one["queue_id"] == sent.queue_id)
        self.assertEqual((message["sender"], message["recipients"], message["rules"], message["subject"]),
                         ("alice@contoso.com", [RECIPIENT], ["hold"], sent.token))
        answer = self.client("operate").request("POST", f"{path}/release")
        self.assertEqual(answer.status, 204, str(answer))
        self.site.arrival(sent.token)
        self.assertIn("released from the mail server's hold by operate", self.story(sent))
        self.assertEqual([(entry["who"], entry["action"]) for entry in self.audited(sent)],
                         [("operate", "held mail released")])
        self.assertEqual(self.client("admin").request("POST", f"{path}/release").status, 404)

    def test_an_administrator_deletes(self):
        sent = self.hold()
        answer = self.client("admin").request("DELETE", f"{QUARANTINE}/{sent.queue_id}")
        self.assertEqual(answer.status, 204, str(answer))
        self.assertIsNone(self.queue_of(sent))
        self.assertIn("deleted while it was held by admin", self.story(sent))

    def test_the_helper_takes_nothing_but_queue_ids_of_held_mail(self):
        held = self.hold()
        for line in (b"release ALL", b"delete ALL", b"delete -", b"release ../" + held.queue_id.encode(), b"list hold",
                     b"delete " + b"A" * 50, b"flush", b"", b"\0", b"release " + held.queue_id.encode() + b" -r"):
            with self.subTest(line):
                with socket.socket(socket.AF_UNIX) as client:
                    client.connect(str(self.helper_socket))
                    client.sendall(line + b"\n")
                    client.shutdown(socket.SHUT_WR)
                    answer = json.loads(b"".join(iter(lambda: client.recv(65536), b"")))
                self.assertFalse(answer["done"], str(answer))
        self.assertEqual(self.queue_of(held), "hold")


class Approvals(HeldMailScenario):
    """Approvers decide by the link that they get, once."""

    boss, deputy = "boss@archive.example", "deputy@archive.example"
    options = replace(HeldMailScenario.options, entrances={"smtp": {}})
    connectors = "".join((
        rule("ask", 10, f'do = "hold_for_approval"\napprovers = ["{boss}", "{deputy}"]', when=for_case("ask")),
        rule("both", 20, f'do = "hold_for_approval"\napprovers = ["{boss}"]', when=for_case("both")),
        rule("and hold", 30, 'do = "quarantine"', when=for_case("both"))))

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.site.add_to_server(f'mail_through = "inet:127.0.0.1:{cls.site.postfix.ports["smtp"]}"',
                               'api_url = "https://mx.example.net:8025"')
        cls.site.reconfigure(cls.connectors)
        cls.site.connectord.stop()
        cls.site.connectord.start()
        cls.helper = Helper(cls.helper_socket, cls.site.postfix.configuration)
        cls.addClassCleanup(cls.helper.close)

    def ask(self) -> tuple[Sent, dict[str, str]]:
        """A message that is held, and the path of each approver's link."""
        sent = self.case("ask")
        self.assertEqual((sent.command, sent.reply.code), ("END", 250), str(sent.reply))
        questions = wait_until(lambda: len(self.site.arrivals(sent.token)) == 2 and self.site.arrivals(sent.token),
                               f"two questions; connectord says:\n{self.site.connectord.log()[-3000:]}")
        paths = {}
        for one in questions:
            read = email.message_from_bytes(one.content, policy=email.policy.default)
            self.assertEqual(read["Subject"], f"Approval wanted: {sent.token}")
            paths[one.recipients[0]] = re.search(r"https://mx\.example\.net:8025(/approval/\S+)", read.get_content())[1]
        self.assertEqual(sorted(paths), [self.boss, self.deputy])
        return sent, paths

    def nobody(self) -> ApiClient:
        return ApiClient(self.site.connectord.endpoint("api"))

    def test_one_of_them_releases_it_and_no_link_holds_any_more(self):
        sent, paths = self.ask()
        page = self.nobody().get(paths[self.boss])
        self.assertEqual((page.status, page.media_type), (200, "text/html"), str(page))
        self.assertIn(sent.token, page.content.decode())
        self.assertIn("form-action 'self'", page.headers["content-security-policy"])
        self.assertEqual(self.queue_of(sent), "hold")
        done = self.nobody().request("POST", paths[self.boss] + "/release")
        self.assertEqual(done.status, 200, str(done))
        wait_until(lambda: [one for one in self.site.arrivals(sent.token) if one.recipients == [RECIPIENT]],
                   "the message itself")
        for path in paths.values():
            for method, way in (("GET", ""), ("POST", "/release"), ("POST", "/reject")):
                self.assertEqual(self.nobody().request(method, path + way).status, 409)
        self.assertEqual([entry["who"] for entry in self.audited(sent)], [f"approver {self.boss}"])
        self.assertIn(f"released from the mail server's hold by approver {self.boss}", self.story(sent))

    def test_the_other_rejects_it(self):
        sent, paths = self.ask()
        self.assertEqual(self.nobody().request("POST", paths[self.deputy] + "/reject").status, 200)
        self.assertIsNone(self.queue_of(sent))
        self.assertEqual(self.nobody().get(paths[self.boss]).status, 409)

    def test_a_code_that_is_not_ours_or_for_something_else_does_nothing(self):
        sent, paths = self.ask()
        other, _ = self.ask()
        code = paths[self.boss].removeprefix("/approval/")
        parts = code.split(".")
        for wrong in (code[:-1] + ("0" if code[-1] != "0" else "1"), ".".join([other.queue_id, *parts[1:]]), parts[0],
                      ".".join([*parts[:2], "99999999", *parts[3:]]), code + ".x", "x" * 2000, "....", "%00"):
            with self.subTest(wrong):
                self.assertEqual(self.nobody().request("POST", f"/approval/{wrong}/release").status, 400)
        self.assertEqual((self.queue_of(sent), self.queue_of(other)), ("hold", "hold"))

    def test_the_code_stands_in_no_log_and_not_in_the_trace(self):
        sent, paths = self.ask()
        self.nobody().request("POST", paths[self.boss] + "/release")
        kept = self.site.connectord.log() + self.story(sent) + self.audit_log.read_text()
        for path in paths.values():
            self.assertNotIn(path.rpartition(".")[2], kept)

    def test_nobody_is_asked_about_what_is_held_for_another_reason_too(self):
        sent = self.case("both")
        self.assertEqual((sent.command, sent.reply.code), ("END", 250), str(sent.reply))
        wait_until(lambda: self.queue_of(sent) == "hold", "the message in the hold queue")
        wait_until(lambda: "held for another reason too" in self.story(sent), "its row in the trace")
        self.assertEqual(self.site.arrivals(sent.token), [])


class WithoutTheHelper(HeldMailScenario):
    def test_what_is_missing_is_named_and_nothing_is_done(self):
        sent = self.hold()
        answer = self.client("operate").request("POST", f"{QUARANTINE}/{sent.queue_id}/release")
        self.assertEqual(answer.status, 503)
        self.assertIn("systemctl enable --now connectord-held.socket", answer.json["detail"])
        self.assertEqual(self.queue_of(sent), "hold")
        self.assertIn("failed", self.audited(sent)[-1])
