"""Programs that mean harm. Each says BREACH if it got what it must not get.

`HOSTILE` maps a name to a program. Names of files, users and processes are those
that a Linux machine has; the programs know how our sandbox is built.
"""

FORK = "import os, signal, sys, time\n"
CALL = (
    "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
    "def call(*given):\n"
    "    result = libc.syscall(*[ctypes.c_long(x) for x in given])\n"
    "    return result, ctypes.get_errno()\n"
)


def reads(path: str) -> str:
    return f"try: print('BREACH', open({path!r}, 'rb').read(99))\nexcept OSError: 0"


def writes(path: str) -> str:
    return (
        f"try:\n    with open({path!r}, 'w') as f: f.write('x')\n"
        "    print('BREACH')\nexcept OSError: 0"
    )


def refused(number: int, *given: int) -> str:
    """A system call of x86_64 that must fail."""
    return (
        f"{CALL}result, error = call{(number, *given)}\nif result >= 0: print('BREACH')"
    )


HOSTILE = {
    # Too much of something.
    "fork bomb": FORK + "while True:\n    try: os.fork()\n    except OSError: pass",
    "fork bomb that ignores signals": FORK
    + "for s in (1, 2, 3, 15): signal.signal(s, signal.SIG_IGN)\n"
    "while True:\n    try: os.fork(); os.setsid()\n    except OSError: pass",
    "thread bomb": "import threading, time\nwhile True:\n"
    "    try: threading.Thread(target=time.sleep, args=(99,), daemon=True).start()\n"
    "    except RuntimeError: pass",
    "zombie maker": FORK + "made = 0\n"
    "try:\n    while made < 9999:\n        if os.fork() == 0: os._exit(0)\n"
    "        made += 1\nexcept OSError: pass\nif made > 999: print('BREACH')",
    "memory bomb": "x = bytearray(10**11)\nprint('BREACH')",
    "memory bomb in steps": "x = []\nwhile True: x.append(bytearray(10**7))",
    "memory bomb of many": FORK + "for i in range(40):\n"
    "    if os.fork() == 0:\n        x = []\n"
    "        while True: x.append(b'1' * 10**7)\ntime.sleep(99)",
    "memory bomb of shared maps": "import mmap\nx = []\n"
    "while True:\n    m = mmap.mmap(-1, 10**7); m.write(b'1' * 10**7); x.append(m)",
    "memory bomb in memory files": FORK + "x = []\nwhile True:\n"
    "    x.append(os.memfd_create('x')); os.write(x[-1], b'1' * 10**7)",
    "disk filler": "n = 0\nwhile True:\n    f = open(f'/tmp/{n}', 'wb'); n += 1\n"
    "    f.write(b'0' * 10**6)\n    if n > 999: print('BREACH')",
    "disk filler in shared memory": "n = 0\nwhile True:\n"
    "    f = open(f'/dev/shm/{n}', 'wb'); n += 1\n    f.write(b'0' * 10**6)\n"
    "    if n > 999: print('BREACH')",
    "sparse giant": FORK + "fd = os.open('/tmp/x', os.O_CREAT | os.O_RDWR)\n"
    "try: os.ftruncate(fd, 10**12); print('BREACH')\nexcept OSError: pass",
    "many small files": "n = 0\nwhile n < 50000:\n"
    "    open(f'/tmp/{n}', 'w').close(); n += 1",
    "deep folders": FORK + "while True: os.mkdir('d'); os.chdir('d')",
    "a million open files": FORK
    + "n = 0\ntry:\n    while True: os.open('/tmp', 0); n += 1\n"
    "except OSError: pass\nif n > 9999: print('BREACH')",
    "pipes full of data": FORK + "while True:\n    r, w = os.pipe()\n"
    "    os.set_blocking(w, False); os.write(w, b'x' * 10**6)",
    "infinite output": "while True: print('x' * 1000)",
    "stderr flood": "import sys\nwhile True: sys.stderr.write('x' * 1000)",
    "unicode flood": "while True: print('\\U0001F4A9' * 999)",
    "huge integer": "print(9 ** 9 ** 9)",
    "deep recursion": "import sys\nsys.setrecursionlimit(10**9)\n"
    "def f(): return f()\nf()",
    "deep recursion in C": "import sys\nsys.setrecursionlimit(10**9)\nx = []\n"
    "for _ in range(10**6): x = [x]\nrepr(x)",
    "crash": "import ctypes\nctypes.string_at(0)",
    "busy": "while True: pass",
    # Signals and the end.
    "sleep": "import time\ntime.sleep(999)",
    "deaf to signals": FORK + "for s in range(1, 65):\n"
    "    try: signal.signal(s, signal.SIG_IGN)\n"
    "    except (OSError, ValueError): pass\n"
    "time.sleep(999)",
    "stops itself": FORK + "os.kill(os.getpid(), signal.SIGSTOP)",
    "kills all": FORK + "for s in (15, 9):\n    try: os.kill(-1, s)\n"
    "    except OSError: pass\ntime.sleep(1)",
    "kills PID 1": FORK + "for s in range(1, 65):\n    try: os.kill(1, s)\n"
    "    except OSError: pass\nprint('done')",
    "stops its group and parent": FORK + "for p in (0, os.getppid()):\n"
    "    try: os.kill(p, signal.SIGSTOP)\n    except OSError: pass",
    "double fork": FORK + "if os.fork() == 0:\n    os.setsid()\n"
    "    if os.fork() == 0: os.execvp('sleep', ['goldsieve-daemon', '999'])\n"
    "    os._exit(0)",
    "grandchild holds the output": FORK
    + "if os.fork() == 0:\n    os.setsid(); time.sleep(999)\nprint('done')",
    "closes everything and goes on": FORK + "os.closerange(0, 999)\ntime.sleep(999)",
    "threads that never end": "import threading, time\n"
    "threading.Thread(target=time.sleep, args=(999,)).start()",
    "exit handler that hangs": "import atexit, time\natexit.register(time.sleep, 999)",
    # The host.
    "reads the users": reads("/etc/passwd"),
    "reads the shadow": reads("/etc/shadow"),
    "reads PID 1's memory": reads("/proc/1/mem"),
    "reads PID 1's environment": reads("/proc/1/environ"),
    "lists PID 1's files": FORK
    + "try: print('BREACH', os.listdir('/proc/1/fd'))\nexcept OSError: pass",
    "opens PID 1's files": FORK + "for n in range(99):\n"
    "    try: open(f'/proc/1/fd/{n}'); print('BREACH')\n    except OSError: pass",
    "walks PID 1's root": reads("/proc/1/root/etc/passwd"),
    "lists the host": FORK + "seen = set(os.listdir('/'))\n"
    "if seen & {'root', 'home', 'work', 'var', 'sys', 'boot'}: print('BREACH', seen)",
    "environment of the host": FORK + "known = {'PATH', 'HOME', 'LANG', 'LC_CTYPE',\n"
    "    'PYTHONHASHSEED', 'PYTHONINTMAXSTRDIGITS', 'MALLOC_ARENA_MAX',\n"
    "    'GOLDSIEVE_FD', 'LD_LIBRARY_PATH', 'PWD'}\n"
    "if set(os.environ) - known: print('BREACH', os.environ)",
    "symlink to the host": FORK
    + "os.symlink('/proc/1/root', '/tmp/out')\n"
    "try: print('BREACH', os.listdir('/tmp/out/home'))\nexcept OSError: pass",
    "climbs out": FORK + "for n in range(1, 30):\n"
    "    if os.path.exists('../' * n + 'etc/passwd'): print('BREACH')",
    "writes the runtime": writes("/usr/bin/evil"),
    "writes the root": writes("/evil"),
    "writes the devices": writes("/dev/evil"),
    "writes kernel settings": writes("/proc/sys/kernel/core_pattern"),
    "triggers the kernel": writes("/proc/sysrq-trigger"),
    "writes to the zygote": writes("/zygote.py"),
    "connects outside": "import socket\n"
    "try: socket.create_connection(('1.1.1.1', 53), 1); print('BREACH')\n"
    "except OSError: pass",
    "connects inside": "import socket\n"
    "try: s = socket.socket(); s.bind(('127.0.0.1', 0)); print('BREACH')\n"
    "except OSError: pass",
    "raw packets": "import socket\n"
    "try: socket.socket(socket.AF_PACKET, socket.SOCK_RAW); print('BREACH')\n"
    "except OSError: pass",
    "asks the kernel by netlink": "import socket\n"
    "try: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW); print('BREACH')\n"
    "except OSError: pass",
    "becomes root": FORK + "for f in (os.setuid, os.setgid, os.seteuid):\n"
    "    try: f(0); print('BREACH')\n    except OSError: pass",
    "joins groups": FORK + "try: os.setgroups([0])\nexcept OSError: pass\n"
    "else: print('BREACH')",
    "runs other programs": "import subprocess\n"
    "done = subprocess.run(['sh', '-c', 'cat /etc/shadow; id -u'], capture_output=1)\n"
    "if b'root:' in done.stdout or done.stdout.endswith(b'\\n0\\n'): print('BREACH')",
    "set-uid programs": "import glob, subprocess\n"
    "for path in ('/usr/bin/su', '/usr/bin/mount', '/usr/bin/passwd'):\n"
    "    try: done = subprocess.run([path, '-c', 'id'], capture_output=1, timeout=1)\n"
    "    except (OSError, subprocess.TimeoutExpired): continue\n"
    "    if b'uid=0' in done.stdout: print('BREACH')",
    # System calls.
    "traces its parent": refused(101, 16, 1, 0, 0),
    "traces its child": FORK + CALL + "child = os.fork()\n"
    "if child == 0: time.sleep(1); os._exit(0)\n"
    "if call(101, 16, child, 0, 0)[0] >= 0: print('BREACH')",
    "reads memory of others": FORK + CALL
    + "if call(310, 1, 0, 0, 0, 0, 0)[0] >= 0: print('BREACH')",
    "takes PID 1's files": refused(434, 1, 0),
    "user namespace": refused(272, 0x10000000),
    "mount namespace": refused(272, 0x20000),
    "clone with namespaces": refused(56, 0x10000000 | 17, 0, 0, 0, 0),
    "clone3": refused(435, 0, 0),
    "mounts": FORK + CALL + "if libc.mount(b'x', b'/tmp', b'tmpfs', 0, b'') == 0:\n"
    "    print('BREACH')",
    "unmounts": CALL + "if libc.umount2(b'/tmp', 2) == 0: print('BREACH')",
    "changes its root": FORK
    + "try: os.chroot('/tmp'); print('BREACH')\nexcept OSError: pass",
    "key rings": refused(250, 0, -3, 1),
    "bpf": refused(321, 0, 0, 0),
    "io_uring": refused(425, 8, 0),
    "userfaultfd": refused(323, 1),
    "performance counters": refused(298, 0, 0, -1, -1, 0),
    "personality": refused(135, 0x0040000),
    "limits of PID 1": refused(302, 1, 7, 0, 0),
    "raises its limits": "import resource\n"
    "for kind in (resource.RLIMIT_AS, resource.RLIMIT_NPROC, resource.RLIMIT_CPU):\n"
    "    try: resource.setrlimit(kind, (-1, -1)); print('BREACH')\n"
    "    except (OSError, ValueError): pass",
    "priority": FORK + "try: os.setpriority(os.PRIO_PROCESS, 0, -9); print('BREACH')\n"
    "except OSError: pass",
    "message queue that stays": refused(68, 77, 0o1666),
    "shared memory that stays": refused(29, 77, 4096, 0o1666),
    "another architecture": CALL
    + "import mmap\ncode = bytes.fromhex('b814000000cd80c3')\n"
    "m = mmap.mmap(-1, 4096, prot=7); m.write(code)\n"
    "at = ctypes.addressof(ctypes.c_char.from_buffer(m))\n"
    "print('BREACH', ctypes.CFUNCTYPE(ctypes.c_long)(at)())",
    "locks a file that others see": refused(73, 0, 2),
    "leases a file that others see": refused(72, 0, 1024, 0),
    "takes terminals": FORK + "try: print('BREACH', os.openpty())\n"
    "except OSError: 0",
    # The harness.
    "closes the channel of others": FORK
    + "own = int(os.environ['GOLDSIEVE_FD'])\n"
    "for fd in {*range(3, 999)} - {own}:\n"
    "    try: os.write(fd, b'0'); print('BREACH')\n    except OSError: pass",
    "finds the socket": "import gc, socket\n"
    "if [x for x in gc.get_objects() if isinstance(x, socket.socket)]: print('BREACH')",
    "frames of the harness": "import sys\nframe = sys._getframe()\n"
    "while frame := frame.f_back:\n"
    "    if 'control' in frame.f_locals: print('BREACH')",
    "writes its own memory": FORK
    + "with open('/proc/self/mem', 'r+b') as m:\n"
    "    m.seek(id(None)); m.write(bytes(16))",
    "spares itself from the killer": FORK
    + "fd = os.open('/proc/self/oom_score_adj', os.O_WRONLY)\n"
    "try: os.write(fd, b'-1000'); print('BREACH')\nexcept OSError: pass",
    "deletes the program": FORK
    + "for path in ('/job/main.py', '/zygote.py', '/job'):\n"
    "    try: os.rename(path, '/tmp/x')\n    except OSError: pass\n"
    "print('done')",
    "strange folder": FORK + "os.chmod('/tmp', 0o777) if os.access('/tmp', 2) and "
    "os.stat('/tmp').st_uid == os.getuid() else None\n"
    "os.mkdir('/tmp/x', 0); os.symlink('x', '/tmp/y'); os.mkfifo('/tmp/z')",
}  # fmt: skip
