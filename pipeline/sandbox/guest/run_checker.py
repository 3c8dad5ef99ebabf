"""Runs a problem's own checker on what a program printed, and sends what it says.

Runs in the sandbox and imports nothing of ours but its neighbours. The job (`checker`,
source in Python or an executable in base64, as `is_binary` says; `files`: name and text
of each that the checker is given, in their order) comes by standard input. What the
checker raises is its own failure and says nothing.
"""

import base64
import json
import os
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from tempfile import mkdtemp
from typing import Any

from pipeline.sandbox.guest.harness import describe, send, silence

LAST = 1000  # of what it prints, so many characters are read


def run_executable(checker: bytes, files: list[str]) -> dict[str, Any]:
    """What an executable prints, and its exit code; of a signal, that it raised."""
    with open("checker", "wb") as file:
        file.write(checker)
    os.chmod("checker", 0o755)
    done = subprocess.run(["./checker", *files], stdout=subprocess.PIPE)
    printed = done.stdout[-LAST:].decode(errors="replace")
    if done.returncode < 0:
        return {"raised": f"signal {-done.returncode}", "printed": printed}
    return {"code": done.returncode, "printed": printed}


def run_source(checker: str, files: list[str]) -> dict[str, Any]:
    """What a program in Python prints, and its exit code, or what it raised."""
    sys.argv = ["checker.py", *files]
    printed, answer = StringIO(), dict[str, Any]()
    try:
        with redirect_stdout(printed):
            scope = {"__name__": "__main__", "__file__": "checker.py"}
            exec(compile(checker, "checker.py", "exec"), scope)
        answer["code"] = 0
    except SystemExit as error:
        code = error.code
        answer["code"] = code if isinstance(code, int) else int(bool(code))
    except BaseException as error:
        answer["raised"] = describe(error)
    return answer | {"printed": printed.getvalue()[-LAST:]}


job = json.loads(sys.stdin.buffer.read())
silence()
os.chdir(mkdtemp())
for name, text in job["files"]:
    with open(name, "w", newline="", errors="replace") as file:
        file.write(text)
files = [os.path.abspath(name) for name, _ in job["files"]]
if job["is_binary"]:
    send(run_executable(base64.b64decode(job["checker"]), files))
else:
    send(run_source(job["checker"], files))
