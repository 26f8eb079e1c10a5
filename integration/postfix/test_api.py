"""Connectors by the API: made, changed, switched and deleted; in force at once and after a restart; or nothing at all."""

import json
import os
import stat
import threading
import tomllib

from api_scenario import FABRIKAM, RELAY, ApiScenario, server_lines
from harness.api import CONNECTORS
from harness.site import Host, SiteOptions
from harness.waiting import wait_until

EVERY_KEY = [
    {"name": "all.keys-1", "direction": "inbound", "scenario": "partner", "enabled": False, "mode": "audit",
     "priority": 7, "trusted_path": False, "comment": "ticket \"4711\" \\ ü",
     "identify": {"sender_domains": ["a.example", "*.a.example"],
                  "client_networks": ["192.0.2.0/24", "2001:db8::1", "198.51.100.1-198.51.100.9"],
                  "certificate": {"subject": "mail.a.example", "issuer": "A CA",
                                  "fingerprints": ["sha256:" + "ab" * 32]}},
     "require": {"tls": True, "tls_version": "TLSv1.3", "client_networks": ["192.0.2.0/24"],
                 "certificate": {"fingerprints": ["spki-sha256:" + "0f" * 32]}},
     "enhanced_filtering": {"skip_last": True, "skip_networks": ["10.0.0.0/8"], "recipients": ["me@example.net"],
                            "skip_spam_filtering": True}},
    {"name": "all.keys-1", "direction": "outbound", "scenario": "on-premises", "enabled": True, "comment": "x",
     "recipient_domains": ["b.example"], "inbound_connectors": ["contoso"], "split_recipients": True,
     "route": {"smart_hosts": ["[mx.b.example]:2525", "b.example"]},
     "tls": {"level": "match", "match": [".b.example"], "version": "TLSv1.2", "ca_file": "/etc/ssl/cert.pem"}},
]


class Connectors(ApiScenario):
    def test_a_connector_is_made_and_found_again_with_all_that_it_says(self):
        for connector in EVERY_KEY:
            with self.subTest(connector["direction"]):
                self.create(connector)
                found = self.api.connector(connector["name"], f"?direction={connector['direction']}")
                self.assertEqual(found.json, connector)
                file = self.site.connectors_folder / f"api-{connector['direction']}-all.keys-1.toml"
                written = tomllib.loads(file.read_text())[connector["direction"]][0]
                self.assertEqual({**written, "direction": connector["direction"]}, connector)
                self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o640)

    def test_it_is_still_there_after_a_restart_and_after_a_reload(self):
        self.create(FABRIKAM)
        before = self.api.connector("fabrikam")
        self.host.connectord.stop()
        self.host.connectord.start()
        self.assertEqual(self.api.connector("fabrikam").content, before.content)
        self.host.connectord.hang_up()
        self.host.connectord.wait_for_log("configuration loaded")
        self.assertEqual(self.api.connector("fabrikam").etag, before.etag)

    def test_lists_filter_by_direction_scenario_status_name_and_text(self):
        self.create(FABRIKAM)
        self.create({**RELAY, "enabled": False})
        for query, names in (("", ["contoso", "fabrikam", "relay"]), ("?direction=outbound", ["relay"]),
                             ("?scenario=partner", ["contoso", "fabrikam"]), ("?status=disabled", ["relay"]),
                             ("?enabled=true", ["contoso", "fabrikam"]), ("?name=FAB", ["fabrikam"]),
                             ("?text=relay.example.net", ["relay"]), ("?text=contoso%2Ecom", ["contoso"]),
                             ("?direction=inbound&name=relay", [])):
            with self.subTest(query):
                listed = self.api.get(CONNECTORS + query)
                self.assertEqual([entry["name"] for entry in listed.json["connectors"]], names, str(listed))
        printed = json.loads(self.site.ctl("list", "--json").stdout)
        self.assertEqual(self.api.get(CONNECTORS).json["connectors"], printed)

    def test_a_name_of_both_directions_wants_the_direction(self):
        self.create(FABRIKAM)
        self.create({**RELAY, "name": "fabrikam"})
        self.assert_problem(self.api.connector("fabrikam"), 409, "name the direction, inbound or outbound")
        self.assert_problem(self.api.connector("fabrikam", "?direction=up"), 400, "outbound")
        self.assertEqual(self.api.connector("fabrikam", "?direction=outbound").json["direction"], "outbound")

    def test_a_replacement_wants_the_state_that_it_replaces(self):
        self.create(FABRIKAM)
        first = self.api.connector("fabrikam")
        changed = {**FABRIKAM, "comment": "mine"}
        self.assert_problem(self.api.replace("fabrikam", changed, None), 428, "If-Match")
        self.assertEqual(self.api.replace("fabrikam", changed, first.etag).json["comment"], "mine")
        self.assert_problem(self.api.replace("fabrikam", {**FABRIKAM, "comment": "yours"}, first.etag), 412)
        self.assert_problem(self.api.delete("fabrikam", first.etag), 412)
        self.assert_problem(self.api.delete("fabrikam", None), 428)
        self.assert_problem(self.api.set_enabled("fabrikam", False, first.etag), 412)
        self.assertEqual(self.api.connector("fabrikam").json["comment"], "mine")
        self.assert_problem(self.api.replace("fabrikam", {**FABRIKAM, "name": "other"}, "*"), 422, "name")

    def test_of_many_writers_of_one_state_one_wins(self):
        self.create(FABRIKAM)
        etag = self.api.connector("fabrikam").etag
        answers = []
        threads = [threading.Thread(target=lambda n=n: answers.append(
            self.site.client().replace("fabrikam", {**FABRIKAM, "comment": str(n)}, etag))) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(answer.status for answer in answers), [200] + [412] * 7)
        winner = next(answer for answer in answers if answer.status == 200)
        self.assertEqual(self.api.connector("fabrikam").json, winner.json)

    def test_what_does_not_load_is_undone_whole_and_names_the_field(self):
        before = self.files()
        for fields, connector in (
                (["require.tls_version"], {**FABRIKAM, "require": {"tls": True, "tls_version": "SSLv3"}}),
                (["identify.sender_domain"], {**FABRIKAM, "identify": {"sender_domain": "x"}}),
                (["scenario"], {**FABRIKAM, "scenario": "friend"}),
                (["enabled"], {**FABRIKAM, "enabled": "yes"}),
                (["priority"], {**FABRIKAM, "priority": 1.5}),
                (["comment"], {**FABRIKAM, "comment": None}),
                (["name"], {**FABRIKAM, "name": "../../etc/passwd"}),
                (["direction"], {**FABRIKAM, "direction": "sideways"}),
                (["outbound"], {**FABRIKAM, "outbound": {"x": 1}})):
            with self.subTest(fields):
                answer = self.api.create(connector)
                self.assert_problem(answer, 422)
                self.assertEqual(answer.fields[:1], fields, str(answer))
        self.assertEqual(self.files(), before)
        # What it says against another connector.
        answer = self.api.create({**FABRIKAM, "identify": {"sender_domains": ["contoso.com"]}})
        self.assertIn(answer.status, (409, 422), str(answer))
        self.assertIn("contoso", str(answer))
        self.assertEqual(self.files(), before)

    def test_names_that_are_taken_are_refused_in_any_case(self):
        for name in ("contoso", "CONTOSO"):
            self.assert_problem(self.api.create({**FABRIKAM, "name": name}), 409, "already")

    def test_a_connector_in_a_file_of_peoples_is_switched_in_place_and_otherwise_left_to_them(self):
        file = self.site.connectors_folder / "hand.toml"
        text = ('# The office.   Do not touch!\n[[inbound]]  # since 2019\nname = "office" # ü\n'
                'scenario="on-premises"\n[inbound.identify]\nclient_networks = [ "192.0.2.77" ]   # printer\n\n'
                '[[inbound]]\nname = "annex"\nenabled   =   true# on\nscenario = "internet"\n'
                'identify = { client_networks = ["192.0.2.78"] }\n')
        file.write_text(text)
        file.chmod(0o666)
        self.addCleanup(self.reload_without, file, "office")
        self.reload_until("office")
        for name, old, new in (("office", "# since 2019\n", "# since 2019\nenabled = false\n"),
                               ("annex", "enabled   =   true# on", "enabled   =   false# on")):
            with self.subTest(name):
                answer = self.api.set_enabled(name, False)
                self.assertEqual(answer.json["enabled"], False, str(answer))
                text = text.replace(old, new)
                self.assertEqual(file.read_text(), text)
                self.assertEqual(self.api.connector(name).json["enabled"], False)
        etag = self.api.connector("office").etag
        self.assert_problem(self.api.delete("office", etag), 409, str(file), "line 2")
        self.assert_problem(self.api.replace("office", self.api.connector("office").json, etag), 409, str(file))
        os.chown(file, 0, 0)
        file.chmod(0o644)
        self.assert_problem(self.api.set_enabled("office", True), 409, str(file), "line 2", "may not write")
        self.assertEqual(file.read_text(), text)

    def test_a_file_of_the_apis_that_somebody_edited_is_theirs_from_then_on(self):
        self.assertEqual(self.api.create(FABRIKAM).status, 201)
        file = self.site.connectors_folder / "api-inbound-fabrikam.toml"
        self.addCleanup(self.reload_without, file, "fabrikam")
        file.write_text(file.read_text().replace("tls = true", "tls = true # agreed by phone"))
        self.assert_problem(self.api.delete("fabrikam", "*"), 409, str(file))
        self.assertEqual(self.api.set_enabled("fabrikam", False).status, 200)
        self.assertIn("# agreed by phone", file.read_text())

    def test_without_a_place_for_new_files_it_says_what_to_write(self):
        configuration = self.host.connectord.config_file.read_text()
        self.addCleanup(self.reload, configuration)
        self.reload(configuration.replace('"connectors.d/*.toml"', ""))
        self.assert_problem(self.api.create(FABRIKAM), 409, 'include = [\\"connectors.d/*.toml\\"]')

    def test_a_folder_that_connectord_may_not_write_is_named(self):
        os.chown(self.site.connectors_folder, 0, 0)
        self.addCleanup(os.chown, self.site.connectors_folder, os.stat(self.host.path / "run").st_uid, -1)
        before = self.files()
        self.assert_problem(self.api.create(FABRIKAM), 500, str(self.site.connectors_folder), "nothing was changed")
        self.assertEqual(self.files(), before)
        self.assertEqual(self.api.connector("fabrikam").status, 404)

    def test_a_broken_file_of_peoples_keeps_every_change_away_and_is_named(self):
        file = self.site.connectors_folder / "broken.toml"
        file.write_text("[[inbound]]\nname =\n")
        self.addCleanup(file.unlink)
        before = self.files()
        self.assert_problem(self.api.create(FABRIKAM), 409, f"{file}:2")
        self.assertEqual(self.files(), before)

    def test_explain_answers_what_connectorctl_prints(self):
        answer = self.api.request("POST", "/api/exchange/explain",
                                  {"client_ip": "127.0.0.9", "helo": "x", "mail_from": "alice@contoso.com",
                                   "rcpt_to": ["user@example.net"], "tls": "TLSv1.3", "cert_subject": "mail.contoso.com"})
        printed = self.site.ctl("explain", "--json", "--client-ip", "127.0.0.9", "--helo", "x", "--mail-from",
                                "alice@contoso.com", "--rcpt-to", "user@example.net", "--tls", "TLSv1.3",
                                "--cert-subject", "mail.contoso.com")
        self.assertEqual(answer.json, json.loads(printed.stdout))
        self.assertEqual(answer.json["connector"], "contoso")
        wrong = self.api.request("POST", "/api/exchange/explain", {"client_ip": "x", "mail_from": ""})
        self.assert_problem(wrong, 422)
        self.assertEqual(wrong.fields, ["client_ip"])

    def test_what_is_not_there_says_so(self):
        for path in ("messagetrace", "messagetrace/4711", "reports/connectors"):
            self.assert_problem(self.api.get(f"/api/exchange/{path}"), 409, "[trace]")
        self.assert_problem(self.api.get("/api/exchange"), 404)
        wrong = self.api.request("PATCH", f"{CONNECTORS}/contoso")
        self.assert_problem(wrong, 405)
        self.assertEqual(wrong.headers["allow"], "GET, PUT, DELETE")

    def reload(self, configuration: str) -> None:
        self.host.connectord.write_configuration(configuration)
        self.host.connectord.reload()

    def reload_until(self, name: str, status: int = 200) -> None:
        self.host.connectord.hang_up()
        wait_until(lambda: self.api.connector(name).status == status, f"{name} to be {status}")

    def reload_without(self, file, name: str) -> None:
        file.unlink()
        self.reload_until(name, 404)


class Audit(ApiScenario):
    def entries(self) -> list[dict]:
        return [json.loads(line) for line in self.site.audit_log.read_text().splitlines()]

    def test_every_change_stands_there_with_who_what_before_and_after(self):
        self.create(FABRIKAM)
        operator = self.site.client("operate")
        self.assertEqual(operator.set_enabled("fabrikam", False).status, 200)
        self.api.delete("fabrikam", "*")
        made, switched, deleted = self.entries()[-3:]
        self.assertEqual((made["who"], made["action"], made["before"], made["after"]),
                         ("admin", "create", None, FABRIKAM))
        self.assertEqual((switched["who"], switched["role"], switched["action"], switched["before"]["enabled"],
                          switched["after"]["enabled"]), ("operate", "operate", "disable", True, False))
        self.assertEqual((deleted["action"], deleted["after"]), ("delete", None))
        self.assertRegex(deleted["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual(deleted["peer"], f"unix:{os.getuid()}")

    def test_changes_of_tokens_stand_there_too_without_the_token(self):
        token = self.site.new_token("auditor", "read")
        self.site.ctl("token", "remove", "auditor")
        added, removed = self.entries()[-2:]
        self.assertEqual((added["action"], added["token"], removed["action"]), ("token add", "auditor", "token remove"))
        self.assertNotIn(token, self.site.audit_log.read_text())
        self.assertNotIn(token, self.host.connectord.log())

    def test_it_goes_on_after_it_was_moved_away_and_after_a_restart(self):
        self.site.audit_log.rename(self.site.audit_log.with_suffix(".1"))
        os.chown(self.site.audit_log.parent, os.stat(self.host.path / "run").st_uid, -1)
        self.create(FABRIKAM)
        self.assertEqual(len(self.entries()), 1)
        self.host.connectord.stop()
        self.host.connectord.start()
        self.api.delete("fabrikam", "*")
        self.assertEqual([entry["action"] for entry in self.entries()], ["create", "delete"])

    def test_without_it_nothing_is_changed(self):
        moved = self.site.audit_log.with_suffix(".aside")
        self.site.audit_log.rename(moved)
        self.site.audit_log.mkdir()
        self.addCleanup(lambda: (self.site.audit_log.rmdir(), moved.rename(self.site.audit_log)))
        before = self.files()
        self.assert_problem(self.api.create(FABRIKAM), 500, "audit")
        self.assertEqual(self.files(), before)
        self.assertEqual(self.api.connector("fabrikam").status, 404)


class Configuration(ApiScenario):
    def test_a_network_listener_without_tls_is_an_error_of_the_configuration(self):
        with Host(options=SiteOptions(launch=False)) as host:
            text = host.connectord.config_file.read_text()
            lines = server_lines(host.path, "inet:0.0.0.0:8025")
            host.connectord.write_configuration(text.replace("[server]\n", f"[server]\n{lines}\n"))
            host.connectord.launch()
            self.assertNotEqual(host.connectord.wait(), 0)
            self.assertIn("api_certificate", host.connectord.log())
