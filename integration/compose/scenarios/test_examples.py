"""The examples are good configurations, each by itself."""

import unittest

from harness.daemon import SOURCE
import scenario


class Examples(unittest.TestCase):
    def test_connectorctl_finds_nothing_to_say_against_them(self):
        examples = sorted((SOURCE / "etc/examples").glob("*.toml"))
        self.assertTrue(examples)
        for example in examples:
            with self.subTest(example.name):
                host = scenario.arrangement["connectord-postfix"]
                done = host.run("connectorctl", "check", "--config", f"/examples/{example.name}")
                self.assertEqual((done.status, done.stdout.rpartition(", ")[2]), (0, "0 warnings\n"), done.stderr)
