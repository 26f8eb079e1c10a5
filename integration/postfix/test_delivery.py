"""[delivery]: what destinations publish about their TLS counts where no outbound connector takes the mail.

Each destination NAME.example has one host, mail.NAME.example, and says of itself, by TLSA records in a signed zone or by
a policy of MTA-STS from a web server, what its name says here.
"""

import http.server
import json
import threading
import time

from api_scenario import ApiHost, server_lines
from harness.certificates import CertificateStore
from harness.daemon import connectorctl
from harness.dns_server import FaultyNameserver, silence, slow
from harness.dnssec import SignedNameserver, ValidatingResolver
from harness.openapi import Description
from harness.sink import server_context
from harness.site import SiteOptions
from harness.waiting import wait_until
from outbound import OutboundScenario, offer, outbound
from test_outbound_dane import tlsa

POLICY = "version: STSv1\r\nmode: {mode}\r\nmx: {mx}\r\nmax_age: {age}\r\n"
ENFORCED = "enforced", "wildcard", "mismatch", "cleartext", "expired-certificate", "slow", "ends"
UNUSABLE = "redirect", "huge", "lying", "not-found", "html", "wrong-web", "garbage"
DANE = "dane-right", "dane-wrong", "dane-rolled", "dane-forged"
CONNECTORS = "must", "must-have"


class PolicyServer(http.server.ThreadingHTTPServer):
    """The web server of all domains. Each answers as its name says; the others have a policy."""

    daemon_threads = True
    released = threading.Event()  # for the slow one
    asked: list[str] = []
    modes: dict[str, str] = {}
    ages: dict[str, int] = {}
    gone: set[str] = set()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            domain = self.headers["Host"].removeprefix("mta-sts.")
            name = domain.removesuffix(".example")
            self.server.asked.append(name)
            mx = f"*.{domain}" if name == "wildcard" else f"mail.{domain}"
            body = POLICY.format(mode=self.server.modes.get(name, "enforce"), mx=mx, age=self.server.ages.get(name, 86400))
            status, kind, length = 200, "text/plain", len(body)
            if name == "redirect":
                status = 301
            elif name == "not-found" or name in self.server.gone:
                status = 404
            elif name == "html":
                kind = "text/html"
            elif name == "garbage":
                body = "<policy/>"
                length = len(body)
            elif name == "huge":
                body += "x" * 1_000_000
                length = len(body)
            elif name == "lying":
                length = 4_000_000_000
            elif name == "slow":
                self.server.released.wait(60)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(length))
            self.send_header("Location", "https://mta-sts.enforced.example/.well-known/mta-sts.txt")
            self.end_headers()
            try:
                self.wfile.write(body.encode())
            except OSError:
                pass  # the client has seen enough

        def log_message(self, *_):
            pass

    def handle_error(self, *_):
        pass


class DeliveryScenario(OutboundScenario):
    """Has a Postfix that sends by MX, a resolver that validates, and a web server."""

    place = 3  # in its addresses: modules run at the same time, and these ports are the usual ones
    options = SiteOptions(launch=False)
    parameters = {"smtp_dns_support_level": "dnssec", "smtp_host_lookup": "dns", "default_transport": "smtp",
                  "smtp_tls_security_level": "may", "smtp_tls_mandatory_protocols": ">=TLSv1.2"}

    @classmethod
    def setUpClass(cls):
        cls.resolver_address, cls.web_address = f"127.9.53.{cls.place}", f"127.9.80.{cls.place}"
        cls.addresses = {name: (f"127.9.{23 + cls.place}.{number}", 25) for number, name in enumerate(cls.hosts, 2)}
        super().setUpClass()
        cls.start_connectord()

    @classmethod
    def trusting(cls):
        """The environment of a program that believes the web server's certificates."""
        return {"SSL_CERT_FILE": str(cls.site.certificates["authority"].file)}

    @classmethod
    def start_connectord(cls):
        cls.site.connectord.start(cls.trusting())

    @classmethod
    def prepare(cls):
        store = CertificateStore(cls.site.path / "certificates")
        authority = cls.site.certificates["authority"]
        cls.shown = store.self_signed("shown", "any name")
        cls.other = store.self_signed("other", "any name")
        for name, sink in cls.sinks.items():
            cls.equip(name, sink, store, authority)
        names = tuple(f"mta-sts.{name}.example" for name in cls.hosts if name != "wrong-web")
        PolicyServer.asked.clear()
        cls.web = PolicyServer((cls.web_address, 443), PolicyServer.Handler, bind_and_activate=True)
        certificate = store.issued("web", authority, "web", alternative_names=names)
        cls.web.socket = server_context(certificate).wrap_socket(cls.web.socket, server_side=True,
                                                                 do_handshake_on_connect=False)
        threading.Thread(target=cls.web.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        cls.site.stack.callback(cls.web.server_close)
        cls.site.stack.callback(cls.web.shutdown)
        nameserver = SignedNameserver(cls.site.workspace, cls.zone(), {}, cls.forge)
        resolver = ValidatingResolver(cls.site.workspace, nameserver, (cls.resolver_address, 53))
        for server in (nameserver, resolver):
            cls.site.stack.callback(server.stop)
            server.start()
        cls.nameserver = nameserver
        cls.site.postfix.name_server = cls.resolver_address
        cls.site.postfix.set(smtp_tls_CAfile=str(authority.file))

    @classmethod
    def equip(cls, name, sink, store, authority):
        """With a certificate as the name says."""
        if name.startswith("dane-"):
            offer(sink, cls.shown)
        elif name == "mismatch":
            offer(sink, store.issued(name, authority, "x", alternative_names=("mail.elsewhere.example",)))
        elif name == "expired-certificate":
            offer(sink, store.expired(name, authority, "x", (f"mail.{name}.example",)))
        elif name in (*ENFORCED, *CONNECTORS) and name not in ("cleartext", "ends"):
            offer(sink, store.issued(name, authority, "x", alternative_names=(f"mail.{name}.example",)))

    @classmethod
    def zone(cls):
        lines = []
        for name in cls.hosts:
            domain = f"{name}.example"
            lines += [f"{domain}. IN MX 10 mail.{domain}.", f"mail.{domain}. IN A {cls.addresses[name][0]}",
                      f"mta-sts.{domain}. IN A {cls.web_address}"]
            if cls.has_policy(name):
                lines.append(f'_mta-sts.{domain}. 5 IN TXT "v=STSv1; id=1;"')
        return "\n".join(lines) + "\n" + cls.records()

    @classmethod
    def has_policy(cls, name):
        return name not in ("plain", "dane-rolled")

    @classmethod
    def records(cls):
        keys = {"dane-right": [cls.shown], "dane-wrong": [cls.other], "dane-rolled": [cls.other, cls.shown],
                "dane-forged": [cls.other]}
        return "".join(tlsa(f"mail.{name}.example", 25, key.public_key_fingerprint)
                       for name in cls.hosts for key in keys.get(name, []))

    @classmethod
    def forge(cls, zone):
        return zone

    @classmethod
    def configuration(cls):
        return (f'[dns]\nservers = ["{cls.resolver_address}"]\n[delivery]\ndane = true\nmta_sts = true\n'
                f'state = "{cls.site.path}/sts"\n[validation]\nenabled = false\nstate = "{cls.site.path}/validation"\n'
                'private_networks = ["127.0.0.0/8"]\n')

    def deliver(self, name, tls="TLSv1.3"):
        self.assertEqual(self.arrived(self.leave(f"user@{name}.example"), name).tls_version, tls)

    def verified(self, name):
        return self.site.postfix.log_lines(rf"Verified TLS connection established to mail\.{name}\.example")

    def shown_by_command(self, domain):
        done = connectorctl("delivery", "show", domain, "--json", "--config", self.site.connectord.config_file,
                            environment=self.trusting())
        self.assertEqual(done.status, 0, done.stderr)
        return json.loads(done.stdout)["next_hops"][0]


class Published(DeliveryScenario):
    """Servers of every kind, and Postfix's own level is `may`."""

    hosts = ("plain", "testing", *ENFORCED, *UNUSABLE, *DANE)
    options = SiteOptions(launch=False, trace='mail_log = "PATH/postfix/mail.log"')

    @classmethod
    def start_connectord(cls):
        file = cls.site.connectord.config_file
        cls.site.connectord.write_configuration(
            file.read_text().replace("[server]\n", f"[server]\n{server_lines(cls.site.path)}\n"))
        cls.api = ApiHost(cls.site, cls.trusting()).client("read")

    @classmethod
    def setUpClass(cls):
        PolicyServer.modes = {"testing": "testing"}
        PolicyServer.ages = {"ends": 3}
        PolicyServer.gone = set()
        PolicyServer.released.clear()
        super().setUpClass()

    @classmethod
    def forge(cls, zone):
        """A record is changed, after which its signature is another one's."""
        digests = [key.public_key_fingerprint.rpartition(":")[2] for key in (cls.other, cls.shown)]
        return "".join(line.replace(*digests) if "._tcp.mail.dane-forged.example.\t" in line else line
                       for line in zone.splitlines(keepends=True))

    def test_mail_goes_where_the_certificate_is_what_the_policy_asks_for(self):
        for name in ("enforced", "wildcard"):
            with self.subTest(name):
                self.deliver(name)
                self.assertTrue(self.verified(name), self.site.postfix.log())

    def test_mail_waits_where_a_policy_is_not_fulfilled(self):
        for name, words in {"mismatch": "Server certificate not verified",
                            "expired-certificate": "Server certificate not verified",
                            "cleartext": "TLS is required, but was not offered"}.items():
            with self.subTest(name):
                recipient = f"user@{name}.example"
                self.assert_waits(recipient, self.leave(recipient), words)

    def test_main_cf_decides_where_nothing_that_counts_is_published(self):
        for name in ("plain", "testing", *UNUSABLE):
            with self.subTest(name):
                self.deliver(name, tls=None)
        self.site.connectord.wait_for_log("an MTA-STS policy, domain=testing.example, mode=testing")
        for name, reason in {"redirect": "HTTP status 301", "not-found": "HTTP status 404", "html": "not text/plain",
                             "huge": "body limit exceeded", "lying": "body limit exceeded",
                             "wrong-web": "the certificate is for", "garbage": "it has no version"}.items():
            with self.subTest(name):
                self.site.connectord.wait_for_log(f"cannot be had, domain={name}.example, reason=.*{reason}")

    def test_records_count_before_the_policy(self):
        """The hosts' certificates are self-signed, so the policies that are there too could never be fulfilled."""
        for name in ("dane-right", "dane-rolled"):
            with self.subTest(name):
                self.deliver(name)
                self.assertTrue(self.verified(name), self.site.postfix.log())
        self.assert_waits("user@dane-wrong.example", self.leave("user@dane-wrong.example"),
                          "Server certificate not verified")
        self.assertNotIn("dane-right", self.web.asked)

    def test_mail_waits_where_dnssec_does_not_hold(self):
        recipient = "user@dane-forged.example"
        token = self.leave(recipient)
        wait_until(lambda: self.site.postfix.log_lines(f"to=<{recipient}>.*status=deferred"), "a deferral")
        self.assertEqual(self.site.arrivals(token), [])

    def test_a_web_server_that_is_slow_keeps_its_own_mail_waiting_and_nobody_elses(self):
        slow = self.leave("user@slow.example")
        wait_until(lambda: "slow" in self.web.asked, "the question for the policy")
        begun = time.monotonic()
        self.deliver("plain", tls=None)
        self.assertLess(time.monotonic() - begun, 4)
        wait_until(lambda: self.site.postfix.log_lines("to=<user@slow.example>.*status=deferred"), "a deferral")
        self.assertEqual(self.site.arrivals(slow), [])
        self.web.released.set()
        self.assertEqual(self.arrived(slow, "slow").tls_version, "TLSv1.3")
        self.assertTrue(self.verified("slow"))

    def test_a_policy_is_followed_to_its_end_and_no_longer(self):
        recipient = "user@ends.example"
        token = self.leave(recipient)
        self.assert_waits(recipient, token, "TLS is required, but was not offered")
        self.web.gone.add("ends")

        def arrivals():
            # Postfix leaves a message for minutes that is tried again just while its last try ends.
            self.site.postfix.run("postqueue", "-f")
            return self.site.arrivals(token)

        self.assertIsNone(wait_until(arrivals, "the end of the policy")[0].tls_version)

    def test_the_command_says_what_counts_and_why(self):
        self.deliver("enforced")
        shown = self.shown_by_command("enforced.example")
        self.assertEqual((shown["by"], shown["policy"]),
                         ("mta-sts", "secure match=mail.enforced.example servername=hostname"))
        self.assertEqual(shown["dane"]["state"], "absent")
        self.assertEqual(shown["mta_sts"]["policy"]["mode"], "enforce")
        self.assertEqual(self.shown_by_command("dane-right.example")["policy"], "dane-only")
        self.assertEqual(self.shown_by_command("dane-forged.example")["by"], "wait")
        tested = self.shown_by_command("user@testing.example")
        self.assertEqual((tested["by"], tested["policy"]), ("nothing", "as the mail server has it"))
        self.assertIn("mode testing", tested["why"])

    def explained(self, *options):
        done = connectorctl("explain", "--client-ip", "127.0.0.1", "--mail-from", "carol@example.net", "--rcpt-to",
                            "user@enforced.example", "--sasl-username", "carol", "--config",
                            self.site.connectord.config_file, *options, environment=self.trusting())
        self.assertEqual(done.status, 0, done.stderr)
        return done.stdout

    def test_explain_says_it_too(self):
        self.assertIn("TLS to enforced.example: secure match=mail.enforced.example servername=hostname; the MTA-STS "
                      "policy of enforced.example is enforced", self.explained())
        expected = [{"next_hop": "enforced.example", "connector": None,
                     "policy": "secure match=mail.enforced.example servername=hostname", "by": "mta-sts",
                     "why": "the MTA-STS policy of enforced.example is enforced"}]
        self.assertEqual(json.loads(self.explained("--json"))["routes"][0]["next_hops"], expected)

    def test_the_api_explains_what_mail_would_get(self):
        recipients = ["user@enforced.example", "user@dane-right.example", "user@dane-forged.example", "user@plain.example"]
        path = "/api/exchange/explain"
        answer = self.api.request("POST", path, {"client_ip": "127.0.0.1", "mail_from": "carol@example.net",
                                                 "sasl_username": "carol", "rcpt_to": recipients})
        self.assertEqual(answer.status, 200, str(answer))
        Description(self.api.request("GET", "/api/openapi.json").json).check("POST", path, answer)
        hops = [route["next_hops"][0] for route in answer.json["routes"]]
        self.assertEqual([(hop["by"], hop["policy"]) for hop in hops],
                         [("mta-sts", "secure match=mail.enforced.example servername=hostname"), ("dane", "dane-only"),
                          ("wait", "mail waits"), ("nothing", "as the mail server has it")])

    def test_the_trace_says_by_what_a_delivery_was_protected(self):
        for name, words, protection in (
                ("enforced", "secured by the MTA-STS policy of the destination", "mta-sts"),
                ("dane-right", "secured by DANE", "dane"),
                ("testing", "the log tells of none", None)):
            with self.subTest(name):
                recipient = f"user@{name}.example"
                self.site.arrival(self.leave(recipient))
                found = wait_until(lambda: self.site.trace("--recipient", recipient, "--status", "delivered"), "a row")
                story = connectorctl("trace", "show", str(found[0]["id"]), "--config", self.site.connectord.config_file)
                self.assertIn(words, story.stdout)
                attempts = self.api.request("GET", f"/api/exchange/messagetrace/{found[0]['id']}")
                Description(self.api.request("GET", "/api/openapi.json").json).check(
                    "GET", "/api/exchange/messagetrace/1", attempts)
                self.assertEqual(attempts.json["attempts"][-1]["protection"], protection)
        report = connectorctl("trace", "report", "--by", "protection", "--json", "--config",
                              self.site.connectord.config_file)
        counted = {line["group"]: line["messages"] for line in json.loads(report.stdout)["volumes"]}
        self.assertGreaterEqual(counted["mta-sts"], 1)
        self.assertGreaterEqual(counted["dane"], 1)

    def test_check_and_doctor_see_whether_the_resolver_validates(self):
        other = self.site.path / "other.toml"
        text = self.site.connectord.config_file.read_text()
        other.write_text(text.replace(f'servers = ["{self.resolver_address}"]', f'servers = ["{self.nameserver.endpoint}"]'))
        for file, is_well in ((self.site.connectord.config_file, True), (other, False)):
            with self.subTest(is_well=is_well):
                found = connectorctl("doctor", "--config", file, "--postfix-config", self.site.postfix.configuration)
                self.assertEqual("does not validate DNSSEC" not in found.stdout, is_well, found.stdout)
                checked = connectorctl("check", "--config", file)
                self.assertEqual(checked.status, 0, checked.stderr)
                self.assertEqual("does not validate DNSSEC" not in checked.stdout + checked.stderr, is_well)


class DnsTrouble(DeliveryScenario):
    """connectord's own DNS is slow about one policy's record, and silent about another's."""

    hosts = ("enforced", "wildcard", "plain")

    @classmethod
    def prepare(cls):
        PolicyServer.modes, PolicyServer.ages, PolicyServer.gone = {}, {}, set()
        super().prepare()
        cls.faulty = FaultyNameserver(cls.nameserver.port, {"_mta-sts.enforced.example": slow(2),
                                                            "_mta-sts.wildcard.example": silence})
        cls.faulty.start()
        cls.site.stack.callback(cls.faulty.stop)

    @classmethod
    def configuration(cls):
        return (super().configuration().replace(cls.resolver_address, cls.faulty.endpoint).replace("dane = true", "")
                .replace("[delivery]", 'timeout = "4s"\n[delivery]'))

    def test_mail_waits_for_a_slow_answer_and_nobody_elses_does(self):
        begun = time.monotonic()
        token = self.leave("user@enforced.example")
        self.deliver("plain", tls=None)
        self.assertLess(time.monotonic() - begun, 2)
        self.assertEqual(self.arrived(token, "enforced").tls_version, "TLSv1.3")
        self.assertTrue(self.verified("enforced"))

    def test_mail_is_deferred_while_there_is_no_answer(self):
        recipient = "user@wildcard.example"
        token = self.leave(recipient)
        wait_until(lambda: self.site.postfix.log_lines(f"to=<{recipient}>.*status=deferred"), "a deferral")
        self.assertEqual(self.site.arrivals(token), [])
        del self.faulty.faults["_mta-sts.wildcard.example"]
        self.site.postfix.run("postqueue", "-f")
        self.assertEqual(self.arrived(token, "wildcard", timeout=60).tls_version, "TLSv1.3")
        self.assertTrue(self.verified("wildcard"))


class KeptPolicies(DeliveryScenario):
    """What was fetched once counts over a restart, with the web server gone."""

    hosts = ("cleartext", "plain")

    def test_a_restart_forgets_no_policy(self):
        PolicyServer.modes, PolicyServer.ages, PolicyServer.gone = {}, {}, set()
        recipient = "user@cleartext.example"
        self.assert_waits(recipient, self.leave(recipient), "TLS is required, but was not offered")
        self.site.connectord.stop()
        self.web.gone.add("cleartext")
        asked = len(self.web.asked)
        self.start_connectord()
        before = len(self.site.postfix.log_lines(f"to=<{recipient}>.*TLS is required, but was not offered"))
        self.site.postfix.reload()

        def is_tried_again() -> bool:
            # More than once: what the queue manager meets while it is still being delivered waits for a minute.
            self.site.postfix.run("postqueue", "-f")
            return len(self.site.postfix.log_lines(f"to=<{recipient}>.*TLS is required, but was not offered")) > before

        wait_until(is_tried_again, "another try")
        self.assertEqual(self.web.asked[asked:], [])


class Connectors(DeliveryScenario):
    """An outbound connector's own level counts before, and it may ask for more, or for nothing."""

    hosts = ("must", "must-have", "plain", "opted-out", "cleartext", "dane-right")

    @classmethod
    def setUpClass(cls):
        PolicyServer.modes, PolicyServer.ages, PolicyServer.gone = {}, {}, {"must-have"}
        super().setUpClass()

    @classmethod
    def configuration(cls):
        return super().configuration() + (
            outbound("must", "must.example", tls='level = "sts"') +
            outbound("must-have", "must-have.example", tls='level = "sts"') +
            outbound("plain", "plain.example", tls='dane = "mandatory"') +
            outbound("opted-out", "opted-out.example", tls='mta_sts = "none"') +
            outbound("dane-right", "dane-right.example", tls='level = "require"\ndane = "none"\nmta_sts = "none"'))

    def test_a_policy_that_must_be_there_counts_and_mail_waits_without_one(self):
        self.deliver("must")
        self.assertTrue(self.verified("must"))
        recipient = "user@must-have.example"
        token = self.leave(recipient)
        wait_until(lambda: self.site.postfix.log_lines(f"to=<{recipient}>.*status=deferred"), "a deferral")
        self.assertEqual(self.site.arrivals(token), [])
        self.assertEqual(self.shown_by_command("must-have.example")["by"], "wait")

    def test_records_that_must_be_there_are_waited_for(self):
        self.assert_waits("user@plain.example", self.leave("user@plain.example"), "no TLSA records found")

    def test_who_opts_out_goes_by_the_level_alone(self):
        self.deliver("opted-out", tls=None)
        self.deliver("dane-right")
        self.assertEqual(self.verified("dane-right"), [])
        shown = self.shown_by_command("dane-right.example")
        self.assertEqual((shown["connector"], shown["policy"], shown["by"]), ("dane-right", "encrypt", "nothing"))

    def test_mail_of_no_connector_goes_as_delivery_says(self):
        recipient = "user@cleartext.example"
        self.assert_waits(recipient, self.leave(recipient), "TLS is required, but was not offered")

    def test_list_shows_what_a_connector_makes_of_it(self):
        listed = connectorctl("list", "--config", self.site.connectord.config_file).stdout
        self.assertIn("sts", listed)
        self.assertIn("dane mandatory", listed)
        self.assertIn("mta_sts none", listed)
