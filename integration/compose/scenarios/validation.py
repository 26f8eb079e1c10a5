"""What the scenarios about `connectorctl validate` share: the host that asks, and what it is told."""

import json
from dataclasses import dataclass, replace

from scenario import SENDMAIL, Scenario

FRESH = replace(SENDMAIL, service="fresh", server="fresh.example.org")
LITWARE = "mail.litware.com"


@dataclass(frozen=True)
class Validated:
    """What `connectorctl validate --json` said."""

    report: dict

    @property
    def outcome(self) -> str:
        return "passed" if self.report["result"] == "passed" else self.report["obstacle"]

    @property
    def summary(self) -> str:
        return self.report["summary"]

    def step(self, check: str) -> dict:
        """The last step of this name."""
        return [step for step in self.report["steps"] if step["check"] == check][-1]

    def checks(self) -> list[str]:
        return [step["check"] for step in self.report["steps"]]

    def failed(self) -> list[str]:
        return [step["check"] for step in self.report["steps"] if step["outcome"] == "fail" and not step["warning"]]


class ValidateScenario(Scenario):
    """Asks on the host where connectord and a Sendmail are together. What litware.toml has is the configuration's own."""

    front = FRESH
    connectors_file = "/etc/connectord/connectors.d/litware.toml"

    @classmethod
    def setUpClass(cls):
        cls.addClassCleanup(cls.front.host.output, "rm", "-f", cls.connectors_file)

    def configure(self, connectors: str) -> None:
        self.front.host.output("tee", self.connectors_file, stdin=connectors)

    def connectorctl(self, *words: str):
        return self.front.host.run("connectorctl", *words)

    def validate(self, name: str, *words: str) -> Validated:
        done = self.connectorctl("validate", name, "--json", *words)
        self.assertTrue(done.stdout, done.stderr)
        validated = Validated(json.loads(done.stdout))
        self.assertEqual(done.status, 0 if validated.outcome == "passed" else 1, done)
        return validated
