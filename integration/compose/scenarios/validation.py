"""What the scenarios about `connectorctl validate` share: the host that asks, and the answers."""

import re

from fresh_sendmail import FRESH
from harness.daemon import Output
from harness.validated import Validated, read_validated
from harness.waiting import wait_until
from scenario import Scenario

LITWARE = "mail.litware.com"

# Beside the connectord that the host has; below a folder that Sendmail trusts.
FOLDER = "/run/validating"
CONFIG, LOG, STATE = f"{FOLDER}/connectord.toml", f"{FOLDER}/log", f"{FOLDER}/state"
KEPT_IN_THE_FOLDER = f"""
[trace]
store = "sqlite:{FOLDER}/trace.db"
mail_log = "/var/log/mail.log"
[validation]
state = "{STATE}"
"""


class ValidateScenario(Scenario):
    """Asks on the host where a Sendmail is, about connectors beside those of sendmail.toml."""

    front = FRESH
    process: str  # of the connectord that is started

    @classmethod
    def setUpClass(cls):
        cls.addClassCleanup(cls.front.host.output, "rm", "-rf", FOLDER)
        cls.front.host.output("install", "-d", "-o", "connectord", FOLDER)

    @classmethod
    def configure(cls, connectors: str, validation: str = "") -> None:
        """`validation` are further keys of that table."""
        example = cls.front.host.output("cat", "/examples/sendmail.toml").replace("/run/connectord/", f"{FOLDER}/")
        cls.front.host.output("tee", CONFIG, stdin=example + KEPT_IN_THE_FOLDER + validation + connectors)

    @classmethod
    def start_connectord(cls) -> None:
        """A connectord with that configuration, until the end of the class."""
        run = cls.front.host.output
        cls.process = run("sh", "-ec", f"connectord --config {CONFIG} </dev/null >{LOG} 2>&1 & echo $!").strip()
        end = f"kill {cls.process}; while kill -0 {cls.process} 2>/dev/null; do sleep 0.1; done"
        cls.addClassCleanup(run, "sh", "-ec", end)
        cls.wait_for_connectord_log("connectord: started")

    @classmethod
    def wait_for_connectord_log(cls, pattern: str) -> None:
        wait_until(lambda: re.search(pattern, cls.front.host.output("cat", LOG)), f"/{pattern}/ in {LOG}")

    @classmethod
    def connectorctl(cls, command: str, *words: str) -> Output:
        return cls.front.host.run("connectorctl", command, *words, "--config", CONFIG)

    def validate(self, name: str, *words: str) -> Validated:
        done = self.connectorctl("validate", name, "--json", *words)
        return read_validated(self, done.status, done.stdout, done.stderr)
