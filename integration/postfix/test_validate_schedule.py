"""The daemon validates by itself, as the user that it becomes, and reports what is new in the log and by mail."""

import json
import shutil
import time

from api_scenario import ApiHost, server_lines
from harness.sink import Sink, server_context
from harness.site import USER
from harness.waiting import wait_until
from validation import MX, ValidateScenario


class Scheduled(ValidateScenario):
    def test_changes_are_logged_and_mailed_once(self):
        partner = Sink("partner", self.certificates.good)
        partner.start()
        self.addCleanup(partner.stop)
        mail = f'every = "10m"\nmail_to = "postmaster@example.net"\nmail_through = "inet:127.0.0.1:{partner.port}"\n'
        connector = self.connector(f"[{MX}]:{partner.port}")
        connectord = self.site.connectord
        self.configure(mail + connector)
        result = self.state / "outbound-contoso-out.json"

        # The last time was long ago, so that it is due at once.
        def start_after(passed: bool) -> None:
            self.state.mkdir(exist_ok=True)
            shutil.chown(self.state, USER)
            result.write_text(json.dumps({"time": 1, "result": "passed" if passed else "failed",
                                          "obstacle": "none" if passed else "tls_failed"}))
            connectord.start()
            connectord.wait_for_log("validation: .*connector=contoso-out", 30)

        start_after(passed=True)
        self.assertNotIn("fails:", connectord.log())
        self.assertEqual(json.loads(result.read_text())["result"], "passed")
        connectord.stop()

        partner.tls = server_context(self.certificates.elsewhere)
        start_after(passed=True)
        connectord.wait_for_log("changed.*fails: certificate not trusted or for another name", 30)
        message = wait_until(lambda: [each for each in partner.messages() if b"has news" in each.content], "the mail")[-1]
        self.assertEqual((message.mail_from, message.recipients), ("", ["postmaster@example.net"]))
        self.assertIn(b"fails: certificate not trusted", message.content)
        wait_until(lambda: json.loads(result.read_text())["result"] == "failed", "the result that is kept")
        connectord.stop()


class Metrics(ValidateScenario):
    def test_the_last_results_are_metrics_also_those_of_an_earlier_process(self):
        partner = Sink("partner", self.certificates.good)
        partner.start()
        self.addCleanup(partner.stop)
        self.configure('every = "10m"\n' + self.connector(f"[{MX}]:{partner.port}"))
        connectord = self.site.connectord
        text = connectord.config_file.read_text()
        connectord.write_configuration(text.replace("[server]\n", f"[server]\n{server_lines(self.site.path)}\n"))
        self.state.mkdir(exist_ok=True)
        shutil.chown(self.state, USER)
        result = self.state / "outbound-contoso-out.json"
        now = int(time.time())
        result.write_text(json.dumps({"time": now, "result": "failed", "obstacle": "tls_failed"}))
        api = ApiHost(self.site).client("read")

        def metrics() -> str:
            return api.get("/metrics").content.decode()

        self.assertIn('connectord_validation_passed{connector="contoso-out"} 0\n', metrics())
        self.assertIn(f'connectord_validation_time_seconds{{connector="contoso-out"}} {now}\n', metrics())
        result.write_text(json.dumps({"time": 1, "result": "failed", "obstacle": "tls_failed"}))
        connectord.hang_up()  # and the time for it is looked at again
        wait_until(lambda: 'connectord_validation_passed{connector="contoso-out"} 1\n' in metrics(), "the validation")
        self.assertRegex(metrics(), r'connectord_validation_certificate_expiry_seconds\{connector="contoso-out"\} \d{10}')
        connectord.stop()
