"""A running daemon validates when the API asks it to, with a real Postfix as the partner, and lists what it found."""

from api_scenario import ApiHost, server_lines
from harness.api import CONNECTORS
from harness.openapi import Description
from validation import RECIPIENT, ValidateScenario, showing


class ByTheApi(ValidateScenario):
    @classmethod
    def entrances(cls):
        return {"good": showing(cls.certificates.good), "elsewhere": showing(cls.certificates.elsewhere)}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        scenario = cls()
        good = scenario.connector(scenario.at("good"))
        other = scenario.connector(scenario.at("elsewhere"), domains='"fabrikam.com"').replace("contoso-out", "fabrikam-out")
        scenario.configure(good + other)
        connectord = cls.site.connectord
        text = connectord.config_file.read_text()
        connectord.write_configuration(text.replace("[server]\n", f"[server]\n{server_lines(cls.site.path)}\n"))
        cls.hosts = ApiHost(cls.site)
        cls.api = cls.hosts.client("operate")

    def test_results_come_back_are_listed_and_come_not_too_often(self):
        listed = self.api.get(CONNECTORS).json["connectors"]
        self.assertEqual([each["validated"] for each in listed], [None, None])
        good = self.api.request("POST", f"{CONNECTORS}/contoso-out/validate?rcpt_to={RECIPIENT}")
        self.assertEqual((good.status, good.json["result"]), (200, "passed"), str(good))
        again = self.api.request("POST", f"{CONNECTORS}/contoso-out/validate")
        self.assertEqual(again.status, 429, str(again))
        mistyped = self.api.request("POST", f"{CONNECTORS}/fabrikam-out/validate?rcpt_to=a%20b")
        self.assertEqual((mistyped.status, mistyped.fields), (400, ["rcpt_to"]), str(mistyped))
        self.assertIsNone(self.api.get(f"{CONNECTORS}?name=fabrikam-out").json["connectors"][0]["validated"])
        bad = self.api.request("POST", f"{CONNECTORS}/fabrikam-out/validate")
        self.assertEqual((bad.status, bad.json["obstacle"]), (200, "certificate"), str(bad))
        listed = self.api.get(CONNECTORS).json["connectors"]
        self.assertEqual([each["validated"]["result"] for each in listed], ["passed", "failed"])
        self.assertEqual(self.site.postfix.queued(), 0)
        description = Description(self.api.get("/api/openapi.json").json)
        for method, path, answer in self.api.answers:
            with self.subTest(method=method, path=path, status=answer.status):
                description.check(method, path, answer)
        self.assertEqual(self.hosts.client("read").request("POST", f"{CONNECTORS}/contoso-out/validate").status, 403)
