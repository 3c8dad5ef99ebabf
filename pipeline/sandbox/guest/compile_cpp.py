"""Compiles C++ from standard input, and sends the executable by the channel.

Runs in the sandbox and imports nothing of ours. The flags are those that judges use;
errors are cut, because templates explain themselves at length.
"""

import os
import subprocess
import sys
from pathlib import Path

COMMAND = ["g++", "-std=c++17", "-O2", "-w", "-fmax-errors=3"]
PROGRAM = "/tmp/program"

source = sys.stdin.buffer.read()
if subprocess.run([*COMMAND, "-x", "c++", "-", "-o", PROGRAM], input=source).returncode:
    sys.exit(1)
with open(int(os.environ["GOLDSIEVE_FD"]), "wb") as channel:
    channel.write(Path(PROGRAM).read_bytes())
