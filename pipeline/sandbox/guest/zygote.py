"""PID 1 of a sandbox: forks a fresh child for each program.

Runs inside bubblewrap as a script and imports nothing of ours. The host speaks to it
over a socket, its standard input; the program, its input and its output pass through
descriptors that the host made, and never through this process, so that nothing of one
program is in the memory that the next one inherits.

For each program it sees that /tmp, /dev/shm and /job are as new (they are mounted
anew where something changed, which costs milliseconds), forks, and waits.
The child gives up everything it has (descriptors, user, capabilities, system
calls) before it reads the program, and then becomes it: it returns to the top
of this file, so that the interpreter treats it as any main program. When the
child has ended, however, everything else in the namespace is killed: signals
of PID 1 to all reach all, and nobody here can send PID 1 one.
"""

import ctypes
import gc
import importlib
import io
import json
import marshal
import os
import resource
import select
import signal
import socket
import struct
import sys
import types
from contextlib import suppress
from typing import Any

# What programs most often import, and what tests need, imported once.
for module in (
    *("ast", "bisect", "collections", "copy", "decimal", "fractions", "functools"),
    *("heapq", "io", "itertools", "math", "operator", "random", "re", "string"),
):
    importlib.import_module(module)

MS_NOSUID, MS_NODEV, MNT_DETACH, CLONE_NEWNS = 2, 4, 2, 0x20000
PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 4, 22, 38
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
SECCOMP_MODE_FILTER = 2
CAPABILITY_VERSION_3 = 0x20080522
NOT_STARTED = 125
# Of a pthread_attr_t, or more.
ATTRIBUTES_BYTES, THREAD_STACK = 256, 8 << 20
SCRATCH = {"/tmp": "1777", "/dev/shm": "1777", "/job": "755"}
INODES = 16384
Program = tuple[types.CodeType, dict[str, Any]]

libc = ctypes.CDLL(None, use_errno=True)


def serve(control: socket.socket) -> Program:
    """Run programs until the host hangs up; returns only in the child, as a program."""
    check(libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
    bound_stacks_of_threads()
    disk = int(sys.argv[1])
    # bubblewrap's mounts may belong to a user namespace above ours, and have no bound
    # on files: have our own. Who may not mount has one program.
    if libc.unshare(CLONE_NEWNS) == 0:
        for path in SCRATCH:
            mount(path, disk)
    tidy_job()
    states = {path: (disk, state_of(path)) for path in SCRATCH}
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    taken = taken_space()
    seccomp = control.recv(1 << 16)[1:]
    gc.collect()
    gc.freeze()
    control.send(b"ready")
    while True:
        message, files, _, _ = socket.recv_fds(control, 4096, 8)
        if not message:
            os._exit(0)
        if len(files) != 5:
            continue
        job = json.loads(message)
        for path, state in states.items():
            if state != (job["disk"], state_of(path)):
                check(libc.umount2(path.encode(), MNT_DETACH))
                mount(path, job["disk"])
                tidy_job()
                states[path] = (job["disk"], state_of(path))
        used = cpu_time()
        if (child := os.fork()) == 0:
            control.detach()
            return become_program(job, files, seccomp, taken)
        for file in files:
            os.close(file)
        exit_code = wait_for(child, control)
        tidy_job()
        used_us = round((cpu_time() - used) * 1e6)
        control.send(f"{exit_code} {used_us}".encode())


def bound_stacks_of_threads() -> None:
    """Give threads stacks of the usual size, and not of that of the main thread."""
    attributes = ctypes.create_string_buffer(ATTRIBUTES_BYTES)
    libc.pthread_attr_init(attributes)
    libc.pthread_attr_setstacksize(attributes, ctypes.c_size_t(THREAD_STACK))
    libc.pthread_setattr_default_np(attributes)


def cpu_time() -> float:
    """Seconds of CPU time of all children that have ended, and of theirs."""
    times = resource.getrusage(resource.RUSAGE_CHILDREN)
    return times.ru_utime + times.ru_stime


def tidy_job() -> None:
    """Remove the program and the traces of its coming and going."""
    for path in ("/job/main.py", "/job/main"):
        with suppress(OSError):
            os.unlink(path)
    os.utime("/job", ns=(0, 0))


def state_of(path: str) -> tuple[object, ...]:
    """All that a program could have changed about an empty folder."""
    stat = os.stat(path)
    changed = 0 if path == "/job" else stat.st_ctime_ns
    owner = (stat.st_mode, stat.st_uid, stat.st_gid)
    times = (stat.st_mtime_ns, changed)
    try:
        return (*owner, *times, os.listdir(path), os.listxattr(path))
    except PermissionError:
        return ()


def mount(path: str, size: int) -> None:
    """Put an empty file system of `size` bytes at `path`."""
    options = f"size={size},mode={SCRATCH[path]},nr_inodes={INODES}".encode()
    flags = MS_NOSUID | MS_NODEV
    check(libc.mount(b"tmpfs", path.encode(), b"tmpfs", flags, options))


def wait_for(child: int, control: socket.socket) -> int:
    """Wait for the child, or for the host to end it; then leave nobody alive."""
    handle = os.pidfd_open(child)
    ready = select.select([handle, control.fileno()], [], [])[0]
    os.close(handle)
    if control.fileno() in ready and not control.recv(4096):
        os._exit(0)
    exit_code = 128 + signal.SIGKILL
    if handle in ready:
        _, status = os.waitpid(child, 0)
        exit_code = os.waitstatus_to_exitcode(status)
        exit_code = 128 - exit_code if exit_code < 0 else exit_code
    try:
        os.kill(-1, signal.SIGKILL)
        while True:
            os.waitpid(-1, 0)
    except (ProcessLookupError, ChildProcessError):
        return exit_code


def become_program(
    job: dict[str, Any], files: list[int], seccomp: bytes, taken: int
) -> Program:
    """Turn this child into the program, with nothing that it could abuse."""
    try:
        path, program = arrange(job, files, taken)
        give_up_rights(job["user"], seccomp)
    except OSError:
        os._exit(NOT_STARTED)
    os.environ["GOLDSIEVE_FD"] = "3"
    if job["form"] == "executable":
        os.execv(path, [path])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    renew_stdin()
    main = types.ModuleType("__main__")
    own: dict[str, Any] = {"__file__": path, "__cached__": None, "__annotations__": {}}
    main.__dict__.update(own, __builtins__=__builtins__)
    sys.modules["__main__"] = main
    sys.argv[:] = [path]
    if job["form"] == "code":
        parts = io.BytesIO(program)
        main.__dict__.update(marshal.load(parts))
        return marshal.load(parts), main.__dict__
    return compile(program, path, "exec", dont_inherit=True), main.__dict__


def renew_stdin() -> None:
    """Make `sys.stdin` anew: what the interpreter made of a socket cannot be sought."""
    file, former = io.FileIO(0, closefd=False), sys.stdin
    file.name = "<stdin>"
    buffer = io.BufferedReader(file)
    sys.stdin = io.TextIOWrapper(buffer, former.encoding, former.errors)
    sys.stdin.mode = "r"  # type: ignore[misc]  # what reads fast asks for it
    sys.__stdin__ = sys.stdin  # type: ignore[misc]


def arrange(job: dict[str, Any], files: list[int], taken: int) -> tuple[str, bytes]:
    """A session, limits and standard streams of its own; where the program is.

    `taken` bytes of address space were so before the program: packages are large.
    """
    os.setsid()
    for name, bounds in job["limits"].items():
        kind = getattr(resource, f"RLIMIT_{name}")
        most = resource.getrlimit(kind)[1]
        more = taken if name == "AS" else 0
        soft, hard = (lower(bound + more, most) for bound in bounds)
        resource.setrlimit(kind, (soft, hard))
    program = os.pread(files[4], os.fstat(files[4]).st_size, 0)
    for target, file in enumerate(files[:4]):
        os.dup2(file, target, inheritable=True)
    os.closerange(4, 1 << 16)
    path = "/job/main" if job["form"] == "executable" else "/job/main.py"
    written = os.open(path, os.O_WRONLY | os.O_CREAT, 0o555)
    os.write(written, program)
    os.close(written)
    return path, program


def taken_space() -> int:
    """Bytes of address space that this process has taken."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def lower(bound: int, most: int) -> int:
    """The lower of two bounds, of which -1 is none."""
    return min((each for each in (bound, most) if each >= 0), default=-1)


def give_up_rights(user: int, seccomp: bytes) -> None:
    """Drop the user, all capabilities, and the system calls that the filter names."""
    if user:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    check(libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
    header = struct.pack("=Ii", CAPABILITY_VERSION_3, 0)
    check(libc.capset(header, bytes(24)))
    check(libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))
    with open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    if seccomp:
        steps = ctypes.create_string_buffer(seccomp, len(seccomp))
        filters = struct.pack("HxxxxxxP", len(seccomp) // 8, ctypes.addressof(steps))
        check(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filters, 0, 0))


def check(result: int) -> None:
    """OSError where a call of libc failed."""
    if result:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


if __name__ == "__main__":
    for package in sys.argv[2:]:
        # What cannot be loaded says so to the program that imports it.
        with suppress(Exception):
            importlib.import_module(package)
    if "numpy" in sys.modules:  # which loads it late, for each program anew
        importlib.import_module("numpy.random")
    exec(*serve(socket.socket(fileno=0)))
