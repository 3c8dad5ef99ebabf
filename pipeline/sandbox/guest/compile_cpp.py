"""Compiles C++, or else C, from standard input; sends the executable by the channel.

Runs in the sandbox and imports nothing of ours. The flags are those that judges use;
errors are cut, because templates explain themselves at length. Stacks of threads have
the usual size, and not the large one of the main thread.
"""

import os
import subprocess
import sys
from pathlib import Path

COMMAND = ["g++", "-std=gnu++20", "-O2", "-w", "-fmax-errors=3"]
# What is no C++ may be C: there a pointer to nothing particular needs no cast.
C_COMMAND = ["gcc", "-std=gnu17", "-O2", "-w", "-fmax-errors=3"]
PROGRAM = "/tmp/program"

THREADS = """
#include <pthread.h>
__attribute__((constructor(101))) static void bound_stacks_of_threads() {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 8 << 20);
    pthread_setattr_default_np(&attributes);
}
"""

Path("/tmp/threads.c").write_text(THREADS)
source = sys.stdin.buffer.read()
command = [*COMMAND, "-x", "c++", "-", "/tmp/threads.c", "-o", PROGRAM]
if subprocess.run(command, input=source).returncode:
    command = [*C_COMMAND, "-x", "c", "-", "/tmp/threads.c", "-o", PROGRAM, "-lm"]
    if subprocess.run(command, input=source, stderr=subprocess.DEVNULL).returncode:
        sys.exit(1)
with open(int(os.environ["GOLDSIEVE_FD"]), "wb") as channel:
    channel.write(Path(PROGRAM).read_bytes())
