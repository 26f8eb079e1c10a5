"""Which way mail leaves: by domain, by tag, by MX; which host comes next; and what happens while nobody can say."""

from harness.daemon import connectorctl
from harness.dns_server import Nameserver
from harness.waiting import wait_until
from outbound import OutboundScenario, outbound
from scenario import PARTNER_ADDRESS

HYBRID = f"""
[[inbound]]
name = "hybrid"
scenario = "on-premises"
[inbound.identify]
client_networks = ["{PARTNER_ADDRESS}"]
"""


class SmartHosts(OutboundScenario):
    hosts = ("first", "second", "sixth", "all")
    addresses = {"sixth": ("::1", 0)}

    @classmethod
    def configuration(cls):
        return (outbound("contoso-out", "contoso.com", "*.contoso.com", hosts=(cls.at("first"), cls.at("second"))) +
                outbound("fabrikam-out", "fabrikam.com", hosts=(cls.at("sixth", "::1"),)) +
                outbound("all-out", "*", hosts=(cls.at("all"),)))

    def test_mail_goes_where_its_domain_says_and_our_own_stays(self):
        for recipient, sink in {"a@contoso.com": "first", "a@sub.contoso.com": "first", "a@CONTOSO.COM": "first",
                                "a@notcontoso.com": "all", "a@example.org": "all", "a@example.net": "default"}.items():
            with self.subTest(recipient):
                self.arrived(self.leave(recipient), sink)

    def test_an_ipv6_address_is_a_smart_host(self):
        self.arrived(self.leave("a@fabrikam.com"), "sixth")

    def test_the_next_host_is_taken_while_the_first_is_away_and_the_first_again_when_it_is_back(self):
        self.arrived(self.leave("a@contoso.com"), "first")
        self.sinks["first"].stop()
        self.arrived(self.leave("b@contoso.com"), "second")
        self.sinks["first"].come_back()
        self.arrived(self.leave("c@contoso.com"), "first")

    def test_recipients_of_one_message_each_go_their_own_way(self):
        token = self.leave("a@contoso.com", "a@example.org", "a@example.net")
        wait_until(lambda: len(self.site.arrivals(token)) == 3, "three copies")
        self.assertEqual({message.sink for message in self.site.arrivals(token)}, {"first", "all", "default"})


class Switching(OutboundScenario):
    """The socket's path is relative to Postfix's queue, as a chroot wants it."""

    hosts = ("smart",)
    parameters = {"transport_maps": "socketmap:unix:../../run/socketmap.sock:transport"}

    @classmethod
    def configuration(cls, enabled: str = "true"):
        return outbound("contoso-out", "contoso.com", hosts=(cls.at("smart"),), keys=f"enabled = {enabled}")

    def test_a_connector_that_is_switched_off_stops_routing_at_once_and_postfix_is_not_touched(self):
        self.arrived(self.leave("a@contoso.com"), "smart")
        self.reload(self.configuration("false"))
        self.arrived(self.leave("b@contoso.com"), "default")
        self.reload(self.configuration())
        self.arrived(self.leave("c@contoso.com"), "smart")


class ByTag(OutboundScenario):
    """Mail of the branch leaves through hosts of its own, whatever the destination's connector is."""

    hosts = ("tag-first", "tag-second", "contoso")

    @classmethod
    def configuration(cls):
        return (HYBRID + outbound("hybrid-out", "contoso.com", "example.org",
                                  hosts=(cls.at("tag-first"), cls.at("tag-second")),
                                  keys='inbound_connectors = ["hybrid"]\nsplit_recipients = true') +
                outbound("contoso-out", "contoso.com", hosts=(cls.at("contoso"),)))

    def send_from_branch(self, *recipients: str):
        return self.offer(*recipients, sender="someone@branch.example", source=PARTNER_ADDRESS,
                          headers=("X-Connector-Route: contoso-out", "X-Connector: hybrid"))

    def assert_replies(self, replies, *expected: str):
        self.assertEqual([f"{reply.code} {reply.enhanced}" for reply in replies], list(expected), replies)

    def test_a_tag_counts_before_the_domain_and_the_next_host_is_taken_along_it_too(self):
        token, _ = self.send_from_branch("a@contoso.com", "b@example.org")
        arrived = self.arrived(token, "tag-first")
        self.assertEqual((arrived.recipients, arrived.all("X-Connector-Route"), arrived.all("X-Connector")),
                         (["a@contoso.com", "b@example.org"], ["hybrid-out"], ["hybrid"]))
        self.sinks["tag-first"].stop()
        token, _ = self.send_from_branch("c@contoso.com")
        self.arrived(token, "tag-second")
        self.sinks["tag-first"].come_back()

    def test_mail_of_others_is_not_concerned_whatever_headers_it_has(self):
        token, _ = self.offer("a@contoso.com", headers=("X-Connector-Route: hybrid-out", "X-Connector: hybrid"))
        self.assertEqual(self.arrived(token, "contoso").all("X-Connector-Route"), [])

    def test_recipients_of_other_routes_and_our_own_are_sent_in_another_message(self):
        token, replies = self.send_from_branch("a@contoso.com", "b@fabrikam.com", "user@example.net", "c@example.org")
        self.assert_replies(replies, "250 2.1.5", "452 4.5.3", "452 4.5.3", "250 2.1.5")
        self.assertEqual(self.arrived(token, "tag-first").recipients, ["a@contoso.com", "c@example.org"])

    def test_a_message_that_begins_with_one_of_our_own_stays_here(self):
        token, replies = self.send_from_branch("user@example.net", "a@contoso.com")
        self.assert_replies(replies, "250 2.1.5", "452 4.5.3")
        self.assertEqual(self.arrived(token, "default").recipients, ["user@example.net"])


class ByMx(OutboundScenario):
    """DNS says that mx.contoso.com has Contoso's mail; main.cf, that a relay host has everybody's."""

    hosts = ("mx", "relay")
    addresses = {"mx": ("127.9.25.1", 25)}
    name_server = ("127.9.53.1", 53)
    parameters = {"smtp_dns_support_level": "enabled"}

    @classmethod
    def prepare(cls):
        zone = "contoso.com IN MX 10 mx.contoso.com\nmx.contoso.com IN A 127.9.25.1\n"
        nameserver = Nameserver(cls.site.workspace, zone, place=cls.name_server)
        cls.site.stack.callback(nameserver.stop)
        nameserver.start()
        cls.site.postfix.name_server = cls.name_server[0]
        cls.site.postfix.set(relayhost=f"[127.0.0.1]:{cls.sinks['relay'].port}", default_transport="smtp")

    @classmethod
    def configuration(cls):
        return outbound("contoso-out", "contoso.com", "nowhere.example", tls='level = "opportunistic"')

    def test_the_mx_of_the_domain_has_the_mail_and_no_relay_host(self):
        self.arrived(self.leave("a@contoso.com"), "mx")
        self.arrived(self.leave("a@fabrikam.com"), "relay")

    def test_a_level_counts_for_the_domain(self):
        self.addCleanup(self.reload, self.configuration())
        self.reload(outbound("contoso-out", "contoso.com", tls='level = "require"'))
        self.assert_waits("b@contoso.com", self.leave("b@contoso.com"), "TLS is required, but was not offered")


class StaticTables(OutboundScenario):
    """What `connectorctl maps` prints does as the socketmap does, as long as nothing changes."""

    hosts = ("contoso", "all", "tag")
    tables = {"transport_maps": ("texthash", "transport"), "smtp_tls_policy_maps": ("texthash", "tls_policy"),
              "milter_header_checks": ("regexp", "header_checks")}

    @classmethod
    def configuration(cls):
        return (HYBRID + outbound("contoso-out", "*.contoso.com", hosts=(cls.at("contoso"),)) +
                outbound("all-out", "*", hosts=(cls.at("all"),), tls='level = "require"') +
                outbound("hybrid-out", hosts=(cls.at("tag"),), keys='inbound_connectors = ["hybrid"]'))

    @classmethod
    def prepare(cls):
        cls.site.reconfigure(cls.configuration())
        parameters = {"smtp_sasl_password_maps": "", "smtp_sasl_auth_enable": "no"}
        for parameter, (kind, name) in cls.tables.items():
            file = cls.site.path / name
            file.write_text(connectorctl("maps", name, "--config", cls.site.connectord.config_file).stdout)
            parameters[parameter] = f"{kind}:{file}"
        cls.site.postfix.set(**parameters)

    def test_mail_goes_the_same_ways(self):
        for recipient, sink in {"a@contoso.com": "contoso", "a@sub.contoso.com": "contoso",
                                "a@example.net": "default"}.items():
            with self.subTest(recipient):
                self.arrived(self.leave(recipient), sink)
        self.arrived(self.leave("a@contoso.com", sender="b@branch.example", source=PARTNER_ADDRESS), "tag")
        self.assert_waits("a@example.org", self.leave("a@example.org"), "TLS is required, but was not offered")


class Away(OutboundScenario):
    hosts = ("smart",)

    @classmethod
    def configuration(cls):
        return outbound("contoso-out", "contoso.com", hosts=(cls.at("smart"),), tls='level = "opportunistic"')

    def test_mail_waits_while_nobody_can_say_where_it_goes(self):
        self.arrived(self.leave("a@contoso.com"), "smart")
        self.site.connectord.stop()
        self.site.postfix.sendmail(b"Subject: token-of-the-waiting\n\nHello.\n", "-f", "carol@example.net",
                                   "b@contoso.com")
        wait_until(lambda: self.site.postfix.log_lines("to=<b@contoso.com>.*status=deferred") or
                   self.site.postfix.log_lines("warning: .*socketmap"), "a deferral")
        self.assertEqual(self.site.postfix.queued(), 1)
        self.site.connectord.start()

        # Postfix holds on for half a minute to what it could not look up, and may be busy with the message when it is told.
        def has_arrived():
            self.site.postfix.run("postqueue", "-f")
            return self.site.arrivals("token-of-the-waiting")

        wait_until(has_arrived, "the message at the smart host", 90)
        self.arrived("token-of-the-waiting", "smart")
