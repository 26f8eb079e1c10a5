"""What the documents ask people to type does what they say: each block is run on a machine as Debian installs it.

`documents.py` in the harness says how blocks are marked.
"""

import os
import re
import shlex
import subprocess
import tempfile
import unittest
from pathlib import Path

from harness.daemon import SOURCE, build_folder
from harness.dns_server import txt
from harness.documents import Block, blocks, difference
from harness.machine import Machine

DOCS = SOURCE / "docs"

# For developers: their commands build, test and measure, which is what CI does.
DEVELOPERS = ("CONTRIBUTING", "adding-a-check", "architecture", "dependencies", "performance", "testing")

ZONE = (txt("contoso.com", "v=spf1 ip4:203.0.113.0/24 -all") +
        txt("tailspin.example", "v=spf1 -all") + txt("_dmarc.tailspin.example", "v=DMARC1; p=reject") +
        txt("example.net", "v=spf1 ip4:192.0.2.5 -all") + """\
mx.example.net. IN A 192.0.2.5
example.net. IN MX 10 mx.example.net.
25.113.0.203.in-addr.arpa. IN PTR mail.contoso.com.
mail.contoso.com. IN A 203.0.113.25
contoso.com. IN MX 10 mail.contoso.com.
7.100.51.198.in-addr.arpa. IN PTR mail.example.org.
mail.example.org. IN A 198.51.100.7
""")

DATA = ("json", "yaml", "powershell", "ini", "python", "text", "svg")  # nothing to type in a shell

# A toml block without [server] is checked behind this.
SERVER = '[server]\nmilter = "unix:/run/connectord/milter.sock"\nuser = "connectord"\n\n'


class Documents(unittest.TestCase):
    def run_page(self, page: Path, machine: Machine) -> None:
        """Runs all blocks of the page, and reports all that are not as shown."""
        for block in blocks(page):
            with self.subTest(block.place):
                self.run_block(block, machine)

    def run_block(self, block: Block, machine: Machine) -> None:
        if "before" in block.marks:
            self.succeed(block, block.marks["before"], machine)
        if "not run" in block.marks:
            self.assertTrue(block.marks["not run"], f"{block.place}: why not?")
        elif "file" in block.marks or "append" in block.marks:
            machine.write(block.marks.get("file") or block.marks["append"], block.text, "append" in block.marks)
        elif "main.cf" in block.marks:
            self.succeed(block, "postconf -e " + " ".join(map(shlex.quote, block.parameters())), machine)
        elif block.language == "console":
            for command, expected in block.commands():
                said = machine.run(command)
                if trouble := difference(expected, said.text, "any order" in block.marks):
                    self.fail(f"{block.place}: {command}\n{trouble}\n--- all of it:\n{said.text}")
        elif block.language == "sh":
            self.succeed(block, block.text, machine)
        elif block.language == "toml":
            self.check(block, machine)
        elif block.language not in DATA:
            self.fail(f"{block.place}: nobody knows how to run {block.language!r}; say why it is not run")

    def succeed(self, block: Block, commands: str, machine: Machine) -> None:
        said = machine.run(f"set -e\n{commands}")
        self.assertEqual(said.status, 0, f"{block.place}:\n{commands}\n---\n{said.text}")

    def check(self, block: Block, machine: Machine) -> None:
        text = f"{block.marks['below']}\n{block.text}" if "below" in block.marks else block.text
        if "[server]" not in text:
            text = SERVER + text
        machine.write("/root/example.toml", text)
        said = machine.run("chgrp connectord example.toml; connectorctl check --config example.toml")
        self.assertEqual(said.status, 0, f"{block.place}:\n{text}\n---\n{said.text}")


def is_run(block: Block) -> bool:
    return "not run" not in block.marks and block.language not in DATA


class Pages(Documents):
    """Each page on a machine of its own, from its first block to its last."""


class MorePages(Documents):
    """The other half, which ctest runs beside it."""


def test_of(page: Path):
    def test(self: Documents) -> None:
        with Machine(ZONE) as machine:
            self.run_page(page, machine)
    return test


pages = [file for file in (SOURCE / "README.md", *sorted(DOCS.glob("*.md")))
         if file.stem not in DEVELOPERS and any(is_run(block) for block in blocks(file))]
for number, file in enumerate(pages):
    setattr((Pages, MorePages)[number % 2], f"test_{file.stem.lower().replace('-', '_')}", test_of(file))


class Examples(unittest.TestCase):
    def test_the_sample_configuration_and_all_examples_load_without_a_warning(self):
        with Machine(ZONE) as machine:
            machine.run("mkdir -p /etc/connectord/dkim")
            for domain in ("example.net", "hosted.example"):  # of providers.toml
                secret = f"/etc/connectord/secrets/{domain}"
                machine.write(secret, "user:password\n")
                machine.run(f"chown root:connectord {secret} && chmod 0640 {secret}")
            for file in (SOURCE / "etc" / "connectord.toml", *sorted((SOURCE / "etc" / "examples").glob("*.toml"))):
                with self.subTest(file.name):
                    machine.write("/root/example.toml", file.read_text())
                    said = machine.run("connectorctl check --config example.toml")
                    self.assertEqual((said.status, "0 warnings" in said.text), (0, True), said.text)


class Links(unittest.TestCase):
    def test_links_hold_in_the_sources_and_where_the_documents_are_installed(self):
        self.assert_good(SOURCE)
        folder = self.enterContext(tempfile.TemporaryDirectory())
        subprocess.run(["cmake", "--install", build_folder(), "--component", "documents"], check=True,
                       capture_output=True, env={**os.environ, "DESTDIR": folder})
        self.assert_good(Path(folder) / "usr" / "share" / "doc" / "connectord")

    def assert_good(self, folder: Path) -> None:
        said = subprocess.run([SOURCE / "script" / "documents", folder], capture_output=True, text=True, check=False)
        self.assertEqual((said.returncode, said.stdout), (0, ""), said.stderr)


# Where replies are put together: after the code and the enhanced code, or behind "Connector NAME".
REPLIES = re.compile(r'\{?\b[45]\d\d, "[45]\.\d\.\d+",\s*"([^"]{12,})"|"((?:requires|does not allow) [^"]{10,})"|refuse_message\("([^"]+)"')
MODULES_WITH_REPLIES = ("engine", "session", "milter")


class Replies(unittest.TestCase):
    """docs/replies.md has every reply of the sources, and no other."""

    def setUp(self):
        self.page = (DOCS / "replies.md").read_text()
        texts = [file.read_text() for name in MODULES_WITH_REPLIES for file in sorted((SOURCE / "src" / name).glob("*.cpp"))]
        # Literals that follow each other are one.
        self.sources = re.sub(r'"\s*\n\s*"', "", "\n".join(texts))

    def test_every_reply_of_the_sources_is_in_the_page(self):
        found = ["".join(groups).strip() for groups in REPLIES.findall(self.sources)]
        self.assertGreater(len(found), 20)
        self.assertEqual([text for text in found if text not in self.page and text != "Connector"], [])

    def test_every_reply_of_the_page_is_in_the_sources(self):
        ours = self.page.partition("## Not connectord")[0]
        said = re.findall(r"^\| `[45]\d\d [45]\.\d\.\d+ (.+?)`", ours, re.M)
        self.assertGreater(len(said), 30)
        policyd = (SOURCE / "src" / "policyd" / "policy_server.cpp").read_text()
        for text in said:
            for part in re.split(r"…|\b[A-Z]{4,}\b(?!\))|\bConnector\b", text):
                part = re.sub(r"^Cannot (change|hold)", r"\1", part.strip(" :;"))  # put together in milter/connection.cpp
                self.assertTrue(part.removesuffix(" or later") in self.sources + policyd, f"{text}: {part}")
