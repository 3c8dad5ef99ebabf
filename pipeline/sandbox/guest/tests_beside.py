"""Runs tests in the process of the program they test, and sends a token at the end.

Runs in the sandbox and imports nothing of ours but its neighbours. The job (`prelude`,
`program`, `tests`, `name`, `token`) comes by standard input.
"""

import json
import os
import sys
from types import ModuleType

from pipeline.sandbox.guest.harness import channel, find_function, load, silence
from pipeline.sandbox.guest.testing import (
    Undecided,
    is_installed,
    list_imports,
    parse,
    run_tests,
)

job = json.loads(sys.stdin.buffer.read())
silence()
token, module = job.pop("token"), ModuleType("solution")
scope = load(job["prelude"], job["program"], module.__dict__)
try:
    tree = parse(job["tests"])
    if job["name"]:
        scope[job["name"]] = find_function(scope, job["name"])
    sys.modules["solution"] = module
    for name, wanted in list_imports(tree):
        if wanted and not is_installed(name):
            sys.modules[name] = module
    run_tests(tree, module, job["name"])
    verdict = "passed"
except Undecided as error:
    verdict = f"undecided {error}"
os.write(channel, f"{token} {verdict}".encode())
