"""The message trace: every final answer is in it, whatever happens to connectord, and connectorctl finds it there."""

import contextlib
import itertools
import json
import os
import pwd
import re
import stat
import threading
from datetime import datetime, timedelta, timezone

from harness.client import SmtpClient, message
from harness.daemon import build_folder, connectorctl
from harness.milter import MilterClient
from harness.network import accepts_connections, free_port
from harness.site import USER, SiteOptions
from harness.waiting import wait_until
from load import Load, assert_all_in_trace
from scenario import CONTOSO, RECIPIENT, HostScenario, SiteScenario

SESSIONS = 40
LEAST_ANSWERS = 300


class Trace(SiteScenario):
    connectors = CONTOSO
    options = SiteOptions(trace="subject = true")

    def test_mail_is_found_by_what_is_known_of_it(self):
        sent = self.send("alice@contoso.com", "first@example.net", "Second@example.net", certificate="partner")
        self.assert_delivered(sent, "contoso")
        for options in (("--queue-id", sent.queue_id), ("--message-id", f"<{sent.token}@CLIENT.example.org>"),
                        ("--sender", "Alice@Contoso.com", "--queue-id", sent.queue_id)):
            with self.subTest(options):
                second, first = self.site.trace(*options)
                self.assertEqual((first["rcpt_to"], second["rcpt_to"]), ("first@example.net", "Second@example.net"))
        (row,) = self.site.trace("--queue-id", sent.queue_id, "--recipient", "second@example.net")
        expected = {"mail_from": "alice@contoso.com", "connector": "contoso", "action": "accept", "reply": None,
                    "client_address": "127.0.0.2", "helo": "client.example.org", "direction": "inbound",
                    "message_id": f"{sent.token}@client.example.org", "subject": sent.token, "from": "sender",
                    "status": "getting_status", "identified_by": "sender_domain"}
        self.assertEqual({key: row[key] for key in expected}, expected)
        self.assertTrue(row["tls"].startswith("TLSv1."), row)
        self.assertEqual(row["certificate"]["subject"], "mail.contoso.com")
        self.assertRegex(row["certificate"]["public_key_sha256"], "^[0-9a-f]{64}$")
        self.assertIn(("require.tls", "pass"), [(finding["check"], finding["outcome"]) for finding in row["findings"]])

    def test_each_refused_recipient_is_found(self):
        with self.open(tls=False) as client:
            client.mail("mallory@contoso.com")
            replies = [client.rcpt(f"user{n}@example.net") for n in range(3)]
        rows = self.site.trace("--sender", "mallory@contoso.com", "--status", "failed")
        self.assertEqual([row["rcpt_to"] for row in rows], [f"user{n}@example.net" for n in (2, 1, 0)])
        for row, reply in zip(rows, reversed(replies)):
            self.assertEqual((row["action"], row["queue_id"]), ("reject", None))
            self.assertIn(row["reply"].split(" ", 1)[1], str(reply))

    def test_the_whole_way_of_a_message_is_told(self):
        sent = self.send("alice@contoso.com", certificate="partner")
        (row,) = self.site.trace("--queue-id", sent.queue_id)
        story = connectorctl("trace", "show", str(row["id"]), "--config", self.site.connectord.config_file).stdout
        steps = ("connected", "secured     TLSv1.", "identified  connector contoso by sender_domain", "checked",
                 "tagged      contoso", f"queued      accept as {sent.queue_id}")
        positions = [story.find(step) for step in steps]
        self.assertNotIn(-1, positions, story)
        self.assertEqual(positions, sorted(positions), story)

    def test_characters_that_turn_text_around_are_shown_nowhere(self):
        turning = "\u202a\u202e\u2066\u2069\u2028\u2029\u200f\u061c"
        with self.open(tls=False) as client:
            self.assertEqual(client.mail(f"a{turning}b@example.org", "SMTPUTF8").code, 250)
            self.assertEqual(client.rcpt(RECIPIENT).code, 250)
            reply = client.data(f"Subject: x{turning}y\r\nFrom: a@example.org\r\n\r\nHello.\r\n".encode())
        self.assertEqual(reply.code, 250, str(reply))
        (row,) = self.site.trace("--queue-id", reply.queue_id)
        self.assertEqual((row["mail_from"], row["subject"]), (f"a{turning}b@example.org", f"x{turning}y"))
        line = self.site.log_of(reply.queue_id)
        self.assertIn("a\\xe2\\x80\\xaa\\xe2\\x80\\xae", line)
        options = ("--config", self.site.connectord.config_file)
        shown = {form: connectorctl("trace", "--queue-id", reply.queue_id, *form, *options).stdout
                 for form in ((), ("--csv",), ("--json",))}
        shown["show"] = connectorctl("trace", "show", str(row["id"]), *options).stdout
        shown["log"] = line
        for form, text in shown.items():
            with self.subTest(form):
                self.assertIn("example.org", text)
                self.assertEqual([each for each in turning if each in text], [])

    def test_it_belongs_to_connectords_user_and_nobody_else_reads_it(self):
        status = os.stat(self.site.trace_file)
        self.assertEqual((status.st_uid, stat.S_IMODE(status.st_mode)), (pwd.getpwnam(USER).pw_uid, 0o640))

    def test_a_restart_goes_on_with_the_same_trace(self):
        before = self.send("alice@contoso.com", certificate="partner")
        self.site.connectord.stop()
        self.site.connectord.start()
        after = self.send("alice@contoso.com", certificate="partner")
        for sent in (before, after):
            self.assertEqual(len(self.site.trace("--queue-id", sent.queue_id)), 1)

    def test_new_rows_can_be_followed(self):
        output = self.site.path / "followed"
        with output.open("wb") as file:
            process = self.site.workspace.start(
                [str(build_folder() / "connectorctl"), "trace", "--follow", "--json", "--sender", "followed.example",
                 "--config", str(self.site.connectord.config_file)], stdout=file)
        wait_until(lambda: self.send("bob@followed.example", tls=False) and output.read_text(), "a row to be followed")
        self.site.workspace.stop(process)
        self.assertEqual(json.loads(output.read_text().splitlines()[0])["mail_from"], "bob@followed.example")



class Deliveries(SiteScenario):
    """What became of messages, as Postfix's log has it."""

    connectors = CONTOSO
    options = SiteOptions(trace='mail_log = "PATH/postfix/mail.log"', parameters={"smtpd_sender_restrictions":
               "check_sender_access inline:{mallory@spammer.example=REJECT}",
               "smtpd_relay_restrictions": "reject_unauth_destination"})

    def await_status(self, status: str, *options: str) -> dict:
        return wait_until(lambda: self.site.trace(*options, "--status", status), f"{status} for {options}")[0]

    def test_a_delivery_is_recorded_with_its_relay(self):
        sent = self.send("alice@contoso.com", certificate="partner")
        self.assert_delivered(sent, "contoso")
        row = self.await_status("delivered", "--queue-id", sent.queue_id)
        story = connectorctl("trace", "show", str(row["id"]), "--config", self.site.connectord.config_file).stdout
        self.assertRegex(story, rf"delivered   <user@example.net>\n +relay 127.0.0.1:{self.site.sinks['contoso'].port}\n")

    def test_what_was_missed_while_connectord_was_away_is_recorded_once(self):
        self.site.postfix.set(defer_transports="smtp, relay")
        self.site.postfix.reload()
        sent = self.send("bob@stranger.example", tls=False)
        self.await_status("pending", "--queue-id", sent.queue_id)
        self.site.connectord.kill()
        self.site.postfix.set(defer_transports="")
        self.site.postfix.reload()
        self.site.postfix.run("postqueue", "-f")
        self.site.arrival(sent.token)
        self.site.connectord.start()
        row = self.await_status("delivered", "--queue-id", sent.queue_id)
        story = connectorctl("trace", "show", str(row["id"]), "--config", self.site.connectord.config_file).stdout
        # A busy Postfix may have tried it twice before it was let go.
        logged = re.findall(rf"{sent.queue_id}: to=.* status=(deferred|sent)", self.site.postfix.log())
        self.assertEqual((logged[0], logged[-1]), ("deferred", "sent"))
        self.assertEqual(re.findall(r"^\S+ +(deferred|delivered) +<", story, re.MULTILINE),
                         ["delivered" if status == "sent" else "deferred" for status in logged])

    def test_a_refusal_of_postfixs_own_is_recorded_and_ours_only_once(self):
        self.assert_refused(self.send("mallory@spammer.example", tls=False), "554 5.7.1")
        self.await_status("failed", "--sender", "mallory@spammer.example")
        self.assert_refused(self.send("alice@contoso.com", tls=False), "550 5.7.10")
        self.send("bob@stranger.example", tls=False)
        self.await_status("delivered", "--sender", "bob@stranger.example")
        self.assertEqual(len(self.site.trace("--sender", "alice@contoso.com", "--status", "failed")), 1)


    def test_a_recipient_whom_postfix_refuses_keeps_no_delivery_from_the_others(self):
        for first in (True, False):
            with self.subTest(refused_first=first), self.open("127.0.0.99", tls=False) as client:
                client.mail("bob@stranger.example")
                recipients = ["spam@elsewhere.example", "good@example.net"]
                codes = [client.rcpt(recipient).code for recipient in (recipients if first else recipients[::-1])]
                self.assertEqual(sorted(codes), [250, 554])
                queue_id = client.data(message("x")).queue_id
                self.await_status("failed", "--sender", "bob@stranger.example", "--recipient", "spam@elsewhere.example")
                row = self.await_status("delivered", "--queue-id", queue_id)
                self.assertEqual(row["rcpt_to"], "good@example.net")

    def test_a_recipient_is_found_in_whatever_spelling(self):
        recipients = ("b..c@example.net", '"q"@example.net', "b\\ d@example.net", "u@EXAMPLE.net.",
                      "@relay.example:r@example.net", "p%example.net", '"a,b"@example.net')
        with self.open(tls=False) as client:
            client.mail("bob@spelling.example")
            for recipient in recipients:
                self.assertEqual(client.command(f"RCPT TO:<{recipient}>").code, 250, recipient)
            queue_id = client.data(message("x")).queue_id
        wait_until(lambda: len(self.site.trace("--queue-id", queue_id, "--status", "delivered")) == len(recipients),
                   f"deliveries of {queue_id}: {self.site.trace('--queue-id', queue_id)}")


class ByNight(SiteScenario):
    """Somebody is called at two in the morning and has a word of the mail that is missing."""

    connectors = CONTOSO
    options = SiteOptions(trace='mail_log = "PATH/postfix/mail.log"')

    def setUp(self):
        kind = type(self)
        if hasattr(kind, "delivered"):
            return
        kind.delivered = self.send("alice@contoso.com", certificate="partner")
        self.assert_refused(self.send("alice@contoso.com", tls=False), "550 5.7.10")
        self.site.postfix.set(transport_maps="inline:{{nobody@example.net=error:5.1.1 nobody of that name}}",
                              smtpd_reject_unlisted_recipient="no")  # which would be a refusal
        self.site.postfix.reload()
        kind.bounced = self.send("carol@stranger.example", "nobody@example.net", tls=False)

    def connectorctl(self, *arguments, environment=None):
        return connectorctl(*arguments, "--config", self.site.connectord.config_file, environment=environment)

    def rows(self, *arguments):
        return [json.loads(line) for line in self.connectorctl("trace", *arguments, "--json").stdout.splitlines()]

    def test_any_word_that_is_known_finds_the_message(self):
        queue_id = self.delivered.queue_id
        for word in (queue_id, f"<{self.delivered.token}@client.example.org>"):
            with self.subTest(word):
                self.assertEqual([row["queue_id"] for row in self.rows(word)], [queue_id])
        for word in ("contoso.com", "alice@contoso.com", "contoso", "127.0.0.2"):
            with self.subTest(word):
                self.assertIn(queue_id, [row["queue_id"] for row in self.rows(word)])
        self.assertEqual(self.rows("nobody@contoso.com"), [])

    def test_the_queue_id_of_the_log_shows_the_message(self):
        shown = self.connectorctl("trace", "show", self.delivered.queue_id).stdout
        self.assertIn(f"queued      accept as {self.delivered.queue_id}", shown)

    def test_the_author_is_found_whoever_sent_the_mail(self):
        with self.open(tls=False) as client:
            client.mail("bounce@lists.example")
            client.rcpt(RECIPIENT)
            queue_id = client.data(b"From: Dave <dave@author.example>\r\n\r\nHello.\r\n").queue_id
        for option in ("dave@author.example", "author.example"):
            self.assertEqual([row["queue_id"] for row in self.rows("--from", option)], [queue_id])
        self.assertEqual([row["queue_id"] for row in self.rows("author.example")], [queue_id])

    def test_a_bounce_is_called_a_bounce_and_a_refusal_a_refusal(self):
        bounced = wait_until(lambda: self.rows("--status", "bounced"), "the bounce")
        self.assertEqual([row["queue_id"] for row in bounced], [self.bounced.queue_id])
        shown = self.connectorctl("trace", "show", self.bounced.queue_id).stdout
        self.assertIn("<nobody@example.net>: bounced", shown)
        self.assertRegex(shown, r"bounced +<nobody@example.net>\n +5.1.1 ")
        self.assertEqual({row["action"] for row in self.rows("--status", "refused")}, {"reject"})
        table = self.connectorctl("trace").stdout
        self.assertRegex(table, r" bounced +carol@stranger.example +nobody@example.net ")
        self.assertRegex(table, r" refused +alice@contoso.com ")

    def test_a_connector_that_does_not_exist_is_an_error_with_the_nearest_name(self):
        asked = self.connectorctl("trace", "--connector", "contso")
        self.assertEqual((asked.status, asked.stdout), (1, ""))
        self.assertIn('there is no connector "contso"; did you mean "contoso"?', asked.stderr)

    def test_times_are_those_of_the_machine(self):
        zone = {**os.environ, "TZ": "NST-11"}
        shown = self.connectorctl("trace", self.delivered.queue_id, environment=zone)
        self.assertIn("TIME (NST)", shown.stdout)
        row = self.rows(self.delivered.queue_id)[0]
        local = datetime.fromisoformat(row["time"].replace("Z", "+00:00")).astimezone(timezone(timedelta(hours=11)))
        self.assertIn(f"{local:%Y-%m-%d %H:%M:%S}", shown.stdout)
        since = f"{local:%Y-%m-%d %H:%M:%S}"
        for option in ("--since", "--until"):
            found = self.connectorctl("trace", self.delivered.queue_id, option, since, environment=zone)
            self.assertEqual(self.delivered.queue_id in found.stdout or "alice@" in found.stdout, option == "--since")
        self.assertIn("TIME (UTC)", self.connectorctl("trace", "--utc", environment=zone).stdout)

    def test_it_works_while_the_configuration_is_broken(self):
        good = self.site.connectord.config_file.read_text()
        self.addCleanup(self.site.connectord.config_file.write_text, good)
        for broken in (good + "\n[server]\ntls = yes\n", good + "\n[[inbound]]\nname = contoso\n"):
            self.site.connectord.config_file.write_text(broken)
            asked = self.connectorctl("trace", self.delivered.queue_id)
            self.assertIn("alice@contoso.com", asked.stdout)
            self.assertIn("the configuration does not load; see: connectorctl check", asked.stderr)


class DeliveriesOfPrograms(SiteScenario):
    """Mail of the sendmail command, whose recipients Postfix completes before it asks a milter."""

    connectors = CONTOSO
    options = SiteOptions(trace='mail_log = "PATH/postfix/mail.log"',
                          parameters={"non_smtpd_milters": "$smtpd_milters", "mydestination": "mx.example.net",
                              "local_transport": "discard", "recipient_canonical_maps":
                                  "inline:{ {canon@mx.example.net = d@example.net},"
                                  " {both@mx.example.net = both@example.net} }",
                              "virtual_alias_maps": "inline:{ {virt@mx.example.net = b@example.net},"
                                                    " {both@example.net = c@example.net},"
                                                    " {list@mx.example.net = e@example.net, f@example.net} }"})

    def test_whoever_it_is_for_it_is_delivered(self):
        for given, resolved, status in (("root", "root@mx.example.net", "delivered"),
                                        ("virt", "virt@mx.example.net", "delivered"),
                                        ("canon", "d@example.net", "delivered"),
                                        ("both", "both@example.net", "delivered"),
                                        ("list", "list@mx.example.net", "expanded"),
                                        ("g@example.net", "g@example.net", "delivered")):
            with self.subTest(given):
                self.site.postfix.sendmail(b"", given)
                wait_until(lambda: self.site.trace("--recipient", resolved, "--status", status),
                           f"{status} for {resolved}: {self.site.trace()}")

    def test_several_recipients_of_one_message_are(self):
        self.site.postfix.sendmail(b"Subject: several\n\n", "daemon", "virt", "h@example.net", "canon")
        (row,) = wait_until(lambda: self.site.trace("--recipient", "h@example.net"), "the message")
        queue_id = row["queue_id"]
        wait_until(lambda: len(self.site.trace("--queue-id", queue_id, "--status", "delivered")) == 4,
                   f"four deliveries: {self.site.trace('--queue-id', queue_id)}")


POSTSCREEN = """\
127.0.0.1:{port} inet  n  -  n  -  1  postscreen
smtpd            pass  -  -  n  -  -  smtpd
dnsblog          unix  -  -  n  -  0  dnsblog
tlsproxy         unix  -  -  n  -  0  tlsproxy
"""


class Postscreen(SiteScenario):
    """postscreen(8) takes any word for a HELO name, and any address."""

    connectors = CONTOSO
    options = SiteOptions(trace='mail_log = "PATH/postfix/mail.log"',
                          parameters={"postscreen_access_list": "cidr:{ {127.0.0.0/8 reject} }", "postscreen_greet_wait": "1s",
                              "postscreen_denylist_action": "enforce", "postscreen_cache_map": ""})

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.port = free_port()
        with (cls.site.postfix.configuration / "master.cf").open("a") as master_cf:
            master_cf.write(POSTSCREEN.format(port=cls.port))
        cls.site.postfix.reload()

    def test_its_refusals_are_read_whatever_the_client_calls_itself(self):
        wait_until(lambda: accepts_connections(f"inet:127.0.0.1:{self.port}"), "postscreen")
        for number, helo in enumerate(("h", "x>", "<x>", "<>", 'a"b')):
            sender = f"sender-{number}@b.example"
            with self.subTest(helo), SmtpClient(self.port, "127.0.0.1") as client:
                client.command(f"HELO {helo}")
                client.mail(sender)
                self.assertEqual(client.rcpt("u@example.net").code, 550)
                (row,) = wait_until(lambda sought=sender: self.site.trace("--sender", sought), "the refusal")
                self.assertEqual((row["rcpt_to"], row["helo"], row["status"]), ("u@example.net", helo, "failed"))


class TraceAfterKill(SiteScenario):
    """Half of the mail is taken, half refused, and connectord is killed in the midst of it, again and again."""

    connectors = CONTOSO
    options = SiteOptions(trace="",
                          parameters={"smtpd_client_connection_count_limit": "0", "default_process_limit": "50"})

    def setUp(self):
        self.addCleanup(lambda: self.site.connectord.is_running or self.site.connectord.start())

    def test_every_final_answer_that_a_client_got_is_there(self):
        with Load(self.site, SESSIONS) as load:
            for round_number in range(1, 4):
                wait_until(lambda: load.answers > round_number * LEAST_ANSWERS, "answers", timeout=120)
                self.site.connectord.kill()
                self.site.connectord.start()
        self.site.connectord.kill()
        self.assertGreater(min(len(load.queue_ids), len(load.refused)), LEAST_ANSWERS // 3)
        assert_all_in_trace(self, self.site, load)


class TraceAfterKillUnderLoad(HostScenario):
    """The mail server's side is played, which is quicker than Postfix: many sessions have answers at the same moment,
    and connectord is killed in the midst of them."""

    connectors = CONTOSO
    options = SiteOptions(trace="")
    sessions = 64

    def setUp(self):
        self.addCleanup(lambda: self.host.connectord.is_running or self.host.connectord.start())
        self.answered: list[str] = []  # queue IDs of mail that was taken, and refused recipients

    def test_every_final_answer_that_a_session_got_is_there(self):
        for round_number in range(3):
            before = len(self.answered)
            sessions = [threading.Thread(target=self.send_until_it_is_gone, args=(f"{round_number}x{number}",))
                        for number in range(self.sessions)]
            for session in sessions:
                session.start()
            wait_until(lambda seen=before: len(self.answered) > seen + 3000, "answers", timeout=120)
            self.host.connectord.kill()
            for session in sessions:
                session.join()
            rows = self.host.trace()
            kept = {row["queue_id"] for row in rows} | {row["rcpt_to"] for row in rows if row["action"] == "reject"}
            self.assertEqual(set(self.answered) - kept, set())
            answers = {(row["queue_id"], row["rcpt_to"]) for row in rows}
            self.assertEqual(len(rows), len(answers), "something is there twice")
            self.host.connectord.start()

    def send_until_it_is_gone(self, name: str) -> None:
        with contextlib.suppress(OSError), MilterClient(self.host.milter) as client:
            client.negotiate()
            client.connect("client.example.org", "198.51.100.9", 4711)
            client.helo("client.example.org")
            for number in itertools.count():
                self.send_one(client, f"4Q{name}x{number}")

    def send_one(self, client: MilterClient, queue_id: str) -> None:
        client.macros = {}
        client.mail("alice@contoso.com")
        refused = f"{queue_id}@example.net"
        if not client.rcpt(refused).passes:
            self.answered.append(refused)
        client.abort()
        client.macros = {"i": queue_id}
        client.mail("bob@example.org")
        client.rcpt("user@example.net")
        if client.content([("From", " bob@example.org"), ("Subject", " x")]).verdict.passes:
            self.answered.append(queue_id)


class TraceTrouble(SiteScenario):
    connectors = CONTOSO
    options = SiteOptions(trace="")

    def setUp(self):
        """connectord can no longer reach its trace, and knows."""
        self.site.trace_file.parent.chmod(0)
        self.addCleanup(self.let_in)
        self.site.connectord.wait_for_log("the trace cannot be written")

    def let_in(self) -> None:
        self.site.trace_file.parent.chmod(0o750)

    def test_mail_is_deferred_until_the_trace_can_be_written_again(self):
        for _ in range(3):
            self.assert_refused(self.send("bob@example.org", tls=False), "451 4.3.0", at="END")
        self.assert_refused(self.send("alice@contoso.com", tls=False), "451 4.3.0")
        self.assertEqual(len(self.site.connectord.log_lines("the trace cannot be written")), 1)
        self.let_in()
        self.site.connectord.wait_for_log("the trace can be written again")
        sent = self.send("bob@example.org", tls=False)
        self.assert_delivered(sent, None)
        self.assertEqual(len(self.site.trace("--queue-id", sent.queue_id)), 1)


class TraceTroubleAccepted(SiteScenario):
    connectors = CONTOSO
    options = SiteOptions(trace='on_failure = "accept"')

    def test_mail_is_decided_as_always_without_a_trace(self):
        self.site.trace_file.parent.chmod(0)
        self.addCleanup(lambda: self.site.trace_file.parent.chmod(0o750))
        self.site.connectord.wait_for_log("the trace cannot be written")
        self.assert_delivered(self.send("bob@example.org", tls=False), None)
        self.assert_refused(self.send("alice@contoso.com", tls=False), "550 5.7.10")
