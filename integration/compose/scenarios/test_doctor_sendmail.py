"""connectorctl doctor on a Sendmail as Debian installs it: nothing is wrong once it is attached; each thing that is then
made wrong is named, and gone when what it says has been done, to the letter."""

import json
import re

from fresh_sendmail import CF, MC, RESTART, START, TLS, FreshSendmail
from scenario import PARTNER

EXIT_STATUS = {"warning": 1, "critical": 2}
# The machine's, not this Sendmail's.
BEYOND_OUR_REACH = {"clock", "disk", "dns"}
# Those of this world last for 30 days, which doctor reports; of other servers' it knows by the validation of each day.
SHORT_LIVED = ("confCACERT, /", "compliance, outbound.tls.certificate, /")
PARTNERS = "ask the partner to renew it"

FILTER = "INPUT_MAIL_FILTER(`connectord'"
PORT = "DAEMON_OPTIONS(`Family=inet,  Name=MTA-v4"
MAILERS = "MAILER_DEFINITIONS\n"

SYSTEMCTL = f"""\
#!/bin/sh
set -e
case "$*" in
  "restart sendmail") {RESTART} ;;
  "start sendmail") {START} ;;
  *) echo "no such unit here: $*" >&2; exit 1 ;;
esac
"""


def new_certificate(name: str, days: int) -> str:
    return (f"openssl req -x509 -newkey rsa:2048 -nodes -days {days} -subj /CN=mx.example.org -keyout {name}.key "
            f"-out {name}.pem 2>/dev/null; chmod 600 {name}.key")


class DoctorScenario(FreshSendmail):
    # The certificates of this world do, too.
    lines = TLS.replace("/certificates/mx.example.org.pem", "/etc/mail/tls/server.pem")

    def setUp(self):
        super().setUp()
        self.write("/usr/bin/systemctl", SYSTEMCTL)
        # Where the lines that doctor prints have these files.
        self.output("sh", "-ec", f"""chmod 755 /usr/bin/systemctl; cd /etc/mail/tls; {new_certificate("server", 90)}
                                     install -m 644 /certificates/trusted.pem partner-authorities.pem""")
        self.attach_for_sure()
        self.wait_for_starts(1)

    def doctor(self, *words: str) -> tuple[int, list[dict]]:
        output = self.connectorctl("doctor", "--json", *words)
        self.assertTrue(output.stdout, output.stderr)
        troubles = json.loads(output.stdout)["troubles"]
        self.assertEqual(output.status, max([EXIT_STATUS[one["severity"]] for one in troubles], default=0))
        for one in troubles:
            self.assertTrue(one["write"], one)
        return output.status, [one for one in troubles
                               if one["area"] not in BEYOND_OUR_REACH and not one["what"].startswith(SHORT_LIVED)
                               and one["write"] != PARTNERS]

    def assert_named(self, severity: str, area: str, words: str) -> dict:
        _, troubles = self.doctor()
        found = [one for one in troubles if one["area"] == area and words in one["what"]]
        self.assertEqual([one["severity"] for one in found], [severity], troubles)
        return found[0]

    def assert_well(self) -> None:
        self.assertEqual(self.doctor()[1], [])

    def assert_named_and_mended(self, severity: str, area: str, words: str) -> None:
        self.mend(self.assert_named(severity, area, words)["write"])
        self.assert_well()

    def mend(self, write: str) -> None:
        """Puts lines into sendmail.mc and runs commands, as doctor says."""
        for line in re.findall(r"(?:define|FEATURE|INPUT_MAIL_FILTER|DAEMON_OPTIONS)\(.*\)dnl", write):
            self.put(line)
        if rules := re.search(r"^LOCAL_CONFIG\n.*(?=\nthen: )", write, re.DOTALL | re.MULTILINE):
            self.write(MC, self.read(MC) + rules.group() + "\n")
        for command in re.findall(r"^(?:then: )?((?:make|chmod|chown|systemctl) .*)", write, re.MULTILINE):
            self.output("sh", "-ec", command)
        self.front.host.wait_for_server()

    def put(self, line: str) -> None:
        """In the place of the line that is there, or before the mailers."""
        mc = self.read(MC)
        for beginning in (FILTER, PORT):
            if line.startswith(beginning.partition("(")[0]) and beginning in mc:
                self.write(MC, re.sub(rf"^{re.escape(beginning)}.*$", lambda _: line, mc, flags=re.MULTILINE))
                return
        self.write(MC, mc.replace(MAILERS, line + "\n" + MAILERS))

    def change(self, pattern: str, instead: str) -> None:
        """A change of sendmail.mc that is in force."""
        mc, count = re.subn(pattern, lambda _: instead, self.read(MC), flags=re.MULTILINE | re.DOTALL)
        self.assertEqual(count, 1, pattern)
        self.write(MC, mc)
        self.output("sh", "-ec", "make -s -C /etc/mail sendmail.cf; systemctl restart sendmail")
        self.front.host.wait_for_server()

    def add(self, lines: str) -> None:
        self.change(f"^{MAILERS}", lines + MAILERS)

    def offers_tls(self) -> bool:
        return self.front.host.run("openssl", "s_client", "-starttls", "smtp", "-connect", "127.0.0.1:25").status == 0


class Doctor(DoctorScenario):
    def test_nothing_is_wrong_with_a_sendmail_that_was_attached(self):
        self.assert_well()
        self.assertRegex(self.connectorctl("doctor").stdout, r"good +[^\n]*\bsendmail\b")

    def test_authorities_that_end_are_told(self):
        reported = self.connectorctl("doctor").stdout
        self.assertRegex(reported, r"warning +certificates: confCACERT, /certificates/trusted.pem: [^\n]*CA ends at ")

    def test_where_a_postfix_is_left_over_the_one_that_asks_is_looked_at(self):
        self.addCleanup(self.output, "rm", "-r", "/etc/postfix")
        self.output("sh", "-ec", "mkdir -p /etc/postfix; touch /etc/postfix/main.cf")
        self.assert_well()
        self.assertEqual(self.doctor("--postfix-config", "/etc/postfix")[0], 2)

    def test_a_filter_that_is_not_asked(self):
        self.change(f"^{re.escape(FILTER)}[^\n]*\n", "")
        self.assert_named_and_mended("critical", "sendmail", "no INPUT_MAIL_FILTER")

    def test_a_filter_without_which_mail_passes(self):
        self.change(", F=T, T=S:30s;", ", T=S:30s;")
        self.assert_named_and_mended("critical", "sendmail", "not right: connectord, S=unix:/run/connectord/milter.sock")

    def test_a_filter_at_another_socket(self):
        self.change("S=unix:/run/connectord/milter.sock", "S=inet:8891@127.0.0.1")
        self.assert_named_and_mended("critical", "sendmail", "not right: connectord, S=inet:8891@127.0.0.1")

    def test_a_filter_that_is_given_less_time_than_dns(self):
        self.change("T=S:30s;R:30s;E:2m", "T=E:5m")
        self.assert_named_and_mended("warning", "sendmail", "waits 10 s for connectord's answer")

    def test_another_filter_that_is_asked_before(self):
        self.change(f"^{re.escape(FILTER)}", "INPUT_MAIL_FILTER(`other', `S=inet:9@127.0.0.1, T=C:1s')dnl\n" + FILTER)
        self.assert_named_and_mended("warning", "sendmail", "asked before connectord: other")

    def test_routes_and_their_protection_that_are_not_asked_for(self):
        self.change(r"^FEATURE\(`mailertable'[^\n]*\n", "")
        self.assert_named_and_mended("critical", "sendmail", "no mailertable")
        self.change(r"^LOCAL_CONFIG\nKsendmail_tls .*?^R\$\*\t\t\t\$@ OK\n", "")
        self.assert_named_and_mended("critical", "sendmail", "no LOCAL_TLS_RCPT")
        self.change(r"^LOCAL_CONFIG\nKsendmail_certificate .*?^R\$\*\t\t\t\$@ \"\"\n", "")
        self.assert_named_and_mended("critical", "sendmail", "no tls_clt_features")

    def test_fingerprints_that_are_not_told(self):
        self.change(r"^define\(`confCERT_FINGERPRINT_ALGORITHM'[^\n]*\n", "")
        self.assert_named_and_mended("critical", "sendmail", "confCERT_FINGERPRINT_ALGORITHM is not set")
        self.add("define(`confCERT_FINGERPRINT_ALGORITHM', `sha1')dnl\n")
        self.assert_named_and_mended("critical", "sendmail", "another algorithm: sha1")

    def test_deliveries_that_are_not_logged(self):
        self.addCleanup(self.write, "/etc/connectord/connectord.toml", self.read("/etc/connectord/connectord.toml"))
        self.output("tee", "-a", "/etc/connectord/connectord.toml",
                    stdin='[trace]\nstore = "sqlite:/tmp/none/trace.db"\nmail_log = "/var/log/mail.log"\n')
        self.add("define(`confLOG_LEVEL', `8')dnl\n")
        self.mend(self.assert_named("critical", "deliveries", "LogLevel 8")["write"])
        self.assertNotIn("deliveries", [one["area"] for one in self.doctor()[1]])

    def test_a_sendmail_that_takes_mail_of_its_own_machine_only(self):
        self.change("Name=MTA-v4, Port=smtp", "Name=MTA-v4, Port=smtp, Addr=127.0.0.1")
        self.assert_named_and_mended("warning", "sendmail", "takes mail from this machine only")

    def test_a_sendmail_that_does_not_run(self):
        self.output("sh", "-ec", RESTART.replace(START, ""))
        self.assert_named_and_mended("critical", "sendmail", "Sendmail does not run")

    def test_a_sendmail_that_would_end_at_sighup(self):
        self.output("sh", "-ec", RESTART.replace(START, "sendmail -bd -q30s"))
        self.assert_named_and_mended("warning", "sendmail", "without its whole path")


class DoctorOfAges(DoctorScenario):
    def test_a_change_of_sendmail_mc_that_does_not_count_yet(self):
        self.write(MC, self.read(MC) + "define(`confLOG_LEVEL', `14')dnl\n")
        self.assert_named_and_mended("warning", "sendmail", "was changed after sendmail.cf was made of it")

    def test_a_change_that_would_detach_connectord_is_named_before_it_counts(self):
        mc = self.read(MC)
        self.write(MC, re.sub(rf"{re.escape(FILTER)}.*\n", "", mc))
        self.assert_named("warning", "sendmail", "once sendmail.cf is made anew: no INPUT_MAIL_FILTER")

    def test_where_sendmail_mc_is_right_already_it_need_only_be_made(self):
        self.output("cp", f"{CF}.before-connectord", CF)
        trouble = self.assert_named("critical", "sendmail", "no INPUT_MAIL_FILTER")
        self.assertEqual(trouble["write"], "make -C /etc/mail sendmail.cf && systemctl restart sendmail")
        self.mend(trouble["write"])
        self.assert_well()

    def test_a_sendmail_cf_that_was_changed_by_hand(self):
        self.write(CF, self.read(CF) + "O LogLevel=14\n")
        self.assert_named("warning", "sendmail", "is not what m4 makes of")

    def test_a_sendmail_that_was_not_started_anew(self):
        self.output("make", "-C", "/etc/mail", "sendmail.cf")
        self.assert_named_and_mended("warning", "sendmail", "was started before")


class DoctorOfTls(DoctorScenario):
    """What is reported to be in the way of STARTTLS is so, and without it STARTTLS is there."""

    def assert_in_the_way(self, words: str) -> None:
        self.assertFalse(self.offers_tls())
        self.assert_named_and_mended("critical", "sendmail", words)
        self.assertTrue(self.offers_tls())

    def test_a_setting_that_is_missing(self):
        self.assertTrue(self.offers_tls())
        for name in ("confSERVER_CERT", "confSERVER_KEY", "confCACERT", "confCACERT_PATH"):
            with self.subTest(name):
                self.change(rf"^define\(`{name}'[^\n]*\n", "")
                self.assert_in_the_way(f"offers no STARTTLS without {name}")

    def test_a_port_without_it(self):
        self.change("Name=MTA-v4, Port=smtp", "Name=MTA-v4, Port=smtp, M=S")
        self.assertFalse(self.offers_tls())
        self.assert_named("critical", "sendmail", "a port offers no STARTTLS (S in its M=)")
        self.change(", M=S", "")
        self.assert_well()

    def test_a_file_that_sendmail_does_not_trust(self):
        for harm, words in (("chmod 644 /etc/mail/tls/server.key", "server.key is a key that others"),
                            ("chmod 664 /etc/mail/tls/server.pem", "server.pem may be written to by others"),
                            ("chown connectord /etc/mail/tls/server.key", "server.key belongs to somebody"),
                            ("chmod 775 /etc/mail/tls", "others than its owner may write to /etc/mail/tls")):
            with self.subTest(harm):
                self.output("sh", "-ec", f"{harm}; systemctl restart sendmail")
                self.front.host.wait_for_server()
                self.assert_in_the_way(words)

    def test_a_file_that_is_not_right(self):
        for harm, words in (("mv server.pem away.pem", "server.pem: No such file"),
                            ("echo nonsense >server.pem", "there is no certificate in PEM"),
                            ("echo nonsense >server.key", "there is no private key"),
                            ("openssl genrsa -out server.key", "server.key is not the key of the certificate in")):
            with self.subTest(harm):
                self.output("sh", "-ec", f"""cp -a /etc/mail/tls /etc/mail/good; cd /etc/mail/tls; {harm}
                                             systemctl restart sendmail""")
                self.front.host.wait_for_server()
                self.assertFalse(self.offers_tls())
                self.assert_named("critical", "sendmail", words)
                self.output("sh", "-ec", """rm -r /etc/mail/tls; mv /etc/mail/good /etc/mail/tls
                                            systemctl restart sendmail""")
                self.front.host.wait_for_server()
                self.assert_well()

    def test_clients_that_are_not_asked_for_a_certificate(self):
        self.add("define(`confTLS_SRV_OPTIONS', `V')dnl\n")
        sent = self.send("partner", "alice@contoso.com", certificate=PARTNER)
        self.assert_refused(sent, "550 5.7.1", "requires a client certificate; none was shown")
        self.assert_named_and_mended("critical", "sendmail", "asks no client for one")
        self.assert_delivered(self.send("partner", "alice@contoso.com", certificate=PARTNER), "contoso")

    def test_clients_whom_the_access_table_offers_less(self):
        access = self.read("/etc/mail/access")
        for feature, words in (("V", "203.0.113.33 asked for no certificate"), ("S", "203.0.113.33 offered no STARTTLS")):
            with self.subTest(feature):
                self.write("/etc/mail/access", f"{access}Srv_Features:203.0.113.33\t{feature}\n")
                self.output("make", "-s", "-C", "/etc/mail")
                sent = self.send("partner", "alice@contoso.com", certificate=PARTNER, tls=feature != "S")
                self.assert_refused(sent, "550 5.7.10" if feature == "S" else "550 5.7.1")
                trouble = self.assert_named("warning", "sendmail", words)
                self.write("/etc/mail/access", access)
                self.mend(trouble["write"])
                self.assert_well()
                self.assert_delivered(self.send("partner", "alice@contoso.com", certificate=PARTNER), "contoso")

    def test_clients_who_may_end_a_message_by_a_line_feed(self):
        access = self.read("/etc/mail/access")
        self.write("/etc/mail/access", f"{access}Srv_Features:203.0.113.33\tO\n")
        self.output("make", "-s", "-C", "/etc/mail")
        trouble = self.assert_named("warning", "sendmail", "a message of 203.0.113.33 may end by a line feed alone")
        self.write("/etc/mail/access", access)
        self.mend(trouble["write"])
        self.assert_well()

    def test_a_certificate_that_ends_soon_and_its_successor_that_nobody_shows(self):
        self.output("sh", "-ec", f"cd /etc/mail/tls; {new_certificate('short', 3)}")
        self.change("/etc/mail/tls/server.pem", "/etc/mail/tls/short.pem")
        self.change("/etc/mail/tls/server.key", "/etc/mail/tls/short.key")
        self.assert_named("critical", "certificates", "confSERVER_CERT, /etc/mail/tls/short.pem: /CN=mx.example.org ends at")
        self.output("sh", "-ec", "cd /etc/mail/tls; cat server.pem >short.pem; cat server.key >short.key")
        self.assert_named_and_mended("warning", "certificates", "was changed after Sendmail was started")


class DoctorOfSockets(DoctorScenario):
    def test_a_folder_that_sendmail_does_not_trust(self):
        self.addCleanup(self.output, "chmod", "755", "/run/connectord")
        self.output("chmod", "775", "/run/connectord")
        sent = self.send("partner", "alice@contoso.com", certificate=PARTNER)
        self.assertEqual(sent.reply.code // 100, 4, sent.reply)
        trouble = self.assert_named("critical", "sockets", "server.milter: others than its owner may write to /run/connectord")
        self.assert_named("critical", "sockets", "server.socketmap: others than its owner may write to /run/connectord")
        self.mend(trouble["write"])
        self.assert_well()
        self.assert_delivered(self.send("partner", "alice@contoso.com", certificate=PARTNER), "contoso")

    def test_a_sendmail_that_is_not_roots_and_so_does_not_even_start(self):
        mc = self.read(MC)
        self.addCleanup(self.output, "sh", "-ec", f"make -s -C /etc/mail sendmail.cf; {START}")
        self.addCleanup(self.write, MC, mc)
        self.write(MC, mc.replace(MAILERS, "define(`confRUN_AS_USER', `smmta')dnl\n" + MAILERS))
        self.output("make", "-C", "/etc/mail", "sendmail.cf")
        started = self.front.host.run("sh", "-ec", RESTART)
        self.assertIn("milter.sock unsafe: Permission denied", started.stdout + started.stderr)
        self.assert_named("critical", "sockets", "the user smmta (RunAsUser) may not connect to unix:/run/connectord/milter")

    def test_a_socket_that_is_not_there(self):
        self.addCleanup(self.output, "mv", "/run/connectord/away", "/run/connectord/milter.sock")
        self.output("mv", "/run/connectord/milter.sock", "/run/connectord/away")
        self.assert_named("critical", "sockets", "does not answer at server.milter")


class DoctorOfMacros(DoctorScenario):
    def test_lists_of_macros_do_not_matter_since_connectord_asks_for_its_own(self):
        for value in ("", "r"):
            with self.subTest(value):
                self.add("".join(f"define(`confMILTER_MACROS_{stage}', `{value}')dnl\n"
                                 for stage in ("CONNECT", "HELO", "ENVFROM", "ENVRCPT", "EOM")))
                self.assertIn(f"\nO Milter.macros.helo{'=' + value if value else ''}\n", self.read(CF))
                self.assert_delivered(self.send("partner", "alice@contoso.com", certificate=PARTNER), "contoso")
                self.assert_well()

    def test_a_login_that_sendmail_cf_makes_up(self):
        self.change(r"\Z", "LOCAL_CONFIG\nD{auth_authen}joe\n")
        sent = self.send("partner", "alice@contoso.com", tls=False)
        self.assertEqual((sent.command, sent.reply.code), ("END", 250), sent.reply)
        trouble = self.assert_named("critical", "macros", "gives {auth_authen} a value for every client")
        self.change(r"^D\{auth_authen\}joe\n", "")
        self.mend(trouble["write"])
        self.assert_well()
        self.assert_refused(self.send("partner", "alice@contoso.com", tls=False), "550 5.7.10", "contoso")
