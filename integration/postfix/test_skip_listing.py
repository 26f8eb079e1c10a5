"""Enhanced filtering: mail that comes through a gateway is judged by who handed it to the gateway."""

from authentication import AuthenticationScenario, checked_by, connector, requiring
from harness.dns_server import txt
from harness.sink import Message
from scenario import Sent, submit

GATEWAY = "192.0.2.10"          # of the site's own service provider: connects to us
INNER_GATEWAY = "192.0.2.77"    # stands before it, and is in the same listed network
OTHER_GATEWAY = "192.0.2.200"   # not listed
CLIENT = "203.0.113.7"          # may send for sender.example
STRANGER = "198.51.100.66"      # may not
CLIENT_V6 = "2001:db8:7::25"
PRIVATE = "10.1.2.3"

ZONE = "".join([
    txt("sender.example", f"v=spf1 ip4:{CLIENT} ip6:{CLIENT_V6} -all"),
    txt("_dmarc.sender.example", "v=DMARC1; p=reject"),
    txt("partner.example", f"v=spf1 ip4:{CLIENT} -all"),
    txt("mail.sender.example", f"v=spf1 ip4:{CLIENT} -all"),
])


def gateway(name: str, address: str, *filtering: str, lines: tuple[str, ...] = ()) -> str:
    return (connector(name, f'client_networks = ["{address}"]', *lines)
            .replace('"partner"', '"internet"') + "\n".join(["[inbound.enhanced_filtering]", *filtering, ""]))


GATEWAYS = (
    gateway("gateway", GATEWAY, 'skip_networks = ["192.0.2.0/25"]', "skip_spam_filtering = true") +
    gateway("last", "192.0.2.201", "skip_last = true") +
    gateway("pilot", "192.0.2.202", "skip_last = true", 'recipients = ["user@example.net", "pilot@example.net"]') +
    gateway("trusted", "192.0.2.203", "skip_last = true", lines=("trusted_path = true",)) +
    gateway("v6", "2001:db8:1::10", 'skip_networks = ["2001:db8:1::/64"]') +
    gateway("inside", "192.0.2.204", 'skip_networks = ["192.0.2.204"]') +
    requiring("partner", "partner.example", 'spf = "pass"')
)

# How the gateway's own MTA writes down who connected to it.
STYLES = {
    "Postfix": "from mail.sender.example (mail.sender.example [{client}])\r\n\tby gw.example.net (Postfix) with ESMTPS"
               " id 4Vx1yz0000z9X\r\n\tfor <user@example.net>; Sat, 21 Nov 2026 10:00:00 +0000 (UTC)",
    "Postfix, no name": "from mail.sender.example (unknown [{client}])\r\n\t(using TLSv1.3 with cipher"
                        " TLS_AES_256_GCM_SHA384 (256/256 bits))\r\n\t(No client certificate requested)\r\n\tby"
                        " gw.example.net (Postfix) with ESMTPS id 4Vx1; Sat, 21 Nov 2026 10:00:00 +0000",
    "Sendmail": "from mail.sender.example (mail.sender.example [{client}])\r\n\tby gw.example.net (8.17.1/8.17.1) with"
                " ESMTPS id 6ALA0001\r\n\t(version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 bits=256 verify=NO)\r\n\tfor"
                " <user@example.net>; Sat, 21 Nov 2026 10:00:00 GMT",
    "Sendmail, forged name": "from mail.sender.example (host.example.org [{client}] (may be forged))\r\n\tby"
                             " gw.example.net (8.17.1/8.17.1) with ESMTP id 6ALA0001; Sat, 21 Nov 2026 10:00:00 GMT",
    "Exim": "from mail.sender.example ([{client}])\r\n\tby gw.example.net with esmtps (TLS1.3) tls"
            " TLS_AES_256_GCM_SHA384\r\n\t(Exim 4.96)\r\n\t(envelope-from <alice@sender.example>)\r\n\tid"
            " 1r5abc-0001Xy-2Z\r\n\tfor user@example.net; Sat, 21 Nov 2026 10:00:00 +0000",
    "Exim, name known": "from mail.sender.example ([{client}] helo=mail.sender.example)\r\n\tby gw.example.net with"
                        " esmtp (Exim 4.96) id 1r5abc-0001Xy-2Z; Sat, 21 Nov 2026 10:00:00 +0000",
    "Exchange": "from mail.sender.example ({client}) by\r\n gw01.mail.protection.example.net (192.0.2.10) with"
                " Microsoft SMTP\r\n Server (version=TLS1_3, cipher=TLS_AES_256_GCM_SHA384) id 15.20.7000.1\r\n via"
                " Frontend Transport; Sat, 21 Nov 2026 10:00:00 +0000",
    "Proofpoint": "from mail.sender.example (mail.sender.example [{client}])\r\n\tby mx0a-00000000.pphosted.example"
                  " (PPS) with ESMTPS id 3uabc1234-1\r\n\t(version=TLSv1.2 cipher=ECDHE-RSA-AES256-GCM-SHA384 bits=256"
                  " verify=NOT)\r\n\tfor <user@example.net>; Sat, 21 Nov 2026 10:00:00 +0000 (GMT)",
    "Google": "from mail.sender.example (mail.sender.example. [{client}])\r\n        by mx.google.example with ESMTPS"
              " id d2e1a72fcca58-6c3\r\n        for <user@example.net>\r\n        (version=TLS1_3"
              " cipher=TLS_AES_256_GCM_SHA384 bits=256/256);\r\n        Sat, 21 Nov 2026 02:00:00 -0800 (PST)",
    "Mimecast": "from mail.sender.example (mail.sender.example\r\n [{client}]) by relay.mimecast.example with ESMTP"
                " with STARTTLS\r\n (version=TLSv1.3, cipher=TLS_AES_256_GCM_SHA384) id\r\n eu-mta-1-abc-1; Sat, 21 Nov"
                " 2026 10:00:00 +0000",
}

FORGED = ("X-Connector-Original-Client: 203.0.113.7", "x-connector-original-client:\r\n 203.0.113.7",
          "X-Connector-Skip-Spam-Filtering: yes", "X-CONNECTOR-SKIP-SPAM-FILTERING: no",
          "X-Connector-Quarantine: forged")


def received(client: str, style: str = "Postfix") -> str:
    text = STYLES[style].format(client=client)
    # Postfix and Sendmail write IPv6: before an IPv6 address, Exchange and Exim do not.
    if ":" in client and style in ("Postfix", "Sendmail"):
        text = text.replace(f"[{client}]", f"[IPv6:{client}]")
    return f"Received: {text}"


class SkipListing(AuthenticationScenario):
    connectors = GATEWAYS
    options = checked_by(ZONE)

    def through(self, *hops: str, address: str = GATEWAY, mail_from: str = "alice@sender.example", **options) -> Sent:
        """Mail that the host at `address` hands over, with these headers on top."""
        return self.send(mail_from, address=address, **{"headers": hops, **options})

    def assert_judged(self, sent: Sent, spf: str, client: str | None, name: str | None = None) -> Message:
        """Delivered with this result of SPF, and with this original client in header and log."""
        arrived = self.arrived(sent)
        self.assertEqual(self.results_in(arrived)["spf"].result, spf)
        self.assertEqual(arrived.all("X-Connector-Original-Client"), [client] if client else [])
        self.assertEqual(self.log_line(sent).all("original_client"), [client] if client else [])
        if name:
            self.assertEqual(arrived.all("X-Connector"), [name])
        return arrived

    def test_mail_straight_from_the_sender_passes_as_ever(self):
        self.assert_judged(self.send("alice@sender.example", address=CLIENT), "pass", None)

    def test_mail_through_the_gateway_is_judged_by_its_original_client(self):
        for style in STYLES:
            with self.subTest(style):
                arrived = self.assert_judged(self.through(received(CLIENT, style)), "pass", CLIENT, "gateway")
                self.assertEqual(self.results_in(arrived)["dmarc"].result, "pass")

    def test_a_forged_sender_is_refused_behind_the_gateway_too(self):
        for style in STYLES:
            with self.subTest(style):
                self.assert_refused_at_end(self.through(received(STRANGER, style)), "550 5.7.1", "sender.example")

    def test_without_skip_listing_the_gateway_would_be_blamed(self):
        self.assert_refused_at_end(self.through(received(CLIENT), address=OTHER_GATEWAY), "550 5.7.1", "sender.example")

    def test_ipv6_clients_and_gateways(self):
        for style in ("Postfix", "Exchange", "Sendmail", "Proofpoint", "Exim"):
            with self.subTest(style):
                self.assert_judged(self.through(received(CLIENT_V6, style)), "pass", CLIENT_V6)
        self.assert_judged(self.through(received(CLIENT), address="2001:db8:1::10"), "pass", CLIENT, "v6")

    def test_listed_and_private_hops_are_skipped(self):
        for case, hops in {
            "another gateway of ours": (received(INNER_GATEWAY), received(CLIENT)),
            "a private address": (received(PRIVATE), received(CLIENT)),
            "shared address space": (received("100.64.1.2"), received(CLIENT)),
            "loopback": (received("127.0.0.1"), received(CLIENT)),
            "all of them": (received("127.0.0.1"), received(INNER_GATEWAY), received(PRIVATE), received("192.168.7.7"),
                            received(INNER_GATEWAY, "Exchange"), received(CLIENT, "Exim")),
            "handed on inside the host": ("Received: by gw.example.net (Postfix, from userid 1000)\r\n\tid 4Vx1;"
                                          " Sat, 21 Nov 2026 10:00:00 +0000", received(CLIENT)),
        }.items():
            with self.subTest(case):
                self.assert_judged(self.through(*hops), "pass", CLIENT)

    def test_the_search_ends_at_the_first_host_that_is_not_ours(self):
        sent = self.through(received(STRANGER), received(INNER_GATEWAY), received(CLIENT))
        self.assert_refused_at_end(sent, "550 5.7.1", "sender.example")

    def test_headers_that_a_stranger_wrote_are_not_believed(self):
        for headers in ((received(CLIENT),), (received(INNER_GATEWAY), received(CLIENT)),
                        (received("127.0.0.1"), received(CLIENT))):
            with self.subTest(headers):
                sent = self.send("alice@sender.example", address=STRANGER, headers=headers)
                self.assert_refused_at_end(sent, "550 5.7.1", "sender.example")

    def test_the_clients_own_words_are_not_taken_for_its_address(self):
        for text in (f"from [{CLIENT}] (unknown [{STRANGER}])",
                     f"from mail.sender.example (x [{CLIENT}]) (y [{STRANGER}])",
                     f"from {CLIENT} (unknown [{STRANGER}])", f"from x (HELO [{CLIENT}]) ([{STRANGER}])"):
            with self.subTest(text):
                sent = self.through(f"Received: {text}\r\n\tby gw.example.net (Postfix) with ESMTP id 4Vx1; Sat, 21 Nov"
                                    " 2026 10:00:00 +0000")
                self.assertEqual((sent.reply.code, self.site.arrivals(sent.token)), (550, []), str(sent.reply))

    def test_a_gateway_that_writes_nothing_readable_is_judged_itself(self):
        for headers in ((), ("Received: nonsense",), ("Received:",), ("Received: from x by y; z", received(CLIENT))):
            with self.subTest(headers):
                self.assert_refused_at_end(self.through(*headers), "550 5.7.1", "sender.example")

    def test_skip_last_skips_the_host_that_connects(self):
        self.assert_judged(self.through(received(CLIENT), address="192.0.2.201"), "pass", CLIENT, "last")
        sent = self.through(received(INNER_GATEWAY), received(CLIENT), address="192.0.2.201")
        self.assert_refused_at_end(sent, "550 5.7.1", "sender.example")

    def test_a_pilot_group_is_for_messages_to_its_members_alone(self):
        hops, address = (received(CLIENT),), "192.0.2.202"
        self.assert_judged(self.through(*hops, address=address), "pass", CLIENT, "pilot")
        with self.open(tls=False, address=address) as client:
            for recipients, judged in ((["pilot@example.net", "user@example.net"], True),
                                       (["USER@EXAMPLE.NET"], True),
                                       (["user@example.net", "boss@example.net"], False),
                                       (["boss@example.net"], False)):
                with self.subTest(recipients):
                    sent = submit(client, "alice@sender.example", *recipients, headers=hops,
                                  author="alice@sender.example")
                    if judged:
                        self.assert_judged(sent, "pass", CLIENT)
                    else:
                        self.assert_refused_at_end(sent, "550 5.7.1", "sender.example")
                        client.rset()

    def test_a_trusted_path_is_judged_by_the_original_client_too_and_not_enforced(self):
        self.assert_judged(self.through(received(CLIENT), address="192.0.2.203"), "pass", CLIENT, "trusted")
        arrived = self.assert_judged(self.through(received(STRANGER), address="192.0.2.203"), "fail", STRANGER)
        self.assertEqual(self.results_in(arrived)["dmarc"].result, "fail")

    def test_the_null_sender_is_judged_by_the_helo_name_that_the_gateway_was_told(self):
        sent = self.through(received(CLIENT), mail_from="", author="mailer-daemon@sender.example",
                            helo="gw.example.net")
        arrived = self.assert_judged(sent, "pass", CLIENT)
        self.assertEqual(self.results_in(arrived)["spf"]["smtp.helo"], "mail.sender.example")

    def test_the_log_tells_the_result_with_and_without(self):
        sent = self.through(received(CLIENT))
        self.arrived(sent)
        line = self.log_line(sent)
        self.assertEqual([line[key] for key in ("spf", "dmarc", "direct_spf", "direct_dmarc")],
                         ["pass", "pass", "fail", "fail"])

    def test_spam_filtering_is_skipped_where_the_connector_says_so(self):
        arrived = self.arrived(self.through(received(CLIENT)))
        self.assertEqual(arrived.all("X-Connector-Skip-Spam-Filtering"), ["yes"])
        arrived = self.arrived(self.through(received(CLIENT), address="192.0.2.201"))
        self.assertEqual(arrived.all("X-Connector-Skip-Spam-Filtering"), [])

    def test_forged_headers_are_deleted(self):
        for address, hops, client, skip in ((CLIENT, (), [], []), (GATEWAY, (received(CLIENT),), [CLIENT], ["yes"])):
            with self.subTest(address):
                arrived = self.arrived(self.through(*FORGED, *hops, *FORGED, address=address))
                self.assertEqual(arrived.all("X-Connector-Original-Client"), client)
                self.assertEqual(arrived.all("X-Connector-Skip-Spam-Filtering"), skip)
                self.assertEqual(arrived.all("X-Connector-Quarantine"), [])

    def test_attribution_is_by_the_host_that_connects(self):
        hops = (received("192.0.2.201"), received(CLIENT))
        sent = self.through(*hops, mail_from="alice@nowhere.example")
        self.assertEqual(self.arrived(sent).all("X-Connector"), ["gateway"])

    def test_received_headers_without_end_are_bounded(self):
        sent = self.through(*[received(INNER_GATEWAY)] * 40, received(CLIENT))
        self.assertIn(sent.reply.code, (250, 550), str(sent.reply))


class RequiredBehindTheGateway(AuthenticationScenario):
    """A partner's restrictions are asked of the original client."""

    connectors = (requiring("partner", "partner.example", 'spf = "pass"') +
                  gateway("gateway", GATEWAY, "skip_last = true"))
    options = checked_by(ZONE)

    def test_spf_is_asked_of_the_host_that_handed_it_to_the_gateway(self):
        for client, code in ((CLIENT, 250), (STRANGER, 550)):
            sent = self.send("a@partner.example", address=GATEWAY, headers=(received(client),))
            self.assertEqual(sent.reply.code, code, str(sent.reply))
