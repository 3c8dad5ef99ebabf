"""Which system calls the sandbox refuses, as a BPF program for the kernel.

A list of what is denied, not of what is allowed: honest programs come with any
library and any C++, and the namespaces are the wall. The filter takes away what
has carried attacks through such walls (namespaces of one's own, mounts, ptrace,
bpf, io_uring, userfaultfd, keyrings, modules), what reaches other processes
(process_vm_*, pidfd_*, limits and priorities of others, locks and leases of files
that all sandboxes see), what would outlive a test (System V and POSIX message
objects), and sockets other than AF_UNIX.

Numbers are from the kernel's unistd tables, (x86_64, aarch64); None: not there.
"""

import errno
import platform
import struct

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

DENIED: dict[str, tuple[int | None, int | None]] = {
    # Other processes.
    "ptrace": (101, 117), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "process_madvise": (440, 440), "kcmp": (312, 272),
    "pidfd_open": (434, 434), "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424), "flock": (73, 32),
    "setpriority": (141, 140), "ioprio_set": (251, 30),
    "migrate_pages": (256, 238), "move_pages": (279, 239),
    # Namespaces and mounts.
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39),
    "pivot_root": (155, 41), "chroot": (161, 51), "move_mount": (429, 429),
    "open_tree": (428, 428), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264),
    "fanotify_init": (300, 262), "quotactl": (179, 60), "quotactl_fd": (443, 443),
    # Machinery of the kernel.
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427), "memfd_secret": (447, 447), "keyctl": (250, 219),
    "add_key": (248, 217), "request_key": (249, 218), "kexec_load": (246, 104),
    "kexec_file_load": (320, 294), "init_module": (175, 105),
    "finit_module": (313, 273), "delete_module": (176, 106),
    "lookup_dcookie": (212, 18), "nfsservctl": (180, 42), "uselib": (134, None),
    "personality": (135, 92), "modify_ldt": (154, None), "iopl": (172, None),
    "ioperm": (173, None),
    # The machine itself.
    "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225),
    "acct": (163, 89), "syslog": (103, 116), "settimeofday": (164, 170),
    "clock_settime": (227, 112), "adjtimex": (159, 171), "clock_adjtime": (305, 266),
    "sethostname": (170, 161), "setdomainname": (171, 162), "vhangup": (153, 58),
    # What stays when its maker is gone.
    "shmget": (29, 194), "semget": (64, 190), "msgget": (68, 186),
    "mq_open": (240, 180),
}  # fmt: skip
# Of others: the first argument is a process id, and 0 is oneself.
SELF_ONLY = {
    "prlimit64": (302, 261),
    "sched_setaffinity": (203, 122),
    "sched_setscheduler": (144, 119),
    "sched_setparam": (142, 118),
    "sched_setattr": (314, 274),
}
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
    for numbers in DENIED.values():
        if (number := numbers[column]) is not None:
            code += [_step(EQUAL, number, 0, 1), _refuse(errno.EPERM)]
    for pair in SELF_ONLY.values():
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
