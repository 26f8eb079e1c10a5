"""The API's description is true: every answer is one that it has, and no request that it rules out does anything."""

import json
import os
import re
import time
from urllib.parse import quote

import test_api
from api_scenario import FABRIKAM, RELAY, ApiScenario
from harness.api import CONNECTORS
from harness.daemon import SOURCE
from harness.openapi import METHODS, Description, RequestMaker

# What changes nothing of connectors, whatever its method.
HARMLESS = ("explainMessage", "validateConnector", "checkConnector", "backtestConnector", "beginSession", "makeLink",
            "testRules", "checkRule", "checkDomain")
REQUESTS = int(os.environ.get("CONNECTORD_API_REQUESTS", "4000"))


class Answers(ApiScenario):
    """What real answers look like, held against the description that the daemon serves."""

    def test_the_description_is_served_to_everybody_and_is_the_one_in_the_tree(self):
        served = self.site.client(None).get("/api/openapi.json").json
        self.assertEqual(served, json.loads((SOURCE / "src" / "api" / "openapi.json").read_text()))
        self.assertEqual(served["openapi"], "3.1.0")

    def test_every_answer_of_a_connectors_life_is_described(self):
        description = Description(self.api.get("/api/openapi.json").json)
        api, stranger, reader = self.api, self.site.client(None), self.site.client("read")
        for connector in (*test_api.EVERY_KEY, FABRIKAM, RELAY):
            query = f"?direction={connector['direction']}"
            api.create(connector)
            etag = api.connector(connector["name"], query).etag
            api.replace(connector["name"] + query, connector, etag)
            api.request("PUT", f"{CONNECTORS}/{connector['name']}/status{query}", {"enabled": True})
            api.delete(connector["name"] + query, None)
        api.get(CONNECTORS)
        api.create(FABRIKAM)
        api.create({"name": "bad"})
        for connector in (*test_api.EVERY_KEY, FABRIKAM, RELAY):
            api.delete(f"{connector['name']}?direction={connector['direction']}", "*")
        for rule in RULES:
            api.request("POST", "/api/exchange/rules", rule)
            path = f"/api/exchange/rules/{quote(rule.get('name', 'none'))}"
            etag = api.get(path).etag if "action" in rule else ""
            api.request("PUT", path, rule, headers={"If-Match": etag or "*"})
            api.request("PUT", f"{path}/status", {"enabled": False})
            api.request("POST", "/api/exchange/rules/check", rule)
            api.request("POST", "/api/exchange/rules/test", {
                "client_ip": "127.0.0.2", "mail_from": "a@b.example", "rcpt_to": ["a@example.net"], "rule": rule,
                "message": "From: a@b.example\nSubject: lottery\n\nHi\n"})
            api.get("/api/exchange/rules")
            api.get(f"{path}/place")
            api.request("DELETE", path, headers={"If-Match": "*"})
        for question in ({"client_ip": "127.0.0.2", "mail_from": "alice@contoso.com", "rcpt_to": ["a@example.net"]},
                         {"client_ip": "127.0.0.2", "mail_from": "", "message": "From: a@b.example\n\nHi\n"},
                         {"client_ip": "2001:db8::1", "mail_from": "a@b.example", "tls": "TLSv1.3", "at": 1}, {}):
            api.request("POST", "/api/exchange/explain", question)
        for client in (api, stranger, reader):
            for method, path, _ in description.operations():
                client.request(method, path.replace("{id}", "contoso"))
        for connector in (FABRIKAM, {"name": "bad"}):
            api.request("POST", f"{CONNECTORS}/check", connector)
        mute = "/api/exchange/insights/tls_weak:contoso/mute"
        api.request("POST", mute, {"reason": "they know", "until": self.in_a_week()})
        for wrong in ({}, {"reason": "", "until": "never"}, {"reason": "x", "until": "2020-01-01T00:00:00Z", "more": 1}):
            api.request("POST", mute, wrong)
        api.get("/api/exchange/insights")
        api.get("/api/exchange/reports/dmarc")
        for _ in range(2):
            api.request("DELETE", mute)
        api.request("POST", "/api/exchange/domains/example.net/check")
        sessions = [self.site.client() for _ in range(2)]
        for session in sessions:
            session.token = api.request("POST", "/api/session").json["secret"]
            session.get("/api/session")
        listed = api.get("/api/sessions").json["sessions"]
        api.request("DELETE", f"/api/sessions/{listed[0]['id']}")
        for session in sessions:
            session.request("DELETE", "/api/session")
        for client in (api, stranger, reader, *sessions):
            for method, path, answer in client.answers:
                with self.subTest(method=method, path=path, status=answer.status):
                    description.check(method, path, answer)
        self.assertEqual({(method, path) for method, path, _ in description.operations()},
                         {(method, self.described(description, path)) for method, path, answer in
                          api.answers + reader.answers if answer.status not in (401, 403, 404, 405)})

    def in_a_week(self) -> str:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 7 * 86_400))

    def described(self, description: Description, target: str) -> str:
        path = target.split("?")[0]
        return next(known for known in sorted(description.paths, key=lambda known: known.count("{"))
                    if re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", known), path))


RULES = ({"name": "no lottery", "when": {"subject_words": ["lottery"]}, "action": [{"do": "reject"}]},
         {"name": "all keys", "comment": "c", "mode": "audit", "stop": True, "on_error": "ignore", "severity": "low",
          "activate_at": "2026-01-01T00:00:00Z", "expire_at": "2126-01-01T00:00:00Z",
          "when": {"header": [{"name": "X-A", "words": ["a"]}]}, "unless": {"tls": True},
          "action": [{"do": "prepend_subject", "text": "[X] "}]},
         {"name": "bad", "action": [{"do": "nothing"}]}, {})


class MadeUpRequests(ApiScenario):
    """Requests made from the description, each with something wrong."""

    def test_each_gets_a_reason_and_none_changes_anything(self):
        description = Description(self.api.get("/api/openapi.json").json)
        operations = list(description.operations())
        before = self.files()
        generation = self.generation()
        for seed in range(REQUESTS):
            maker = RequestMaker(description, seed)
            method, path, operation = maker.random.choice(operations)
            if maker.random.random() < 0.1:
                method = maker.random.choice(METHODS)
            target = maker.target(path, operation)
            body = self.body(maker, operation)
            client = self.site.client(maker.random.choice(["read", "operate", "admin", "admin", "admin"]))
            headers = {}
            if maker.random.random() < 0.3:
                headers["If-Match"] = maker.random.choice(['"x"', "W/\"y\"", "", ",,,", "x" * 500])
            if maker.random.random() < 0.05:
                headers["Content-Type"] = maker.random.choice(["text/plain", "", "application/json; charset=x", "é"])
            answer = client.request(method, target, body, headers=headers)
            with self.subTest(seed=seed, method=method, target=target, body=str(body)[:200]):
                # There is no mail server in /etc here, whose queue could be looked at.
                # Nor is anything to be seen of one, and nobody is to be asked often.
                looks = ("/api/exchange/queue", "/api/exchange/doctor", "/api/exchange/certificates")
                if not (answer.status == 503 and target.startswith(looks)):
                    self.assertLess(answer.status, 500, str(answer))
                if answer.status >= 400:
                    self.assertEqual(answer.media_type, "application/problem+json")
                    self.assertTrue(answer.json["detail"])
                elif method in ("GET", "HEAD") or operation["operationId"] in HARMLESS:
                    description.check(method, target, answer)
                else:
                    self.assertIn(operation["operationId"], ("createConnector", "setStatus", "createRule"), str(answer))
                    self.undo(answer)
        self.assertTrue(self.host.connectord.is_running)
        self.assertEqual(self.files(), before)
        self.assertGreaterEqual(self.generation(), generation)

    def body(self, maker: RequestMaker, operation: dict):
        if "requestBody" not in operation:
            return maker.random.choice([None, None, None, b"{}", b"x"])
        valid = maker.sample(operation["requestBody"]["content"]["application/json"]["schema"])
        how = maker.random.random()
        if how < 0.1:
            return maker.random.choice([b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 50_000,
                                        b'{"enabled": true, "enabled": false}', b'"x"', b"{}{}", b"NaN",
                                        b'{"comment": "' + b"x" * 1_500_000 + b'"}'])
        return maker.spoiled(valid)

    def undo(self, answer) -> None:
        """What was valid after all."""
        connector = answer.json
        if "direction" not in connector:
            self.api.request("DELETE", f"/api/exchange/rules/{quote(connector['name'])}", headers={"If-Match": "*"})
        elif connector["name"] == "contoso":
            self.api.set_enabled("contoso", True)
        else:
            self.api.delete(f"{connector['name']}?direction={connector['direction']}", "*")

    def generation(self) -> int:
        return self.api.get("/health").json["configuration"]["generation"]
