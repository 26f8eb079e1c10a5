"""connectorctl attach, status and detach on a Sendmail as Debian installs it: proved by a probe, undone to the byte."""

import json

from fresh_sendmail import CF, MC, RESTART, START, TLS, FreshSendmail
from scenario import PARTNER

ARCHIVE = "archive.compliance.example"

RULES_OF_A_PERSON = """\
LOCAL_CONFIG
Kmine hash -o /etc/mail/mine
LOCAL_RULESETS
SLocal_check_mail
R$* badguy $*	$#error $@ 5.7.1 $: "550 not you"
"""


class Attach(FreshSendmail):
    def test_without_yes_it_shows_the_lines_with_their_reasons_and_changes_nothing(self):
        output = self.done("attach", "sendmail")
        for line in ("+INPUT_MAIL_FILTER(`connectord', `S=unix:/run/connectord/milter.sock, F=T, T=S:30s;",
                     "+FEATURE(`mailertable', `socket unix:/run/connectord/socketmap.sock')dnl",
                     "+Ksendmail_tls socket -T<TMPF> unix:/run/connectord/socketmap.sock", "+LOCAL_TLS_RCPT",
                     "+Ksendmail_certificate socket -T<TMPF> unix:/run/connectord/socketmap.sock", "+Stls_clt_features",
                     "mailertable: outbound connectors choose the route", "Nothing is changed yet"):
            self.assertIn(line, output.stdout)
        self.assertEqual(self.files(), self.before)

    def test_with_yes_mail_is_asked_about_and_a_probe_has_shown_it(self):
        output = self.attach_for_sure()
        self.assertRegex(output.stdout, r"RCPT 550.*connectord saw 1 milter session of Sendmail 8.*; and 2 lookups")
        self.assert_delivered(self.send("partner", "alice@contoso.com", certificate=PARTNER), "contoso")
        self.assert_delivered(self.send("internet", "eve@tailspin.example", headers=("X-Connector: contoso",)), None)
        self.assert_refused(self.send("partner", "alice@contoso.com", tls=False), "550 5.7.10", "contoso")
        self.assert_refused(self.send("internet", "alice@contoso.com", certificate=PARTNER), "550 5.7.1", "address")

    def test_mail_leaves_by_the_route_of_its_connector_and_only_over_its_tls(self):
        self.attach_for_sure()
        message = self.assert_left(self.submit("frank@fabrikam.com").token, "partner", self.front.server, ARCHIVE)
        way_in = next(field for field in message.all("Received") if f"by {ARCHIVE} " in field)
        self.assertIn('Client CN "archive-client.example.org"', way_in)
        self.set("archive", smtpd_tls_security_level="none")
        sent = self.submit("frank@fabrikam.com")
        self.assert_stays(sent, "403 4.7.0 other side does not support STARTTLS")
        queue = json.loads(self.done("queue", "--json").stdout)
        (waiting,) = [line for line in queue["next_hops"] if line["connector"] == "compliance"]
        self.assertIn("does not support STARTTLS", waiting["last_error"])
        self.assertRegex(self.done("queue").stdout, r"(?m)^compliance +\S*archive")
        self.restore()
        self.flush(sent)
        self.assert_left(sent.token, "partner", self.front.server, ARCHIVE)

    def test_a_second_attach_has_nothing_to_do_and_what_make_makes_of_it_is_the_same(self):
        self.attach_for_sure()
        attached = self.files()
        self.assertIn("attached already, nothing to do", self.attach_for_sure().stdout)
        self.assertEqual(self.files(), attached)
        self.output("make", "-C", "/etc/mail", "sendmail.cf")
        self.assertNotEqual(self.files(), attached)
        self.assertIn("attached already, nothing to do", self.attach_for_sure().stdout)

    def test_detach_puts_all_files_back_to_the_byte(self):
        self.attach_for_sure()
        self.done("detach", "sendmail")
        self.assertNotEqual(self.files(), self.before)
        output = self.done("detach", "sendmail", "--yes")
        self.assertIn("to the byte", output.stdout)
        self.assertEqual(self.files(), self.before)
        self.wait_for_starts(2)
        sent = self.send("partner", "alice@contoso.com", tls=False)
        self.assertEqual((sent.command, sent.reply.code), ("END", 250), sent.reply)
        self.assertIn("not attached, nothing to do", self.done("detach", "sendmail", "--yes").stdout)
        self.assertEqual(self.files(), self.before)

    def test_a_run_that_was_cut_off_before_sendmail_cf_was_replaced_can_be_repeated(self):
        self.attach_for_sure()
        attached = {name: line for name, line in self.files().items() if name != "./sendmail.cf"}
        self.output("cp", "-p", f"{CF}.before-connectord", CF)
        self.attach_for_sure()
        self.assertEqual({name: line for name, line in self.files().items() if name != "./sendmail.cf"}, attached)
        self.assertIn("\nXconnectord, ", self.read(CF))
        self.output("cp", "-p", f"{CF}.before-connectord", CF)
        self.done("detach", "sendmail", "--yes")
        self.assertEqual(self.files(), self.before)

    def test_detach_after_other_changes_takes_out_its_own_lines_only(self):
        self.attach_for_sure()
        self.make(self.read(MC) + "define(`confLOG_LEVEL', `14')dnl\n")
        self.done("detach", "sendmail", "--yes")
        self.assertNotIn("connectord", self.read(MC))
        self.assertIn("\nO LogLevel=14\n", self.read(CF))
        self.assertNotIn("Xconnectord", self.read(CF))

    def test_a_sendmail_that_would_end_at_the_signal_gets_none(self):
        self.output("sh", "-ec", RESTART.replace(START, "sendmail -bd -q30s"))
        self.assert_refused_unchanged(self.connectorctl("attach", "sendmail", "--yes"), "without its whole path")
        self.front.host.wait_for_server()

    def test_changes_of_sendmail_cf_by_hand_are_not_lost(self):
        self.write(CF, self.read(CF) + "O LogLevel=14\n")
        self.before = self.files()
        self.assert_refused_unchanged(self.connectorctl("attach", "sendmail", "--yes"), "changes by hand would be lost")


class AttachWhereNobodyComesIn(FreshSendmail):
    """Nobody on this machine comes as far as RCPT, so no probe can show that connectord is asked."""

    def setUp(self):
        super().setUp()
        self.write("/etc/mail/access", self.read("/etc/mail/access") + "Connect:127.0.0.1\tREJECT\n")
        self.make(self.read(MC).replace("FEATURE(`delay_checks'", "dnl FEATURE(`delay_checks'"))
        self.output("sh", "-ec", RESTART)
        self.front.host.wait_for_server()
        self.before = self.files()
        self.starts_before = self.starts()

    def test_all_is_rolled_back(self):
        self.assert_refused_unchanged(self.connectorctl("attach", "sendmail", "--yes"), "MAIL 550 5.7.1 Access denied",
                                      "sendmail.mc and sendmail.cf are as they were before")
        self.wait_for_starts(2)
        sent = self.send("partner", "alice@contoso.com", tls=False)
        self.assertEqual((sent.command, sent.reply.code), ("END", 250), sent.reply)

    def test_without_a_probe_it_is_attached_and_says_that_nothing_is_proved(self):
        self.assertIn("not proved", self.done("attach", "sendmail", "--yes", "--no-probe").stdout)
        self.wait_for_starts(1)
        self.assert_delivered(self.send("partner", "alice@contoso.com", certificate=PARTNER), "contoso")


class AttachBesideRules(FreshSendmail):
    rules = RULES_OF_A_PERSON

    def test_rules_of_a_person_stay_in_force(self):
        self.attach_for_sure()
        self.assertIn(RULES_OF_A_PERSON, self.read(MC))
        cf = self.read(CF)
        for line in ("\nKmine hash -o /etc/mail/mine\n", "\nSLocal_check_mail\nR$* badguy $*\t", "\nSLocal_tls_rcpt\n"):
            self.assertEqual(cf.count(line), 1, line)
        self.done("detach", "sendmail", "--yes")
        self.assertEqual(self.files(), self.before)

    def test_a_ruleset_that_is_taken_is_not_guessed_at(self):
        self.make(self.read(MC) + "LOCAL_TLS_RCPT\nR$*\t\t$@ OK\n")
        self.before = self.files()
        self.assert_refused_unchanged(self.connectorctl("attach", "sendmail", "--yes"), "Local_tls_rcpt of its own",
                                      "Ksendmail_tls socket -T<TMPF> unix:/run/connectord/socketmap.sock")


class AttachBesideAMailertable(FreshSendmail):
    lines = TLS + "FEATURE(`mailertable', `hash -o /etc/mail/mailertable')dnl\n"

    def test_another_mailertable_stays_and_the_line_in_its_place_is_told(self):
        self.assert_refused_unchanged(self.connectorctl("attach", "sendmail", "--yes"),
                                      "another mailertable, and Sendmail asks one only: hash -o /etc/mail/mailertable",
                                      "FEATURE(`mailertable', `socket unix:/run/connectord/socketmap.sock')dnl")
        self.assertIn("another mailertable", self.connectorctl("status").stdout)


class AttachWithoutAnAccessTable(FreshSendmail):
    """What outbound connectors require of TLS is compared by rules that Sendmail has with an access table only."""

    def setUp(self):
        super().setUp()
        needs_access = ("access_db", "greet_pause", "delay_checks", "conncontrol", "ratecontrol")
        self.make("".join(line for line in self.read(MC).splitlines(keepends=True)
                          if not line.startswith(tuple(f"FEATURE(`{name}'" for name in needs_access))))
        self.before = self.files()

    def test_it_gets_an_empty_one_and_the_requirement_holds(self):
        self.assertNotIn("C{Tls}", self.read(CF))
        self.attach_for_sure()
        self.assertIn("\nKaccess null -T<TMPF>\n", self.read(CF))
        self.write("/etc/mail/relay-domains", "fabrikam.com\n")
        self.output("sh", "-ec", RESTART)
        self.front.host.wait_for_server()
        self.set("archive", smtpd_tls_security_level="none")
        self.assert_stays(self.submit("frank@fabrikam.com"), "403 4.7.0 other side does not support STARTTLS")


class Status(FreshSendmail):
    lines = ""

    def test_it_tells_each_line_that_is_missing_and_then_that_all_is_well(self):
        code, report, lines = self.status()
        self.assertEqual((code, report["postfix"], report["sendmail"]["sendmail_cf"]), (1, None, CF))
        for line in ("INPUT_MAIL_FILTER(`connectord'", "define(`confCERT_FINGERPRINT_ALGORITHM', `sha256')dnl",
                     "FEATURE(`mailertable', `socket unix:/run/connectord/socketmap.sock')dnl", "LOCAL_TLS_RCPT\n",
                     "define(`confSERVER_CERT'", "define(`confCACERT'"):
            self.assertIn(line, lines)
        self.assertIn("connectorctl attach sendmail shows and does all that", self.connectorctl("status").stdout)

        self.attach_for_sure()
        code, _, lines = self.status()
        self.assertEqual(code, 1)
        for line in ("INPUT_MAIL_FILTER", "FINGERPRINT", "mailertable", "LOCAL_TLS_RCPT"):
            self.assertNotIn(line, lines)
        for line in ("define(`confSERVER_CERT'", "define(`confCACERT'"):
            self.assertIn(line, lines)

        self.make(self.read(MC).replace("MAILER_DEFINITIONS\n", TLS + "MAILER_DEFINITIONS\n"))
        code, report, _ = self.status()
        self.assertEqual((code, report["missing"]), (0, []))
        self.output("sh", "-ec", RESTART)
        self.assertRegex(self.connectorctl("status").stdout, r"(?s)asked by +Sendmail 8.*\nall is well\n")

        self.done("detach", "sendmail", "--yes")
        self.assertIn("INPUT_MAIL_FILTER(`connectord'", self.status()[2])

    def test_it_tells_that_sendmail_does_not_run(self):
        self.output("sh", "-ec", RESTART.replace(START, ""))
        self.addCleanup(self.output, "sh", "-ec", START)
        self.assertIn("Sendmail does not run", self.connectorctl("status").stdout)
        self.assert_refused_unchanged(self.connectorctl("attach", "sendmail", "--yes"), "Sendmail does not run")
