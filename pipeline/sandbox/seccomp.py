"""Which system calls the sandbox refuses, as a BPF program for the kernel.

A list of what is denied, not of what is allowed: honest programs come with any
library and any C++, and the namespaces are the wall. The filter takes away what
has carried attacks through such walls (namespaces of one's own, mounts, ptrace,
bpf, io_uring, userfaultfd, keyrings, modules), what reaches other processes
(process_vm_*, pidfd_*, limits and priorities of others, locks and leases of files
that all sandboxes see), what would outlive a test (System V and POSIX message
objects), and sockets other than AF_UNIX.

Their numbers are in seccomp.toml.
"""

import errno
import platform
import struct
import tomllib
from pathlib import Path

LOAD, EQUAL, AT_LEAST, ANY_BIT, AND, RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
NUMBER, ARCHITECTURE, FIRST, SECOND = 0, 4, 16, 24
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
X32 = 0x40000000
AF_UNIX = 1
# TIOCSTI, TIOCLINUX: type into a terminal; FS_IOC_{SETFLAGS,FSSETXATTR}: marks on a
# folder that would outlive the test.
CONTROLS = (0x5412, 0x541C, 0x40086602, 0x401C5820)
# CLONE_NEW{TIME,NS,CGROUP,UTS,IPC,USER,PID,NET}
NEW_NAMESPACE = 0x7E020080

CALLS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
CLONE, CLONE3, SOCKET, IOCTL = (56, 220), (435, 435), (41, 198), (16, 29)
FCNTL, F_SETLEASE = (72, 25), 1024


def filter_program() -> bytes:
    """The filter as the kernel's `struct sock_filter`s; b"" for other machines."""
    machine = platform.machine()
    if machine not in MACHINES:
        return b""
    column, architecture = MACHINES[machine]
    code = [
        _step(LOAD, ARCHITECTURE),
        _step(EQUAL, architecture, 1, 0),
        _step(RETURN, KILL),
        _step(LOAD, NUMBER),
    ]
    if machine == "x86_64":
        code += [_step(AT_LEAST, X32, 0, 1), _refuse(errno.ENOSYS)]
    for numbers in CALLS["denied"].values():
        for number in numbers[column : column + 1]:
            code += [_step(EQUAL, number, 0, 1), _refuse(errno.EPERM)]
    for pair in CALLS["self_only"].values():
        code += _unless(pair[column], FIRST, [_step(EQUAL, 0, 1, 0)], errno.EPERM)
    # glibc falls back to clone, whose flags can be seen.
    code += [_step(EQUAL, CLONE3[column], 0, 1), _refuse(errno.ENOSYS)]
    spaces = [_step(ANY_BIT, NEW_NAMESPACE, 0, 1)]
    code += _unless(CLONE[column], FIRST, spaces, errno.EPERM)
    unix = [_step(EQUAL, AF_UNIX, 1, 0)]
    code += _unless(SOCKET[column], FIRST, unix, errno.EAFNOSUPPORT)
    lease = [_step(EQUAL, F_SETLEASE, 0, 1)]
    code += _unless(FCNTL[column], SECOND, lease, errno.EPERM)
    last = len(CONTROLS) - 1
    controls = [
        _step(EQUAL, control, last - index, 0 if index < last else 1)
        for index, control in enumerate(CONTROLS)
    ]
    code += _unless(IOCTL[column], SECOND, controls, errno.EPERM)
    return b"".join([*code, _step(RETURN, ALLOW)])


def _step(operation: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", operation, if_true, if_false, value)


def _refuse(error: int) -> bytes:
    return _step(RETURN, ERRNO | error)


def _unless(number: int, argument: int, tests: list[bytes], error: int) -> list[bytes]:
    """For call `number`, let the tests on an argument skip the refusal or not."""
    body = [_step(LOAD, argument), *tests, _refuse(error), _step(RETURN, ALLOW)]
    return [_step(EQUAL, number, 0, len(body)), *body]
