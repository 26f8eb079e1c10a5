"""An rspamd that does nothing but look for patterns in text (its multimap), to compare ours with."""

import shutil
from pathlib import Path

from harness.network import free_port
from harness.waiting import wait_until
from harness.workspace import Workspace

from .programs import Filter, start_filter

PROGRAM = "/usr/bin/rspamd"
# One process that speaks the milter protocol and looks by itself. It asks no DNS, no Redis and no other module.
CONFIGURATION = """
options {{
  filters = "";
  dns {{ nameserver = ["127.0.0.1:1"]; }}
  disable_monitoring = true;
  url_tld = "{folder}/endings";
  pidfile = "{folder}/pid";
  rrd = "{folder}/rrd";
  history_file = "{folder}/history";
  tempdir = "{folder}";
  hs_cache_dir = "{folder}";
  max_message = 52428800;
}}
logging {{ type = "file"; filename = "{folder}/rspamd.log"; level = "warning"; }}
worker "rspamd_proxy" {{
  bind_socket = "127.0.0.1:{port}";
  count = 1;
  milter = yes;
  timeout = 120s;
  upstream "local" {{ default = yes; self_scan = yes; }}
}}
modules {{ path = "/usr/share/rspamd/plugins/multimap.lua"; }}
lua = "{folder}/begin.lua";
actions {{ reject = 15; }}
multimap {{
  BENCH {{ type = "content"; filter = "text"; map = "{folder}/patterns.map"; regexp = true; multi = true; score = 50; }}
}}
"""


def worker_of(pid: int) -> int | None:
    """The one process that looks at mail, once it is there."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return next((int(child) for child in children if "rspamd_proxy" in Path(f"/proc/{child}/cmdline").read_text()), None)


def start_rspamd(workspace: Workspace, patterns: list[str]) -> Filter:
    folder = workspace.path / "rspamd"
    folder.mkdir()
    port = free_port()
    (folder / "rspamd.conf").write_text(CONFIGURATION.format(folder=folder, port=port))
    (folder / "begin.lua").write_text('require "global_functions" ()\n')  # what the module takes for granted
    (folder / "endings").write_text("example\ncom\nnet\norg\n")
    (folder / "patterns.map").write_text("".join(f"/{pattern}/i\n" for pattern in patterns))
    for place in (folder, *folder.iterdir()):
        shutil.chown(place, "nobody", "nogroup")
    command = [PROGRAM, "--no-fork", "--user", "nobody", "--group", "nogroup", "--config", str(folder / "rspamd.conf"),
               *(f"--var={name}={folder}" for name in ("LOCAL_CONFDIR", "DBDIR", "RUNDIR", "LOGDIR"))]
    started = start_filter(workspace, command, f"inet:127.0.0.1:{port}", "rspamd")
    worker = wait_until(lambda: worker_of(started.pid), "the process of rspamd's that looks at mail")
    return Filter(started.endpoint, worker, folder / "rspamd.log")
