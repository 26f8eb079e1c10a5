"""What debian/ and packaging/ say, as far as it can be seen without building a package: script/package and
script/acceptance try the rest."""

import re
import subprocess
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEBIAN = ROOT / "debian"
UNITS = (*DEBIAN.glob("*.service"), *DEBIAN.glob("*.socket"))
KEPT = {"trace.db"}  # what purging leaves to the administrator


def versions(name: str) -> list[str]:
    return re.findall(r"^connectord \((.*)\) ", (DEBIAN / name).read_text(), re.M)


class Packaging(unittest.TestCase):
    def test_the_units_are_units(self):
        self.assertGreater(len(UNITS), 2)
        for unit in UNITS:
            self.assertTrue(unit.is_symlink(), f"{unit.name} is a copy of etc/'s")
            self.assertIn("[Unit]", unit.read_text(), unit.name)

    def test_what_is_new_is_of_a_version_that_there_was(self):
        self.assertLessEqual(set(versions("NEWS")), set(versions("changelog")))

    def test_purging_knows_all_state(self):
        reference = (ROOT / "docs" / "configuration.md").read_text()
        state = set(re.findall(r"/var/lib/connectord/([a-z.]+)", reference)) - KEPT
        self.assertGreater(len(state), 5)
        removed = re.search(r"^ *for name in (.*); do$", (DEBIAN / "connectord.postrm").read_text(), re.M)[1].split()
        self.assertLessEqual(state, set(removed))

    def test_the_profile_of_apparmor_loads(self):
        read = subprocess.run(["/sbin/apparmor_parser", "--skip-kernel-load", "--skip-cache", "--quiet",
                               ROOT / "packaging" / "apparmor" / "usr.sbin.connectord"],
                              capture_output=True, text=True, check=False)
        self.assertEqual(read.returncode, 0, read.stderr)

    def test_the_maintainer_scripts_are_good_shell(self):
        for script in DEBIAN.glob("*.p*"):
            subprocess.run(["dash", "-n", script], check=True)


if __name__ == "__main__":
    unittest.main()
