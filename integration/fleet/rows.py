#!/usr/bin/python3
"""What this host's own trace has, in short: number, recipient, what became of it, action and queue ID of each row."""

import json
import subprocess

WORDS = ["getting_status", "pending", "delivered", "failed", "quarantined", "expanded"]

asked = subprocess.run(["connectorctl", "trace", "--local", "--json", "--limit", "1000000"], check=True,
                       stdout=subprocess.PIPE, text=True)
rows = map(json.loads, asked.stdout.splitlines())
print(json.dumps([(row["id"], row["rcpt_to"], WORDS.index(row["status"]), row["action"], row["queue_id"]) for row in rows]))
