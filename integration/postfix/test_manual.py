"""The manual pages: what script/man-pages writes is what connectorctl takes, and good mdoc."""

import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from harness.daemon import build_folder

ROOT = Path(__file__).resolve().parents[2]
DAEMONS = sorted((ROOT / "etc" / "man").iterdir())


class Manual(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        subprocess.run([ROOT / "script" / "man-pages", build_folder() / "connectorctl", cls.folder], check=True)
        cls.pages = sorted(cls.folder.iterdir())

    def connectorctl(self, *arguments: str) -> str:
        return subprocess.run([build_folder() / "connectorctl", *arguments], check=True, capture_output=True, text=True).stdout

    def read(self, page: str) -> str:
        """As a person sees it, in one line."""
        shown = subprocess.run(["mandoc", "-T", "utf8", "-O", "width=1000", self.folder / page], check=True,
                               capture_output=True, text=True).stdout
        return " ".join(re.sub(r".\x08", "", shown).split())

    def test_each_command_has_a_page_that_names_all_that_its_help_names(self):
        commands = re.findall(r"^  ([a-z]\S*)", self.connectorctl("--help").split("Commands:")[1].split("Example")[0], re.M)
        self.assertGreater(len(commands), 10)
        for command in commands:
            with self.subTest(command):
                page = self.read(f"connectorctl-{command}.1")
                self.assertNotRegex(page, r"--[a-z-]+\{", "a name is not what people would type")
                for option in set(re.findall(r"^  (?:-\w,)?(--[a-z-]+)", self.connectorctl(command, "--help"), re.M)):
                    if option not in ("--help", "--config", "--json"):
                        self.assertIn(option, page)

    def test_each_key_of_the_configuration_has_its_entry(self):
        page = self.read("connectord.toml.5")
        keys = re.findall(r"^\| `([a-z_0-9]+)` \|", (ROOT / "docs" / "configuration.md").read_text().split(
            "<!-- reference: begin -->")[1], re.M)
        self.assertGreater(len(keys), 50)
        for key in keys:
            self.assertIn(f" {key} ", page)

    def test_the_pages_are_good_mdoc(self):
        for page in [*self.pages, *DAEMONS]:
            checked = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page], capture_output=True, text=True, check=False)
            self.assertEqual((checked.returncode, checked.stdout), (0, ""), page)


if __name__ == "__main__":
    unittest.main()
