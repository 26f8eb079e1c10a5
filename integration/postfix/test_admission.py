"""Mail that is let in although its checks fail: why, and what would refuse it, in words."""

from authentication import OTHER_ADDRESS, SENDER_ADDRESS, AuthenticationScenario, checked_by, connector
from harness.daemon import connectorctl
from harness.dns_server import txt

GATEWAY = "127.0.0.6"

ZONE = "".join(txt(domain, f"v=spf1 ip4:{SENDER_ADDRESS} -all") for domain in
               ("example.net", "none.example", "reject.example", "silent.example", "other.example")) + "".join([
                   txt("_dmarc.example.net", "v=DMARC1; p=none"), txt("_dmarc.none.example", "v=DMARC1; p=none"),
                   txt("_dmarc.reject.example", "v=DMARC1; p=reject")])


class LetIn(AuthenticationScenario):
    connectors = connector("gateway", f'client_networks = ["{GATEWAY}"]').replace('"partner"', '"internet"')
    options = checked_by(ZONE, trace="")

    def shown(self, *arguments: str) -> str:
        return connectorctl(*arguments, "--config", self.site.connectord.config_file).stdout

    def story_of(self, sender: str, source: str = OTHER_ADDRESS) -> str:
        return self.shown("trace", "show", self.send(sender, source=source).queue_id)

    def test_is_told_with_the_reason_and_the_setting_that_would_refuse_it(self):
        ours = self.story_of("boss@example.net")
        self.assertIn("let in although SPF and DMARC fail, since example.net's policy is none\n", ours)
        self.assertIn("reject_direct_send = true in [organization] would refuse it\n", ours)
        theirs = self.story_of("a@none.example")
        self.assertIn("let in although SPF and DMARC fail, since none.example's policy is none\n", theirs)
        self.assertIn('a partner connector for the domain, with [inbound.require] dmarc = "pass"', theirs)
        silent = self.story_of("a@silent.example")
        self.assertIn("let in although SPF fails, since silent.example publishes no DMARC policy\n", silent)

    def test_what_nothing_spoke_against_and_what_was_refused_needs_no_words(self):
        self.assertNotIn("let in", self.story_of("a@none.example", SENDER_ADDRESS))
        self.assert_refused_at_end(self.send("a@reject.example", source=OTHER_ADDRESS), "550 5.7.1")
        self.assertNotIn("let in although", self.shown("trace", "show", str(
            self.site.trace("--sender", "a@reject.example")[0]["id"])))

    def test_results_are_no_checks_that_do_not_apply(self):
        story = self.story_of("a@none.example", SENDER_ADDRESS)
        self.assertRegex(story, r"\n +result  spf: pass for none.example")
        self.assertNotIn("not applicable  spf", story)
        explained = self.shown("explain", "--client-ip", OTHER_ADDRESS, "--mail-from", "a@none.example")
        self.assertRegex(explained, r"\n  result +spf\n +seen +fail for none.example")

    def test_a_gateway_whose_mail_all_fails_as_itself_is_named_with_what_to_write(self):
        for sender in ("a@none.example", "b@silent.example", "c@other.example"):
            story = self.story_of(sender, GATEWAY)
        self.assertIn(f"all 3 of 3 messages of gateway from {GATEWAY} fail SPF as {GATEWAY} itself; if that is a gateway"
                      " of yours, write [inbound.enhanced_filtering] skip_last = true in the connector\n", story)
