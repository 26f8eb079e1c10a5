"""Configurations are swapped, daemons die, machines shut down: mail is late at worst, and never let through unseen."""

import contextlib
import os
import signal
import socket
import time

from harness.client import message
from harness.daemon import connectorctl
from harness.site import Host, SiteOptions
from harness.submission import new_token
from harness.waiting import wait_until
from scenario import CONTOSO, RECIPIENT, HostScenario, SiteScenario, submit

STOP_LIMIT = 6.0

NO_CONNECTORS = ""

BROKEN = {
    "not TOML": b"[[inbound]\nname = \n",
    "an unknown key": b'[server]\nmilterr = "unix:/nowhere"\n',
    "a value of the wrong type": b"[server]\nmilter = 7\n",
    "binary": bytes(range(256)) * 16,
    "a file that includes itself": b'[server]\ninclude = ["connectord.toml"]\n',
}


class Reload(SiteScenario):
    connectors = CONTOSO

    def setUp(self):
        self.reload_with(CONTOSO)

    def reload_with(self, connectors: str) -> None:
        """Swaps the configuration, and waits until it decides."""
        self.site.reconfigure(connectors)
        self.site.connectord.hang_up()
        self.await_decision(550 if "contoso" in connectors else 250)

    def await_decision(self, code: int) -> None:
        wait_until(lambda: self.decision() == code, f"{code} for the partner's mail without TLS")

    def decision(self) -> int:
        """The reply to RCPT for the partner's mail without TLS."""
        with self.open(tls=False) as client:
            client.mail("alice@contoso.com")
            return client.rcpt(RECIPIENT).code

    def test_a_good_configuration_decides_the_messages_from_then_on(self):
        self.reload_with(NO_CONNECTORS)
        self.assert_delivered(self.send("alice@contoso.com", tls=False), None)
        self.reload_with(CONTOSO.replace('"contoso"', '"contoso-renamed"'))
        self.assert_refused(self.send("alice@contoso.com", tls=False), "550 5.7.10", "contoso-renamed")

    def test_the_next_message_of_an_open_connection_is_decided_by_the_new_configuration(self):
        with self.open(tls=False) as client:
            self.assert_refused(submit(client, "alice@contoso.com"), "550 5.7.10")
            self.reload_with(NO_CONNECTORS)
            client.rset()
            self.assert_delivered(submit(client, "alice@contoso.com"), None)

    def test_a_message_under_way_is_decided_by_one_configuration_from_start_to_end(self):
        with self.open(certificate="partner") as client:
            client.mail("alice@contoso.com")
            self.assertEqual(client.rcpt(RECIPIENT).code, 250)
            self.reload_with(NO_CONNECTORS)
            token = new_token()
            self.assertEqual(client.data(message(token)).code, 250)
        self.assertEqual(self.site.arrival(token).all("X-Connector"), ["contoso"])

    def test_a_broken_configuration_leaves_the_running_one_and_is_logged(self):
        for case, content in BROKEN.items():
            with self.subTest(case):
                self.site.connectord.config_file.write_bytes(content)
                self.assert_reload_is_refused()

    def test_an_unreadable_configuration_leaves_the_running_one_and_is_logged(self):
        self.site.connectord.config_file.unlink()
        self.assert_reload_is_refused()
        self.site.reconfigure(CONTOSO)
        self.site.connectord.config_file.chmod(0)
        self.assert_reload_is_refused()
        self.site.connectord.config_file.chmod(0o644)

    def test_mail_flows_while_the_configuration_is_swapped_again_and_again(self):
        for _ in range(20):
            self.site.connectord.hang_up()
            self.assert_delivered(self.send("alice@contoso.com", certificate="partner"), "contoso")

    def assert_reload_is_refused(self) -> None:
        """After SIGHUP the log names the file, and the partner's mail is decided as before."""
        before = len(self.site.connectord.log())
        self.site.connectord.hang_up()
        wait_until(lambda: str(self.site.connectord.config_file) in self.site.connectord.log()[before:],
                   "an error about the configuration file in the log")
        self.assertTrue(self.site.connectord.is_running)
        self.assertEqual(self.decision(), 550)


class Outage(SiteScenario):
    connectors = CONTOSO
    options = SiteOptions(parameters={"non_smtpd_milters": "$smtpd_milters"})

    def setUp(self):
        self.addCleanup(lambda: self.site.connectord.is_running or self.site.connectord.start())

    def test_new_connections_are_deferred_until_connectord_is_back(self):
        self.site.connectord.kill()
        for attempt in range(3):
            with self.subTest(attempt):
                sent = self.send("bob@example.org", tls=False)
                self.assertTrue(400 <= sent.reply.code < 500, str(sent.reply))
        with self.site.client() as client:
            client.ehlo()
            self.assertEqual(client.command("STARTTLS").code, 454)
        self.site.connectord.start()
        self.assert_delivered(self.send("alice@contoso.com", certificate="partner"), "contoso")

    def test_a_message_under_way_is_deferred_not_let_through(self):
        with self.open(certificate="partner") as client:
            client.mail("alice@contoso.com")
            self.assertEqual(client.rcpt(RECIPIENT).code, 250)
            self.site.connectord.kill()
            token = new_token()
            reply = client.data(message(token, "X-Connector: contoso"))
            self.assertTrue(400 <= reply.code < 500, str(reply))
        self.assertEqual(self.site.arrivals(token), [])

    def test_without_the_policy_service_nothing_passes_either(self):
        with self.open(tls=False) as client:
            self.assertEqual(client.mail("bob@example.org").code, 250)
            self.site.connectord.kill()
            reply = client.rcpt(RECIPIENT)
            self.assertTrue(400 <= reply.code < 500, str(reply))

    def test_a_restart_takes_over_the_sockets_that_a_killed_daemon_left(self):
        for _ in range(3):
            self.site.connectord.kill()
            self.assertTrue(os.path.exists(self.site.milter.removeprefix("unix:")))
            self.site.connectord.start()
        self.assert_delivered(self.send("alice@contoso.com", certificate="partner"), "contoso")

    def test_mail_of_this_machine_waits_in_the_queue_meanwhile(self):
        self.site.connectord.kill()
        token = new_token()
        self.submit_by_sendmail(token)
        wait_until(lambda: self.site.postfix.log_lines("milter.*(tempfail|reject|can't|connect)"),
                   "Postfix to miss its milter")
        self.assertEqual(self.site.arrivals(token), [])
        self.site.connectord.start()
        self.submit_by_sendmail(new_token())  # has pickup(8) look into the maildrop folder now, not in a minute
        self.assertEqual(self.site.arrival(token).all("X-Connector"), [])

    def submit_by_sendmail(self, token: str) -> None:
        self.site.postfix.sendmail(message(token, "X-Connector: contoso"), "-f", "cron@example.org", RECIPIENT)


class Shutdown(SiteScenario):
    connectors = CONTOSO
    options = SiteOptions(server=f'stop_limit = "{STOP_LIMIT:.0f}s"')

    def setUp(self):
        self.addCleanup(lambda: self.site.connectord.is_running or self.site.connectord.start())

    def test_sigterm_lets_a_message_under_way_finish(self):
        with self.open(certificate="partner") as client:
            client.mail("alice@contoso.com")
            self.assertEqual(client.rcpt(RECIPIENT).code, 250)
            self.site.connectord.process.send_signal(signal.SIGTERM)
            self.site.connectord.wait_for_log("stopping")
            token = new_token()
            reply = client.data(message(token))
            self.assertEqual(reply.code, 250, f"{reply}\n{self.site.connectord.log()}")
        self.assertEqual(self.site.arrival(token).all("X-Connector"), ["contoso"])
        self.assertEqual(self.site.connectord.wait(), 0)

    def test_sigterm_ends_in_a_limited_time_whatever_clients_do(self):
        idle = [self.open(certificate="partner") for _ in range(4)]
        idle[0].mail("alice@contoso.com")
        start = time.monotonic()
        self.site.connectord.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.site.connectord.wait(), 0)
        self.assertLess(time.monotonic() - start, STOP_LIMIT + 10)

    def test_sigterm_without_sessions_ends_at_once(self):
        self.assertEqual(self.restart_and_stop(), 0)

    def restart_and_stop(self) -> int:
        self.site.connectord.stop()
        self.site.connectord.start()
        self.site.connectord.process.send_signal(signal.SIGTERM)
        return self.site.connectord.wait(STOP_LIMIT - 1)


class Supervision(HostScenario):
    """systemd's side: readiness, exit status, errors at the start."""

    def test_it_notifies_its_supervisor_when_it_is_ready_and_when_it_stops(self):
        with contextlib.closing(notification_socket(self.host)) as notifications:
            self.host.connectord.stop()
            self.host.connectord.start({"NOTIFY_SOCKET": notifications.getsockname()})
            self.assertIn("READY=1", notifications.recv(4096).decode().split("\n"))
            self.host.connectord.stop()
            self.assertIn("STOPPING=1", notifications.recv(4096).decode().split("\n"))
        self.host.connectord.start()

    def test_it_reports_to_the_watchdog_until_a_part_of_it_does_not_respond(self):
        with contextlib.closing(notification_socket(self.host)) as notifications:
            self.host.connectord.stop()
            self.host.connectord.start({"NOTIFY_SOCKET": notifications.getsockname(), "WATCHDOG_USEC": "4500000"})
            for _ in range(3):
                while notifications.recv(4096) != b"WATCHDOG=1":
                    pass
            (self.host.path / "run" / "milter.sock").unlink()  # nobody reaches the milter any more
            self.host.connectord.wait_for_log("watchdog: error: .*part=milter")
            notifications.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while notifications.recv(4096):
                    pass
            wait_until(lambda: len(self.host.connectord.log_lines("part=milter")) > 2, "two looks more")
            with self.assertRaises(BlockingIOError):
                notifications.recv(4096)
            self.assertEqual(self.host.connectord.log_lines("part=policy"), [])
            self.host.connectord.stop()
        self.host.connectord.start()

    def test_where_no_mail_server_is_installed_it_is_idle_and_says_so(self):
        options = SiteOptions(launch=False)
        with Host(options=options) as host, contextlib.closing(notification_socket(host)) as notifications:
            place = host.path / "spool"
            host.connectord.write_configuration(
                host.connectord.config_file.read_text().replace(f"{host.path}/run/", f"{place}/connectord/"))
            host.connectord.launch({"NOTIFY_SOCKET": notifications.getsockname()})
            self.assertIn(f"STATUS=idle, since there is no mail server: {place} is not there",
                          notifications.recv(4096).decode().split("\n"))
            reported = connectorctl("status", "--config", host.connectord.config_file)
            self.assertEqual(reported.status, 1)
            self.assertIn(f"{place} is not there, so connectord is idle", reported.stdout)
            self.assertEqual(host.connectord.stop(), 0)

    def test_a_signal_during_the_start_is_obeyed_like_any_other(self):
        for attempt in range(30):
            with self.subTest(attempt), Host() as host:  # the sockets accept, and perhaps no more than that is ready
                host.connectord.process.send_signal(signal.SIGTERM)
                self.assertEqual(host.connectord.wait(), 0, host.connectord.log())

    def test_a_broken_configuration_at_the_start_is_an_error_and_an_exit_status(self):
        for case, content in BROKEN.items():
            with self.subTest(case), Host(options=SiteOptions(launch=False)) as host:
                host.connectord.config_file.write_bytes(content)
                host.connectord.launch()
                self.assertNotEqual(host.connectord.wait(), 0)
                self.assertIn(str(host.connectord.config_file), host.connectord.log())


def notification_socket(host: Host) -> socket.socket:
    """A datagram socket like systemd's, which connectord can reach when it is nobody."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    (host.path / "notify.sock").unlink(missing_ok=True)
    listener.bind(str(host.path / "notify.sock"))
    os.chmod(host.path / "notify.sock", 0o666)
    listener.settimeout(15)
    return listener
