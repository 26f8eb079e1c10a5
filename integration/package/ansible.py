"""The Ansible role on a Debian system: script/acceptance --ansible runs it in one that is thrown away.

    ansible.py PACKAGE.deb
"""

import json
import re
import subprocess
import sys
from pathlib import Path

from host import MAIN_CF, Failure, apt, assert_connector_is_enforced, expect, make_mailbox, run, succeed

ROLE = Path(__file__).resolve().parents[2] / "packaging" / "ansible"
CONNECTORS = Path("/etc/connectord/connectors.d/ansible.toml")


def play(package: Path, **variables: object) -> tuple[int, str]:
    """One run of the example, with other values for some variables."""
    return run("ansible-playbook", "-i", "localhost,", ROLE / "site.yml", "-e",
               json.dumps({"connectord_package": str(package), **variables}),
               environment={"ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "false", "LC_ALL": "C.UTF-8"})


def changed(package: Path, **variables: object) -> int:
    """How many tasks of a run that succeeds changed anything."""
    status, said = play(package, **variables)
    expect(status == 0, said)
    counted = re.search(r"changed=(\d+)", said)
    expect(counted, said)
    return int(counted[1])


def main() -> None:
    package = Path(sys.argv[1]).resolve()
    Path("/etc/resolv.conf").write_text("nameserver 127.0.0.1\n")
    make_mailbox()
    apt("install", "postfix")
    before = MAIN_CF.read_bytes()
    expect(changed(package) > 0, "the first run changed nothing")
    assert_connector_is_enforced()
    print("ansible: installed, configured and attached", flush=True)
    expect(changed(package) == 0, "the second run changed something")
    print("ansible: the second run changed nothing", flush=True)

    connectors = CONNECTORS.read_bytes()
    status, said = play(package, connectord_inbound=[{"name": "contoso", "scenario": "partner", "require": {"tsl": True}}])
    expect(status != 0 and "tsl" in said, said)
    expect(CONNECTORS.read_bytes() == connectors, "a mistake took the place of what was right")
    assert_connector_is_enforced()
    print("ansible: a mistake ends the play and changes nothing", flush=True)

    expect(changed(package, connectord_attached=False) == 1, "detaching changed something else")
    expect(MAIN_CF.read_bytes() == before, "main.cf is not what it was")
    print("ansible: detached, main.cf is what it was, to the byte", flush=True)


if __name__ == "__main__":
    try:
        main()
    except (Failure, TimeoutError, subprocess.SubprocessError) as error:
        sys.exit(f"ansible: {error}\n{run('journalctl', '--no-pager', '-u', 'connectord', '-n', '40')[1]}")
    print("ansible: all is well")
