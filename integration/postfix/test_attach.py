"""connectorctl attach and detach on a running Postfix: shown first, proved by a probe, and undone to the byte."""

import json
import os
import re
from pathlib import Path

from harness.daemon import Output, connectorctl
from harness.network import free_port
from harness.site import Site, SiteOptions
from scenario import CONTOSO, SiteScenario, submit

MAIN_CF_OF_A_PERSON = """
# Our own words, which nobody may lose.
smtpd_client_restrictions =
    # friends first
    permit_mynetworks,
      reject_unauth_pipelining
"""


class AttachScenario(SiteScenario):
    """A Postfix that knows nothing of connectord, anew for each test."""

    options = SiteOptions(attached=False)
    connectors = CONTOSO

    @classmethod
    def setUpClass(cls):
        pass

    def setUp(self):
        self.site = self.enterContext(Site(self.connectors, self.options))
        self.append(MAIN_CF_OF_A_PERSON)
        self.before = self.main_cf.read_bytes()

    @property
    def main_cf(self) -> Path:
        return self.site.postfix.configuration / "main.cf"

    @property
    def record(self) -> Path:
        return self.site.postfix.configuration / "connectord-attach.json"

    def append(self, text: str) -> None:
        with self.main_cf.open("a") as file:
            file.write(text)
        os.utime(self.main_cf, (self.main_cf.stat().st_mtime - 10,) * 2)

    def command(self, *words: str) -> Output:
        return connectorctl(*words, "--config", self.site.connectord.config_file, "--postfix-config",
                            self.site.postfix.configuration)

    def attach(self, *options: str) -> Output:
        return self.command("attach", "postfix", *options)

    def attach_for_sure(self) -> Output:
        output = self.attach("--yes")
        self.assertEqual(output.status, 0, output.stdout + output.stderr)
        return output

    def detach(self, *options: str) -> Output:
        output = self.command("detach", "postfix", *options)
        self.assertEqual(output.status, 0, output.stdout + output.stderr)
        return output

    def parameter(self, name: str) -> str:
        return self.site.postfix.run("postconf", "-h", name).strip()

    def left_behind(self) -> list[str]:
        """Files beside main.cf that attach has made."""
        return sorted(file.name for file in self.site.postfix.configuration.iterdir() if "connectord" in file.name)


class Attach(AttachScenario):
    def test_without_yes_it_shows_the_changes_with_their_reasons_and_changes_nothing(self):
        output = self.attach()
        self.assertEqual(output.status, 0, output.stderr)
        for line in (f"+smtpd_milters = {self.site.milter}", "+milter_default_action = tempfail",
                     f"check_policy_service {self.site.policy}, reject_unauth_destination"):
            self.assertIn(line, output.stdout)
        self.assertRegex(output.stdout, r"(?m)^smtpd_milters +connectord is asked")
        self.assertIn("Nothing is changed yet", output.stdout)
        self.assertEqual(self.main_cf.read_bytes(), self.before)
        self.assertEqual(self.left_behind(), [])

    def test_with_yes_connectord_is_asked_and_a_probe_has_shown_it(self):
        output = self.attach_for_sure()
        self.assertRegex(output.stdout, r"RCPT 250.*connectord saw 1 milter session and 1 policy request of Postfix 3")
        self.assert_delivered(self.send("alice@contoso.com", certificate="partner"), "contoso")
        self.assert_refused(self.send("alice@contoso.com", tls=False), "550 5.7.10", "contoso")
        self.assertEqual(self.parameter("milter_default_action"), "tempfail")
        self.assertEqual(self.parameter("smtpd_forbid_bare_newline"), "normalize")
        self.assertTrue(json.loads(self.record.read_text())["proved"])
        self.assertEqual(self.site.postfix.queued(), 0)  # the probe has sent no message

    def test_a_second_attach_has_nothing_to_do(self):
        self.attach_for_sure()
        attached = self.main_cf.read_bytes()
        output = self.attach_for_sure()
        self.assertIn("attached already, nothing to do", output.stdout)
        self.assertEqual(self.main_cf.read_bytes(), attached)
        self.assertEqual(len(self.left_behind()), 2)

    def test_detach_restores_main_cf_to_the_byte_and_leaves_nothing(self):
        self.attach_for_sure()
        self.detach()
        self.assertNotEqual(self.main_cf.read_bytes(), self.before)
        output = self.detach("--yes")
        self.assertIn("to the byte", output.stdout)
        self.assertEqual(self.main_cf.read_bytes(), self.before)
        self.assertEqual(self.left_behind(), [])
        self.assert_delivered(self.send("alice@contoso.com", tls=False), None)
        self.assertIn("not attached, nothing to do", self.detach("--yes").stdout)
        self.assertEqual(self.main_cf.read_bytes(), self.before)

    def test_detach_after_other_changes_takes_out_only_what_attach_put_in(self):
        self.attach_for_sure()
        self.append("relay_domains = example.net, example.org\nsmtpd_tls_ask_ccert = no\n")
        milters = f"{self.site.milter}, inet:127.0.0.1:1"
        self.site.postfix.run("postconf", "-e", f"smtpd_milters = {milters}", "milter_default_action = accept")
        output = self.detach("--yes")
        self.assertEqual(self.parameter("smtpd_milters"), "inet:127.0.0.1:1")
        self.assertEqual(self.parameter("smtpd_recipient_restrictions"), "reject_unauth_destination")
        self.assertEqual(self.parameter("relay_domains"), "example.net, example.org")
        self.assertEqual(self.parameter("milter_default_action"), "accept")
        self.assertIn("left: milter_default_action was changed since", output.stdout)
        self.assertIn("left: ", output.stdout)
        self.assertEqual([name for name in self.left_behind() if name.endswith(".json")], [])

    def test_a_new_socket_takes_the_place_of_the_old_one(self):
        self.attach_for_sure()
        self.site.connectord.stop()
        text = self.site.connectord.config_file.read_text()
        self.site.connectord.write_configuration(text.replace("milter.sock", "other.sock"))
        self.site.connectord.start()
        self.attach_for_sure()
        self.assertEqual(self.parameter("smtpd_milters"), self.site.milter.replace("milter.sock", "other.sock"))
        self.assert_delivered(self.send("alice@contoso.com", certificate="partner"), "contoso")
        self.detach("--yes")
        self.assertEqual(self.main_cf.read_bytes(), self.before)

    def test_an_attach_that_was_cut_off_before_the_change_is_made_anew(self):
        self.attach_for_sure()
        self.main_cf.write_bytes(self.before)  # as if the run had ended between the record and main.cf
        output = self.attach_for_sure()
        self.assertIn("connectord saw", output.stdout)
        self.detach("--yes")
        self.assertEqual(self.main_cf.read_bytes(), self.before)

    def test_an_attach_that_was_cut_off_before_the_proof_is_proved_by_the_next(self):
        self.attach_for_sure()
        record = json.loads(self.record.read_text())
        self.record.write_text(json.dumps({**record, "proved": False}))
        self.assertIn("no probe has shown", self.attach().stdout)
        self.assertIn("connectord saw", self.attach_for_sure().stdout)
        self.assertIn("attached already", self.attach().stdout)

    def test_json_has_the_same(self):
        shown = json.loads(self.attach("--json").stdout)
        self.assertEqual(shown["result"], "would attach")
        self.assertIn("smtpd_milters", [change["parameter"] for change in shown["changes"]])
        self.assertIn("+milter_default_action = tempfail", shown["diff"])
        done = json.loads(self.attach("--yes", "--json").stdout)
        self.assertEqual((done["result"], done["error"]), ("attached", None))
        self.assertIn("connectord saw", done["proof"])
        self.assertEqual(json.loads(self.attach("--yes", "--json").stdout)["result"], "attached already")
        self.assertTrue(json.loads(self.detach("--yes", "--json").stdout)["restored_to_the_byte"])

    def test_connectord_must_run(self):
        self.site.connectord.kill()
        output = self.attach("--yes")
        self.assertEqual(output.status, 1)
        self.assertIn("start connectord", output.stderr)
        self.assertEqual(self.main_cf.read_bytes(), self.before)
        self.assertEqual(self.left_behind(), [])


class BesideOthers(AttachScenario):
    """A site that has milters, policy services and tables of its own keeps them, and their order."""

    def setUp(self):
        super().setUp()
        self.other_port = free_port()
        self.append(f"smtpd_milters = {{ inet:127.0.0.1:{self.other_port}, default_action=accept }}\n"
                    "milter_default_action = accept\n"
                    f"smtpd_recipient_restrictions = permit_mynetworks,\n    check_policy_service "
                    f"{{ inet:127.0.0.1:{self.other_port}, default_action=DUNNO }}, reject_unauth_destination\n")
        self.before = self.main_cf.read_bytes()

    def test_they_stay_and_connectord_comes_first(self):
        other = f"inet:127.0.0.1:{self.other_port}"
        self.attach_for_sure()
        self.assertEqual(self.parameter("smtpd_milters"),
                         f"{self.site.milter}, {{ {other}, default_action=accept }}")
        self.assertEqual(self.parameter("non_smtpd_milters"), self.site.milter)
        self.assertEqual(self.parameter("smtpd_recipient_restrictions"),
                         f"check_policy_service {self.site.policy}, permit_mynetworks, check_policy_service "
                         f"{{ {other}, default_action=DUNNO }}, reject_unauth_destination")
        self.assert_delivered(self.send("alice@contoso.com", certificate="partner"), "contoso")
        self.detach("--yes")
        self.assertEqual(self.main_cf.read_bytes(), self.before)

    def test_an_order_in_which_connectord_would_miss_mail_is_put_right(self):
        self.append(f"smtpd_recipient_restrictions = permit_mynetworks, check_policy_service {self.site.policy}, "
                    "reject_unauth_destination\n")
        self.before = self.main_cf.read_bytes()
        self.attach_for_sure()
        self.assertEqual(self.parameter("smtpd_recipient_restrictions"),
                         f"check_policy_service {self.site.policy}, permit_mynetworks, reject_unauth_destination")
        self.detach("--yes")
        self.assertEqual(self.main_cf.read_bytes(), self.before)


class WithOutboundConnectors(AttachScenario):
    """Routes and TLS policies are asked for, beside the tables of a person."""

    options = SiteOptions(attached=False, socketmap=True, parameters={"relay_domains": "example.net, contoso.com"})

    def setUp(self):
        super().setUp()
        ports = {name: sink.port for name, sink in self.site.sinks.items()}
        self.site.reconfigure(f"""
[[outbound]]
name = "contoso-out"
scenario = "partner"
recipient_domains = ["contoso.com"]
[outbound.route]
smart_hosts = ["[127.0.0.1]:{ports['contoso']}"]
""")
        self.site.connectord.hang_up()
        self.site.connectord.wait_for_log("configuration loaded")
        self.own = (f"inline:{{ {{ special@contoso.com = smtp:[127.0.0.1]:{ports['default']} }} "
                    f"{{ contoso.com = smtp:[127.0.0.1]:{ports['default']} }} }}")
        self.append(f"transport_maps = {self.own}\nsmtp_tls_policy_maps = {self.own}\n")
        self.before = self.main_cf.read_bytes()

    def sink_of(self, recipient: str) -> str:
        with self.open("127.0.0.1", tls=False) as client:
            sent = submit(client, "somebody@example.net", recipient)
        self.assertTrue(sent.reply.accepted, str(sent.reply))
        return self.site.arrival(sent.token).sink

    def test_a_connector_counts_more_than_an_entry_for_its_domain_and_less_than_one_for_an_address(self):
        self.assertEqual(self.sink_of("user@contoso.com"), "default")
        self.attach_for_sure()
        self.assertEqual(self.parameter("transport_maps"), f"{self.own}, socketmap:{self.site.socketmap}:transport")
        self.assertEqual(self.parameter("smtp_tls_policy_maps"),
                         f"socketmap:{self.site.socketmap}:tls-policy, {self.own}")
        self.assertEqual(self.sink_of("user@contoso.com"), "contoso")
        self.assertEqual(self.sink_of("special@contoso.com"), "default")
        health = json.loads(self.command("status", "--json").stdout)["connectord"]
        self.assertGreater(health["socketmap"]["lookups"], 0)
        self.detach("--yes")
        self.assertEqual(self.main_cf.read_bytes(), self.before)


class AttachedByHand(SiteScenario):
    """What a person has attached is known as attached, and can be detached."""

    def command(self, verb: str, *options: str) -> Output:
        return connectorctl(verb, "postfix", *options, "--config", self.site.connectord.config_file,
                            "--postfix-config", self.site.postfix.configuration)

    def test_what_is_missing_is_added_and_the_rest_is_found(self):
        shown = json.loads(self.command("attach", "--json").stdout)
        self.assertEqual([change["parameter"] for change in shown["changes"]], ["non_smtpd_milters"])
        output = self.command("detach", "--yes")
        self.assertEqual(output.status, 0, output.stderr)
        self.assertIn("attached by hand", output.stdout)
        self.assertEqual(self.site.postfix.run("postconf", "-h", "smtpd_milters", "smtpd_recipient_restrictions"),
                         "\nreject_unauth_destination\n")


class Refusals(AttachScenario):
    def assert_refused_with(self, *words: str) -> None:
        output = self.attach("--yes")
        self.assertEqual(output.status, 1, output.stdout)
        for word in words:
            self.assertIn(word, output.stderr)
        self.assertEqual(self.main_cf.read_bytes(), self.before)
        self.assertEqual(self.left_behind(), [])

    def test_a_socket_outside_of_the_chroot_is_refused_with_the_line_to_write(self):
        master_cf = self.site.postfix.configuration / "master.cf"
        master_cf.write_text(re.sub(r"^(127\S+ inet n) - n", r"\1 - y", master_cf.read_text(), flags=re.MULTILINE))
        queue = self.site.postfix.queue
        self.assert_refused_with("runs in the chroot", f'milter = "unix:{queue}/connectord/milter.sock"',
                                 f'policy = "unix:{queue}/connectord/policy.sock"')

    def test_a_socket_that_postfix_may_not_connect_to_is_refused(self):
        os.chmod(self.site.milter.removeprefix("unix:"), 0o600)
        self.assert_refused_with("may not connect", 'socket_group = "postfix"', 'socket_mode = "0660"')

    def test_a_folder_that_postfix_may_not_pass_is_refused(self):
        os.chmod(self.site.path / "run", 0o700)
        self.assert_refused_with(f"may not pass through {self.site.path}/run", "chgrp postfix")

    def test_services_that_override_the_milters_are_refused(self):
        master_cf = self.site.postfix.configuration / "master.cf"
        master_cf.write_text(master_cf.read_text().replace("-o {", "-o { smtpd_milters = inet:127.0.0.1:1 }\n  -o {"))
        self.assert_refused_with("every smtpd service", "smtpd_milters")


class Chrooted(AttachScenario):
    """As Debian has it: smtpd and cleanup in the chroot, sockets below the queue directory, named relative to it."""

    def setUp(self):
        super().setUp()
        queue = self.site.postfix.queue
        self.site.connectord.stop()
        text = self.site.connectord.config_file.read_text()
        self.site.connectord.write_configuration(text.replace(f"{self.site.path}/run/", f"{queue}/connectord/"))
        self.site.milter = f"unix:{queue}/connectord/milter.sock"
        if self.site.options.confined:  # else root's connectord makes it
            self.site.make_listener_folder(queue / "connectord")
        self.site.connectord.start()
        self.jail(self.site)

    def jail(self, site: Site) -> None:
        master_cf = site.postfix.configuration / "master.cf"
        master_cf.write_text(re.sub(r"^(127\S+ inet n|\[\S+ inet n|cleanup +unix +n) +- +n", r"\1 - y",
                                    master_cf.read_text(), flags=re.MULTILINE))

    def test_the_sockets_are_written_relative_to_the_queue_directory(self):
        self.attach_for_sure()
        self.assertEqual(self.parameter("smtpd_milters"), "unix:connectord/milter.sock")
        self.assertEqual(self.parameter("smtpd_recipient_restrictions"),
                         "check_policy_service unix:connectord/policy.sock, reject_unauth_destination")
        with self.open(tls=False) as client:
            self.assertEqual(submit(client, "alice@contoso.com").reply.enhanced, "5.7.10")

    def test_a_second_postfix_is_offered_listeners_that_both_reach(self):
        other = self.enterContext(Site(self.connectors, SiteOptions(attached=False, launch=False)))
        self.jail(other)
        other.postfix.reload()
        config = self.site.connectord.config_file
        attach_other = ("attach", "postfix", "--yes", "--config", config, "--postfix-config", other.postfix.configuration)
        refused = connectorctl(*attach_other)
        self.assertEqual(refused.status, 1, refused.stdout)
        text = config.read_text()
        for listener, port in (("milter", 8891), ("policy", 8892)):
            self.assertIn(f'{listener} = "inet:127.0.0.1:{port}" and inet_clients = ["127.0.0.1"]', refused.stderr)
            text = re.sub(rf'^{listener}\s*=.*$', f'{listener} = "inet:127.0.0.1:{free_port()}"', text, flags=re.M)
        self.site.connectord.stop()
        config.write_text(text.replace("[server]\n", '[server]\ninet_clients = ["127.0.0.1"]\n'))
        self.site.connectord.start()
        self.attach_for_sure()
        attached = connectorctl(*attach_other)
        self.assertEqual(attached.status, 0, attached.stdout + attached.stderr)
        for site in (self.site, other):
            with site.client() as client:
                client.ehlo()
                self.assertEqual(submit(client, "alice@contoso.com").reply.enhanced, "5.7.10")


class FailingProbe(AttachScenario):
    def test_everything_is_put_back_when_connectord_is_not_asked(self):
        # Nobody from this machine comes as far as RCPT.
        self.append("smtpd_client_restrictions = reject\nsmtpd_delay_reject = no\n")
        self.before = self.main_cf.read_bytes()
        self.site.postfix.reload()
        output = self.attach("--yes")
        self.assertEqual(output.status, 1, output.stdout)
        self.assertIn("554 5.7.1", output.stderr)
        self.assertIn("main.cf is as it was before", output.stderr)
        self.assertEqual(self.main_cf.read_bytes(), self.before)
        self.assertEqual(self.left_behind(), [])
