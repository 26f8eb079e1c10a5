"""SPF (RFC 7208): who may send for a domain, as real records on a real DNS server say it."""

import time
from concurrent.futures import ThreadPoolExecutor

from authentication import OTHER_ADDRESS, SENDER_ADDRESS, AuthenticationScenario, checked_by, requiring
from harness.client import message
from harness.dns_server import silence, txt
from harness.sasl import AuthenticationServer, plain_login
from harness.site import SiteOptions
from harness.submission import new_token
from scenario import RECIPIENT, SiteScenario, submit

# Each name's record, and the result for mail from SENDER_ADDRESS.
RECORDS = {
    "ip4.example": (f"v=spf1 ip4:{SENDER_ADDRESS} -all", "pass"),
    "ip4-network.example": ("v=spf1 ip4:127.0.0.0/24 -all", "pass"),
    "ip4-everybody.example": ("v=spf1 ip4:203.0.113.0/0 -all", "pass"),
    "fail.example": ("v=spf1 ip4:203.0.113.7 -all", "fail"),
    "softfail.example": ("v=spf1 ip4:203.0.113.7 ~all", "softfail"),
    "neutral.example": ("v=spf1 ip4:203.0.113.7 ?all", "neutral"),
    "default.example": ("v=spf1 ip4:203.0.113.7", "neutral"),
    "a.example": ("v=spf1 a:host.example -all", "pass"),
    "a-network.example": ("v=spf1 a:neighbour.example/24 -all", "pass"),
    "mx.example": ("v=spf1 mx:hosts.example -all", "pass"),
    "ptr.example": ("v=spf1 ptr:host.example -all", "pass"),
    "include.example": ("v=spf1 include:ip4.example -all", "pass"),
    "include-fail.example": ("v=spf1 include:fail.example ~all", "softfail"),
    "redirect.example": ("v=spf1 redirect=fail.example", "fail"),
    "mechanisms-after-redirect.example": (f"v=spf1 redirect=fail.example ip4:{SENDER_ADDRESS}", "pass"),
    "exists.example": ("v=spf1 exists:%{ir}.%{v}._spf.exists.example -all", "pass"),
    "exists-by-user.example": ("v=spf1 exists:%{l}._user.exists.example -all", "pass"),
    "alias.example": (None, "pass"),
    "upper.example": (f"V=SPF1 IP4:{SENDER_ADDRESS} -ALL", "pass"),
    "long.example": ("v=spf1 " + "ip4:203.0.113.9 " * 100 + f"ip4:{SENDER_ADDRESS} -all", "pass"),
    "no-record.example": ("something else", "none"),
    "does-not-exist.example": (None, "none"),
    "similar-version.example": ("v=spf10 +all", "none"),
    "syntax.example": (f"v=spf1 ip4:{SENDER_ADDRESS} -all x:y", "permerror"),
    "syntax-after-match.example": ("v=spf1 +all ip4:300.1.2.3", "permerror"),
    "double-redirect.example": ("v=spf1 redirect=ip4.example redirect=ip4.example", "permerror"),
    "include-of-none.example": ("v=spf1 include:no-record.example -all", "permerror"),
    "redirect-to-none.example": ("v=spf1 redirect=no-record.example", "permerror"),
    "two-records.example": (None, "permerror"),
    "itself.example": ("v=spf1 include:itself.example -all", "permerror"),
    "eleven-terms.example": ("v=spf1 " + "a:neighbour.example " * 11 + "+all", "permerror"),
    "ten-terms.example": ("v=spf1 " + "a:neighbour.example " * 10 + "+all", "pass"),
    "three-voids.example": ("v=spf1 a:void1.example a:void2.example a:void3.example +all", "permerror"),
    "two-voids.example": ("v=spf1 a:void1.example a:void2.example +all", "pass"),
    "eleven-exchangers.example": ("v=spf1 mx:many.example +all", "permerror"),
    "failing.example": (None, "temperror"),
    "include-of-failing.example": ("v=spf1 include:failing.example -all", "temperror"),
    "loop.example": (None, "temperror"),
}

ZONE = "".join(txt(name, record) for name, (record, _) in RECORDS.items() if record) + f"""
host.example A {SENDER_ADDRESS}
host.example AAAA ::1
neighbour.example A 127.0.0.200
hosts.example MX 10 nobody.example
hosts.example MX 20 host.example
{"".join(f"many.example MX {n} host{n}.example" + chr(10) for n in range(11))}
5.0.0.127.in-addr.arpa PTR host.example
5.0.0.127.in-addr._spf.exists.example A 127.0.0.2
alice._user.exists.example A 127.0.0.2
a+b=c._user.exists.example A 127.0.0.2
alias.example CNAME ip4.example
loop.example CNAME loop2.example
loop2.example CNAME loop.example
two-records.example TXT "v=spf1 -all"
two-records.example TXT "v=spf1 +all"
ip6.example TXT "v=spf1 ip6:2001:db8:5::/48 -all"
explained.example TXT "v=spf1 -all exp=why.explained.example"
why.explained.example TXT "%{{i}} is none of ours; see http://%{{d}}/"
mail.helo.example TXT "v=spf1 ip4:{SENDER_ADDRESS} -all"
xn--bcher-kva.example TXT "v=spf1 ip4:{SENDER_ADDRESS} -all"
partner.example TXT "v=spf1 ip4:{SENDER_ADDRESS} -all"
"""

NO_DMARC = 'dkim = false\ndmarc = "off"\n'
FAILING = ("failing.example",)


class Records(AuthenticationScenario):
    options = checked_by(ZONE, NO_DMARC, failing=FAILING)

    def spf(self, mail_from: str, **options):
        return self.results(self.send(mail_from, **options))["spf"]

    def test_each_record_gives_the_result_that_the_rfc_names(self):
        with self.open(source=SENDER_ADDRESS, tls=False) as client:
            for domain, (record, result) in RECORDS.items():
                with self.subTest(domain, record=record):
                    sent = submit(client, f"alice@{domain}", author=f"alice@{domain}")
                    self.assertEqual(self.results(sent)["spf"].result, result)

    def test_a_result_says_whose_record_was_asked(self):
        spf = self.spf("alice@ip4.example", helo="mail.helo.example")
        self.assertEqual(spf["smtp.mailfrom"], "alice@ip4.example")

    def test_the_address_of_the_client_decides(self):
        self.assertEqual(self.spf("alice@ip4.example", source=OTHER_ADDRESS).result, "fail")

    def test_ipv6_clients_are_judged_by_ip6(self):
        self.assertEqual(self.spf("alice@ip6.example", address="2001:db8:5::25").result, "pass")
        self.assertEqual(self.spf("alice@ip6.example", address="2001:db8:6::25").result, "fail")
        self.assertEqual(self.spf("alice@a.example", source="::1").result, "pass")

    def test_an_internationalised_domain_is_asked_for_in_its_ascii_form(self):
        with self.open(source=SENDER_ADDRESS, tls=False) as client:
            self.assertEqual(client.mail("a@bücher.example", "SMTPUTF8").code, 250)
            client.rcpt(RECIPIENT)
            token = new_token()
            self.assertEqual(client.data(message(token)).code, 250)
        self.assertEqual(self.results_in(self.site.arrival(token))["spf"].result, "pass")

    def test_a_macro_may_make_a_name_that_no_host_has(self):
        self.assertEqual(self.spf("a+b=c@exists-by-user.example").result, "pass")
        self.assertEqual(self.spf("a+b=d@exists-by-user.example").result, "fail")

    def test_the_null_sender_is_judged_by_the_helo_name(self):
        spf = self.spf("", helo="mail.helo.example")
        self.assertEqual((spf.result, spf["smtp.helo"]), ("pass", "mail.helo.example"))
        self.assertEqual(self.spf("", helo="mail.helo.example", source=OTHER_ADDRESS).result, "fail")
        self.assertEqual(self.spf("", helo="[127.0.0.5]").result, "none")

    def test_a_failure_alone_refuses_nothing(self):
        self.arrived(self.send("alice@fail.example"))

    def test_each_message_of_a_connection_has_its_own_result(self):
        with self.open(source=SENDER_ADDRESS, tls=False) as client:
            results = [self.results(submit(client, f"a@{domain}"))["spf"].result
                       for domain in ("ip4.example", "fail.example", "ip4.example", "softfail.example")]
        self.assertEqual(results, ["pass", "fail", "pass", "softfail"])

    def test_a_permanent_error_says_what_is_wrong_with_the_record(self):
        self.assertNotEqual(self.spf("alice@syntax.example").reason, "")

    def test_the_log_has_the_result(self):
        for domain, result in (("ip4.example", "pass"), ("fail.example", "fail"), ("syntax.example", "permerror")):
            self.assertEqual(self.log_line(self.send(f"a@{domain}"))["spf"], result)

    def test_no_received_spf_unless_it_is_asked_for(self):
        self.assertEqual(self.arrived(self.send("alice@ip4.example")).all("Received-SPF"), [])

    def test_an_explanation_does_not_get_into_the_results(self):
        arrived = self.arrived(self.send("alice@explained.example"))
        self.assertEqual(self.results_in(arrived)["spf"].result, "fail")

    def test_mail_by_the_sendmail_command_is_not_judged(self):
        self.site.postfix.set(non_smtpd_milters="$smtpd_milters")
        self.site.postfix.reload()
        token = new_token()
        self.site.postfix.sendmail(message(token, author="a@fail.example"), "-f", "alice@fail.example", RECIPIENT)
        values = self.site.arrival(token).all("Authentication-Results")
        self.assertFalse(any("spf=" in value for value in values), values)


class ReceivedSpf(AuthenticationScenario):
    options = checked_by(ZONE, NO_DMARC + "received_spf = true\n", failing=FAILING)

    def test_it_is_inserted_with_result_and_key_value_pairs(self):
        for domain, result in (("ip4.example", "pass"), ("fail.example", "fail"), ("syntax.example", "permerror"),
                               ("failing.example", "temperror"), ("no-record.example", "none")):
            with self.subTest(domain):
                (value,) = self.arrived(self.send(f"alice@{domain}", helo="mail.helo.example")).all("Received-SPF")
                self.assertEqual(value.split()[0].lower(), result)
                for part in (f"client-ip={SENDER_ADDRESS}", "mail.helo.example", domain):
                    self.assertIn(part, value)

    def test_what_comes_from_outside_stays_inside_its_quotes(self):
        evil = '"a\\" result=pass; (x"@fail.example'
        (value,) = self.arrived(self.send(evil, author="a@fail.example", helo="x.example")).all("Received-SPF")
        self.assertEqual(value.split()[0].lower(), "fail")
        self.assertTrue(all(line[:1] in " \t" for line in value.split("\r\n")[1:]))


# libspf2 takes loopback addresses for ours, and lets them pass whatever the record says.
REMOTE_ADDRESS = "198.51.100.5"
REMOTE_ZONE = (ZONE.replace(SENDER_ADDRESS, REMOTE_ADDRESS).replace("5.0.0.127", "5.100.51.198")
               .replace("127.0.0.0/24", "198.51.100.0/24"))


class OtherEngine(AuthenticationScenario):
    """libspf2, on records where it is right."""

    options = checked_by(REMOTE_ZONE, NO_DMARC + 'spf_engine = "libspf2"\n', failing=FAILING)

    def test_plain_records_give_the_same_result(self):
        for domain in ("ip4.example", "ip4-network.example", "fail.example", "softfail.example", "neutral.example",
                       "default.example", "a.example", "mx.example", "include.example", "redirect.example",
                       "exists.example", "no-record.example", "two-records.example"):
            with self.subTest(domain):
                results = self.results(self.send(f"alice@{domain}", address=REMOTE_ADDRESS))
                self.assertEqual(results["spf"].result, RECORDS[domain][1])


    def test_many_sessions_at_once(self):
        domains = ["ip4.example", "fail.example", "a.example", "include.example"] * 4
        clients = [self.open(address=REMOTE_ADDRESS, tls=False) for _ in domains]
        with ThreadPoolExecutor(len(domains)) as pool:
            for _ in range(5):
                sent = list(pool.map(lambda client, domain: submit(client, f"a@{domain}", author=f"a@{domain}"),
                                     clients, domains))
                self.assertEqual([self.results(each)["spf"].result for each in sent],
                                 [RECORDS[domain][1] for domain in domains])


class Required(AuthenticationScenario):
    connectors = "".join(requiring(domain.removesuffix(".example"), domain, 'spf = "pass"')
                         for domain in ("partner.example", "softfail.example", "neutral.example", "no-record.example",
                                        "syntax.example", "failing.example", "unanswered.example"))
    options = checked_by(ZONE, NO_DMARC, failing=FAILING, faults={"unanswered.example": silence})

    def test_pass_is_let_in_and_tagged(self):
        self.assert_delivered(self.send("alice@partner.example"), "partner")

    def test_everything_else_is_refused_at_the_end_of_the_message(self):
        self.assert_refused_at_end(self.send("alice@partner.example", source=OTHER_ADDRESS), "550 5.7.23", "partner",
                                   "SPF")
        for name in ("softfail", "neutral", "no-record", "syntax"):
            with self.subTest(name):
                self.assert_refused_at_end(self.send(f"alice@{name}.example"), "550 5.7.23", name)

    def test_what_dns_cannot_tell_now_is_deferred(self):
        self.assert_refused_at_end(self.send("alice@failing.example"), "451 4.7.24", "failing")
        start = time.monotonic()
        self.assert_refused_at_end(self.send("alice@unanswered.example"), "451 4.7.24", "unanswered")
        self.assertLess(time.monotonic() - start, 5)

    def test_another_domains_mail_is_not_asked(self):
        self.arrived(self.send("alice@fail.example"))

    def test_the_log_and_its_finding_say_why(self):
        sent = self.send("alice@softfail.example")
        line = self.site.connectord.wait_for_log(r"action=reject.*softfail")
        self.assertIn("require.spf", line, str(sent.reply))


class Submissions(SiteScenario):
    """Mail of our own users: nobody asks whether their laptop may send for our domain."""

    connectors = ""

    @classmethod
    def setUpClass(cls):
        cls.options = SiteOptions(zone=ZONE, authentication='dmarc = "enforce"\n')
        super().setUpClass()
        server = AuthenticationServer(cls.site.path / "auth.sock")
        server.start()
        cls.addClassCleanup(server.stop)
        cls.site.postfix.set(**server.postfix_parameters())
        cls.site.postfix.reload()

    def test_authenticated_mail_is_not_judged(self):
        with self.open(source=OTHER_ADDRESS, tls=False) as client:
            self.assertEqual(client.command(f"AUTH {plain_login('alice')}").code, 235)
            arrived = self.assert_delivered(submit(client, "alice@fail.example", author="alice@fail.example"), None)
        values = arrived.all("Authentication-Results")
        self.assertFalse(any("spf=" in value or "dmarc=" in value for value in values), values)
