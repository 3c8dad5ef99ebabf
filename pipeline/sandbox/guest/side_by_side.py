"""Becomes two processes in one sandbox, tests and a program, that share files alone.

Runs in the sandbox and imports nothing of ours. Standard input has two programs of
ours, compiled: on a line the length of the program's side, then that, then the tests'
side. The tests are read after the fork, so that nothing of them is in the program's
memory, and it cannot look into theirs, which belongs to a process that may not be
traced.
"""

import ctypes
import io
import marshal
import os

PR_SET_DUMPABLE = 4
CHANNEL = int(os.environ["GOLDSIEVE_FD"])
LAST_FILE = 256
libc = ctypes.CDLL(None)
# Unbuffered: what is read ahead would be in both processes.
job = open(0, "rb", buffering=0, closefd=False)  # noqa: SIM115


def become(script: bytes, reads: int, writes: int) -> None:
    """Run `script`, its standard input and channel being these ends of pipes."""
    os.dup2(reads, 0)
    os.dup2(writes, CHANNEL)
    os.closerange(CHANNEL + 1, LAST_FILE)
    parts = io.BytesIO(script)
    names = marshal.load(parts)
    exec(marshal.load(parts), names | {"__name__": "__main__"})


def read(size: int) -> bytes:
    """So many bytes of the job, or all that are left."""
    parts = []
    while size and (part := job.read(min(size, 1 << 20))):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


program = read(int(job.readline()))
requests, replies = os.pipe(), os.pipe()
libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
if os.fork():
    become(read(1 << 40), replies[0], requests[1])
else:
    libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
    os.dup2(os.open(os.devnull, os.O_RDWR), 1)
    become(program, requests[0], replies[1])
