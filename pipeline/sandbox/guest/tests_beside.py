"""Runs tests in the process of the program they test, and sends a token at the end.

Runs in the sandbox and imports nothing of ours but its neighbours. The job (`prelude`,
`program`, `tests`, `name`, `token`) comes by standard input.
"""

import json
import os
import sys

from pipeline.sandbox.guest.harness import channel, load, silence

job = json.loads(sys.stdin.buffer.read())
silence()
scope = load(job["prelude"], job["program"])
exec(compile(job["tests"], "tests.py", "exec"), scope)
if "check" in scope and job["name"]:
    scope["check"](scope[job["name"]])
os.write(channel, job["token"].encode())
