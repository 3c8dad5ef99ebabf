"""Runs a problem's own checker on what a program printed, and sends what it says.

Runs in the sandbox and imports nothing of ours but its neighbours. The job (`checker`,
`files`: name and text of each that the checker is given, in their order) comes by
standard input. What the checker raises is its own failure and says nothing.
"""

import json
import os
import sys
from contextlib import redirect_stdout
from io import StringIO
from tempfile import mkdtemp
from typing import Any

from pipeline.sandbox.guest.harness import describe, send, silence

job = json.loads(sys.stdin.buffer.read())
silence()
os.chdir(mkdtemp())
for name, text in job["files"]:
    with open(name, "w", newline="", errors="replace") as file:
        file.write(text)
sys.argv = ["checker.py", *(os.path.abspath(name) for name, _ in job["files"])]
printed, answer = StringIO(), dict[str, Any]()
try:
    with redirect_stdout(printed):
        scope = {"__name__": "__main__", "__file__": "checker.py"}
        exec(compile(job["checker"], "checker.py", "exec"), scope)
    answer["code"] = 0
except SystemExit as error:
    code = error.code
    answer["code"] = code if isinstance(code, int) else int(bool(code))
except BaseException as error:
    answer["raised"] = describe(error)
send(answer | {"printed": printed.getvalue()[-1000:]})
