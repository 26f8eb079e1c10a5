"""Connections as real clients make them: many messages, no second EHLO, resumed TLS, and ends in the middle."""

import ssl

from harness.client import client_context, message
from harness.site import SiteOptions
from harness.submission import new_token
from scenario import CONTOSO, PARTNER_ADDRESS, RECIPIENT, STRANGER_ADDRESS, SiteScenario, submit


class Sessions(SiteScenario):
    connectors = CONTOSO

    def test_a_client_without_a_second_ehlo_after_starttls_is_seen_with_its_certificate(self):
        with self.site.client(PARTNER_ADDRESS) as client:
            client.ehlo()
            client.starttls(self.site.certificates["partner"])
            self.assert_delivered(submit(client, "alice@contoso.com"), "contoso")

    def test_each_message_of_a_connection_is_decided_by_its_own_sender(self):
        with self.open(certificate="partner") as client:
            for mail_from, connector in (("alice@contoso.com", "contoso"), ("bob@example.org", None),
                                         ("", None), ("alice@contoso.com", "contoso")):
                self.assert_delivered(submit(client, mail_from), connector)

    def test_a_refused_message_does_not_spoil_the_next_one(self):
        with self.open(tls=False) as client:
            for _ in range(2):
                self.assert_refused(submit(client, "alice@contoso.com"), "550 5.7.10")
                client.rset()
                self.assert_delivered(submit(client, "bob@example.org"), None)

    def test_an_accepted_message_does_not_vouch_for_the_next_one(self):
        with self.open(source=STRANGER_ADDRESS, certificate="partner") as client:
            self.assert_delivered(submit(client, "bob@example.org"), None)
            self.assert_refused(submit(client, "alice@contoso.com"), "550 5.7.1")

    def test_every_recipient_of_a_refused_message_is_refused(self):
        with self.open(tls=False) as client:
            client.mail("alice@contoso.com")
            self.assertEqual([client.rcpt(f"user{n}@example.net").enhanced for n in range(3)], ["5.7.10"] * 3)
            self.assertEqual(client.command("DATA").code, 554)

    def test_a_pipelined_envelope_is_decided_the_same(self):
        with self.open(tls=False) as client:
            replies = client.pipeline(["MAIL FROM:<alice@contoso.com>", f"RCPT TO:<{RECIPIENT}>", "RSET",
                                       "MAIL FROM:<bob@example.org>", f"RCPT TO:<{RECIPIENT}>"])
            self.assertEqual([reply.code for reply in replies], [250, 550, 250, 250, 250])

    def test_a_resumed_tls_session_carries_the_certificate_still(self):
        context = client_context(self.site.certificates["partner"], maximum=ssl.TLSVersion.TLSv1_2)
        with self.site.client(PARTNER_ADDRESS) as client:
            client.ehlo()
            client.starttls(context=context)
            client.ehlo()
            self.assert_delivered(submit(client, "alice@contoso.com"), "contoso")
            session = client.socket.session
        with self.site.client(PARTNER_ADDRESS) as client:
            client.ehlo()
            client.starttls(context=context, session=session)
            self.assertTrue(client.socket.session_reused, "Postfix has not resumed the TLS session: nothing is tested")
            client.ehlo()
            self.assert_delivered(submit(client, "alice@contoso.com"), "contoso")

    def test_rset_at_any_point_leaves_a_clean_connection(self):
        with self.open(certificate="partner") as client:
            for commands in ([], ["MAIL FROM:<bob@example.org>"],
                             ["MAIL FROM:<bob@example.org>", f"RCPT TO:<{RECIPIENT}>"]):
                with self.subTest(commands):
                    for command in (*commands, "RSET"):
                        self.assertEqual(client.command(command).code, 250)
                    self.assert_delivered(submit(client, "alice@contoso.com"), "contoso")

    def test_a_new_ehlo_in_the_middle_starts_the_envelope_anew(self):
        with self.open(certificate="partner") as client:
            client.mail("bob@example.org")
            client.rcpt(RECIPIENT)
            client.ehlo()
            self.assert_delivered(submit(client, "alice@contoso.com"), "contoso")

    def test_connections_that_drop_anywhere_harm_nobody_else(self):
        beginnings = (b"", b"MAIL FROM:<alice@contoso.com>\r\n",
                      b"MAIL FROM:<alice@contoso.com>\r\nRCPT TO:<user@example.net>\r\n",
                      b"MAIL FROM:<alice@contoso.com>\r\nRCPT TO:<user@example.net>\r\nDATA\r\n",
                      b"MAIL FROM:<alice@contoso.com>\r\nRCPT TO:<user@example.net>\r\nDATA\r\nSubject: cut o")
        for beginning in beginnings:
            with self.subTest(beginning):
                with self.open(certificate="partner") as client:
                    client.send(beginning)
                self.assert_delivered(self.send("alice@contoso.com", certificate="partner"), "contoso")

    def test_many_connections_at_once_do_not_mix_up_their_messages(self):
        partner = [self.open(certificate="partner") for _ in range(8)]
        strangers = [self.open(source=STRANGER_ADDRESS, tls=False) for _ in range(8)]
        for client in partner:
            self.assertEqual(client.mail("alice@contoso.com").code, 250)
        for client in strangers:
            self.assertEqual(client.mail("alice@contoso.com").code, 250)
        self.assertEqual({client.rcpt(RECIPIENT).enhanced for client in strangers}, {"5.7.10"})
        tokens = [new_token() for _ in partner]
        for client, token in zip(partner, tokens):
            self.assertEqual(client.rcpt(RECIPIENT).code, 250)
            self.assertEqual(client.data(message(token)).code, 250)
        for token in tokens:
            self.assertEqual(self.site.arrival(token).all("X-Connector"), ["contoso"])


class Xclient(SiteScenario):
    """XCLIENT, as a proxy in front of Postfix says it: the milter session starts over with another client."""

    connectors = CONTOSO
    options = SiteOptions(parameters={"smtpd_authorized_xclient_hosts": "127.0.0.0/8"})

    def test_the_decision_follows_the_address_that_xclient_gives(self):
        with self.open(source=STRANGER_ADDRESS, certificate="partner") as client:
            self.assert_refused(submit(client, "alice@contoso.com"), "550 5.7.1")
            client.rset()
            self.assertEqual(client.command(f"XCLIENT ADDR={PARTNER_ADDRESS} NAME=mail.contoso.com").code, 220)
            client.ehlo()
            self.assert_delivered(submit(client, "alice@contoso.com"), "contoso")
            client.command("XCLIENT ADDR=203.0.113.9 NAME=[UNAVAILABLE]")
            client.ehlo()
            self.assert_refused(submit(client, "alice@contoso.com"), "550 5.7.1")

    def test_the_policy_service_still_finds_the_session_that_xclient_renamed(self):
        with self.open(source=STRANGER_ADDRESS, tls=False) as client:
            client.command("XCLIENT ADDR=203.0.113.10 PORT=50505 NAME=[UNAVAILABLE]")
            client.ehlo()
            sent = submit(client, "alice@contoso.com")
            self.assert_refused(sent, "550 5.7.10")
            # The refusal is the milter's: one of the policy service's would be Postfix's "Recipient address rejected".
            self.assertNotIn("Recipient address rejected", sent.reply.text)

    def test_a_login_given_by_xclient_makes_it_a_submission(self):
        with self.open(source=STRANGER_ADDRESS, tls=False) as client:
            self.assertEqual(client.command("XCLIENT LOGIN=alice ADDR=203.0.113.11").code, 220)
            client.ehlo()
            self.assert_delivered(submit(client, "alice@contoso.com"), None)
