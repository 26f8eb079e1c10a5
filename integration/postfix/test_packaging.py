"""What debian/, packaging/, Docker's files and script/bootstrap say, as far as it can be seen without building a package or an
image, or on a fresh machine: script/package and script/acceptance try the rest."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEBIAN = ROOT / "debian"
UNITS = (*DEBIAN.glob("*.service"), *DEBIAN.glob("*.socket"))
KEPT = {"trace.db"}  # what purging leaves to the administrator


def versions(name: str) -> list[str]:
    return re.findall(r"^connectord \((.*)\) ", (DEBIAN / name).read_text(), re.M)


def sent_to_docker() -> set[str]:
    return {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}


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

    def test_docker_is_sent_what_building_the_programs_takes(self):
        with tempfile.TemporaryDirectory() as context:
            for name in sent_to_docker():
                (copy := Path(context, name)).parent.mkdir(parents=True, exist_ok=True)
                (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, copy)
            configured = subprocess.run(["cmake", "--preset", "optimized"], cwd=context, capture_output=True, text=True,
                                        check=False)
            self.assertEqual(configured.returncode, 0, configured.stderr)

    def test_what_docker_is_sent_to_build_the_programs_is_taken(self):
        dockerfile = (ROOT / "integration" / "compose" / "Dockerfile").read_text()
        copied = {name for line in re.findall(r"^COPY (?!--from)(.*) /source", dockerfile, re.M) for name in line.split()}
        self.assertEqual(copied, sent_to_docker())

    def test_the_demo_needs_no_module_of_python_that_bootstrap_does_not_install_for_it(self):
        packages = subprocess.run([ROOT / "script" / "bootstrap", "--list", "--demo"], stdout=subprocess.PIPE, text=True,
                                  check=True).stdout.split()
        with tempfile.TemporaryDirectory() as modules:
            for package in (package for package in packages if package.startswith("python3-")):
                for path in subprocess.run(["dpkg", "-L", package], stdout=subprocess.PIPE, text=True,
                                           check=True).stdout.split():
                    if Path(path).parent == Path("/usr/lib/python3/dist-packages"):
                        Path(modules, Path(path).name).symlink_to(path)
            begun = subprocess.run(["/usr/bin/python3", "-S", ROOT / "integration" / "demo.py", "--help"],
                                   env={**os.environ, "PYTHONPATH": modules}, capture_output=True, text=True, check=False)
        self.assertEqual(begun.returncode, 0, begun.stderr)


if __name__ == "__main__":
    unittest.main()
