"""The bill of materials of a release: good SPDX, and with all that the package needs, was built of and contains."""

import hashlib
import json
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONTROL = """Package: connectord
Version: 0.2.0-1~deb12
Architecture: amd64
Maintainer: nobody <nobody@example.net>
Description: a package for a test
Depends: libc6 (>= 2.34), libstdc++6 (>= 12), systemd | systemd-standalone-sysusers
"""
BUILT = """Format: 1.0
Installed-Build-Depends:
 cmake (= 3.25.1-1),
 libboost1.81-dev (= 1.81.0-5+deb12u1),
 zlib1g-dev (= 1:1.2.13.dfsg-1)
Environment:
 LANG="C.UTF-8"
"""


class BillOfMaterials(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        (folder / "root" / "DEBIAN").mkdir(parents=True)
        (folder / "root" / "DEBIAN" / "control").write_text(CONTROL)
        cls.package = folder / "connectord_0.2.0-1~deb12_amd64.deb"
        cls.package.with_suffix(".buildinfo").write_text(BUILT)
        subprocess.run(["dpkg-deb", "--root-owner-group", "--build", folder / "root", cls.package], check=True, capture_output=True)
        cls.bill = json.loads(subprocess.run([ROOT / "script" / "bill-of-materials", cls.package], check=True,
                                             capture_output=True, text=True).stdout)

    def related(self, kind: str) -> dict[str, str]:
        """Names and versions of what has this relation to the package."""
        packages = {package["SPDXID"]: package for package in self.bill["packages"]}
        ours = "SPDXRef-package-connectord"
        ids = [relation["spdxElementId"] if relation["relatedSpdxElement"] == ours else relation["relatedSpdxElement"]
               for relation in self.bill["relationships"] if relation["relationshipType"] == kind]
        return {packages[identifier]["name"]: packages[identifier]["versionInfo"] for identifier in ids}

    def test_it_has_what_spdx_requires(self):
        self.assertEqual((self.bill["spdxVersion"], self.bill["dataLicense"], self.bill["SPDXID"]),
                         ("SPDX-2.3", "CC0-1.0", "SPDXRef-DOCUMENT"))
        self.assertRegex(self.bill["documentNamespace"], r"^https://[^#\s]+$")
        self.assertRegex(self.bill["creationInfo"]["created"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        for creator in self.bill["creationInfo"]["creators"]:
            self.assertRegex(creator, "^(Person|Organization|Tool): .")
        for package in self.bill["packages"]:
            self.assertRegex(package["SPDXID"], r"^SPDXRef-[A-Za-z0-9.-]+$")
            self.assertTrue(package["name"] and package["downloadLocation"])
            for reference in package.get("externalRefs", []):
                self.assertEqual(set(reference), {"referenceCategory", "referenceType", "referenceLocator"})
                self.assertRegex(reference["referenceLocator"], r"^pkg:(deb/debian|npm)/\S+$")

    def test_each_identifier_is_one_package_s_and_each_relation_names_two(self):
        identifiers = [package["SPDXID"] for package in self.bill["packages"]]
        self.assertEqual(len(identifiers), len(set(identifiers)))
        for relation in self.bill["relationships"]:
            self.assertLessEqual({relation["spdxElementId"], relation["relatedSpdxElement"]},
                                 {*identifiers, "SPDXRef-DOCUMENT"})

    def test_it_is_that_package_s(self):
        ours = next(package for package in self.bill["packages"] if package["name"] == "connectord")
        self.assertEqual(ours["checksums"], [{"algorithm": "SHA256",
                                              "checksumValue": hashlib.sha256(self.package.read_bytes()).hexdigest()}])

    def test_it_names_what_the_package_needs_was_built_of_and_contains(self):
        self.assertEqual(self.related("DEPENDS_ON"), {"libc6": ">= 2.34", "libstdc++6": ">= 12", "systemd": "any"})
        self.assertEqual(self.related("BUILD_DEPENDENCY_OF"),
                         {"cmake": "3.25.1-1", "libboost1.81-dev": "1.81.0-5+deb12u1", "zlib1g-dev": "1:1.2.13.dfsg-1"})
        self.assertEqual(set(self.related("CONTAINS")), {"preact"})
        self.assertTrue(re.match(r"10\.", self.related("CONTAINS")["preact"]))


if __name__ == "__main__":
    unittest.main()
