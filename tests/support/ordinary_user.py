"""Runs a script of ours as an ordinary user, where tests run as root."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = str(Path(__file__).parents[2])
BECOME = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
# Root's own interpreter may lie where nobody else can look.
PYTHON = "/usr/bin/python3"


def run_as_user(script: str) -> tuple[list[str], str]:
    """The lines that `script` prints as such a user, and its errors.

    Skips the test where nobody can become one, or that user cannot run our code.
    """
    if os.geteuid() != 0:
        pytest.skip("not root, so the other tests are this one")
    if shutil.which("setpriv") is None or not shutil.which(PYTHON):
        pytest.skip("no way to become an ordinary user here")
    done = subprocess.run(
        [*BECOME, PYTHON, "-B", "-c", script],
        env={"PYTHONPATH": ROOT, "PATH": "/usr/bin:/bin"},
        cwd="/",
        capture_output=True,
        text=True,
    )
    if "No module named 'pipeline'" in done.stderr or "SyntaxError" in done.stderr:
        pytest.skip("the ordinary user cannot read this folder with that Python")
    return done.stdout.splitlines(), done.stderr
