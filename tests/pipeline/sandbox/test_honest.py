"""Honest programs do in a sandbox what they do in a plain interpreter."""

import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from pipeline.sandbox import groups, pool
from pipeline.sandbox.contract import Job, Limits, Run, SandboxLost
from pipeline.sandbox.exchange import run_once
from pipeline.sandbox.run import BACKENDS, run_cpp, run_python
from tests.support.ordinary_user import run_as_user

pytestmark = pytest.mark.skipif(
    shutil.which("bwrap") is None, reason="bubblewrap is not installed"
)
HONEST = {
    "input": "print(int(input()) + int(input()))",
    "all of stdin": "print(open(0).read().split())",
    "bytes of a line": "import sys\nprint(sys.stdin.buffer.readline())",
    "system call": "import os\nprint(os.read(0, 99))",
    "lines": "import sys\nprint([line for line in sys.stdin])",
    "end of input": "try:\n    while True: input()\nexcept EOFError: print('end')",
    "module global": "n = 0\ndef f():\n    global n\n    n += 1\nf(); print(n)",
    "main": "def main(): print('main')\nif __name__ == '__main__': main()",
    "globals": "print(sorted(globals()))",
    "own name": "import sys\nprint(sys.modules['__main__'].__dict__ is globals())",
    "exit 0": "import sys\nprint(1)\nsys.exit(0)",
    "exit 3": "print(1)\nexit(3)",
    "exit text": "import sys\nsys.exit('bye')",
    "hard exit": "import os\nprint(1, flush=True)\nos._exit(0)",
    "uncaught": "print(1)\nraise ValueError('x')",
    "syntax": "print(1",
    "exit handler": "import atexit\natexit.register(print, 'last')\nprint('first')",
    "thread": "import threading, time\n"
    "def f():\n    time.sleep(0.05); print('thread')\n"
    "threading.Thread(target=f).start()\nprint('main')",
    "deep recursion": "import sys\nsys.setrecursionlimit(10**6)\n"
    "def f(n): return n and f(n - 1) + 1\nprint(f(50000))",
    "deep recursion in a thread": "import sys, threading\n"
    "sys.setrecursionlimit(10**6)\nthreading.stack_size(1 << 27)\n"
    "def f(n): return n and max(f(n - 1), 1)\n"
    "t = threading.Thread(target=lambda: print(f(50000)))\nt.start(); t.join()",
    "recursion limit": "def f(): f()\ntry: f()\nexcept RecursionError: print('ok')",
    "processes": "from multiprocessing import Pool\ndef f(x): return x * x\n"
    "if __name__ == '__main__':\n    with Pool(2) as p: print(p.map(f, range(5)))",
    "executor": "from concurrent.futures import ProcessPoolExecutor as E\n"
    "def f(x): return x + 1\nif __name__ == '__main__':\n"
    "    with E(2) as e: print(list(e.map(f, [1, 2])))",
    "subprocess": "import subprocess\n"
    "print(subprocess.run(['echo', 'hi'], capture_output=True).stdout)",
    "event loop": "import asyncio\nasync def f():\n    await asyncio.sleep(0.01)\n"
    "    return 7\nprint(asyncio.run(f()))",
    "dataclass": "from dataclasses import dataclass\n@dataclass\nclass A:\n"
    "    x: int = 1\nprint(A())",
    "pickle": "import pickle\nclass A: x = 1\nprint(pickle.loads(pickle.dumps(A())).x)",
    "temporary file": "import tempfile\nwith tempfile.TemporaryFile() as f:\n"
    "    f.write(b'x'); f.seek(0); print(f.read())",
    "own source": "print(len(open(__file__).read()))",
    "unicode": "print('π ≠ 3', input())",
    "seeded random": "import random\nrandom.seed(1)\nprint(random.random())",
    "stack of exec": "exec('print(1)')",
    "closed output": "import sys\nprint(1)\nsys.stdout.close()",
    "signals": "import signal, os\ndef f(*x): print('alarm')\n"
    "signal.signal(signal.SIGALRM, f)\n"
    "os.kill(os.getpid(), signal.SIGALRM)",
    "killed": "import os\nos.kill(os.getpid(), 15)",
    "interrupt": "import os, signal\ntry: os.kill(os.getpid(), signal.SIGINT)\n"
    "except KeyboardInterrupt: print('interrupted')",
}


@pytest.mark.parametrize("backend", ["pool", "oneshot"])
@pytest.mark.parametrize("name", HONEST)
def test_an_honest_program_does_as_it_would_outside(
    name: str, backend: str, monkeypatch, tmp_path
):
    monkeypatch.setenv("GOLDSIEVE_SANDBOX", backend)
    file = tmp_path / "main.py"
    file.write_text(HONEST[name])
    outside = subprocess.run(
        [sys.executable, "-sP", str(file)], input=b"3\n4\n", capture_output=True
    )

    run = run_python(HONEST[name], stdin=b"3\n4\n")

    code = outside.returncode
    assert (run.exit_code, run.stdout) == (
        128 - code if code < 0 else code,
        outside.stdout,
    )
    assert run.stderr.splitlines()[-1:] == outside.stderr.splitlines()[-1:]


def test_random_numbers_differ_between_programs():
    program = "import random\nprint(random.random())"

    assert run_python(program).stdout != run_python(program).stdout


def test_sets_have_one_order():
    program = "print({'a', 'b', 'c', 'd', 'e', 'f'})"

    assert run_python(program).stdout == run_python(program).stdout


@pytest.mark.skipif(shutil.which("g++") is None, reason="no C++ compiler here")
def test_cpp_is_compiled_in_the_sandbox():
    good = "#include <iostream>\nint main(){int a;std::cin>>a;std::cout<<2*a;}"

    assert run_cpp(good, stdin=b"21").stdout == b"42"
    broken = run_cpp("int main({")
    assert (broken.ended, b"error" in broken.stderr) == ("not_compiled", True)
    crash = run_cpp("#include <cstdlib>\nint main(){std::abort();}")
    assert crash.exit_code == 128 + 6


def test_the_pool_survives_a_dead_sandbox():
    run_python("")
    worker = pool._idle[()][-1]
    parent = worker.process.pid
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    os.kill(int(children[0]), signal.SIGKILL)
    worker.process.wait()

    assert run_python("print(1)").stdout == b"1\n"
    assert worker not in pool._idle[()]


def test_a_sandbox_that_cannot_be_emptied_is_lost():
    sandbox = pool.start(is_warm=False, may_mount=False)
    touch = Job(b"open('/tmp/x', 'w').write('x')\nprint('done')", b"", Limits())
    try:
        assert run_once(partial(pool._launch_in, sandbox), touch).stdout == b"done\n"
        with pytest.raises(SandboxLost):
            run_once(partial(pool._launch_in, sandbox), touch)
    finally:
        pool.end(sandbox)


def test_who_brings_down_two_sandboxes_was_killed(monkeypatch):
    def lose(job: Job, files: list[int]) -> None:
        raise SandboxLost

    monkeypatch.setitem(BACKENDS, "pool", lose)
    monkeypatch.setattr(pool, "launch_apart", lose)

    assert run_python("print(1)") == Run(128 + 9, b"", b"", b"", "exited")


def test_an_exit_code_is_the_program_s_own_whatever_it_is():
    run = run_python("print(1)\nimport sys\nsys.exit(125)")

    assert (run.exit_code, run.stdout) == (125, b"1\n")


NOBODY = """
import sys
from pipeline.sandbox.pool import launch, launch_apart
from pipeline.sandbox.contract import Job, Limits
from pipeline.sandbox.exchange import run_once
program = b"import os\\nprint(os.getuid(), open(0).read())\\n"
program += b"open('/tmp/x', 'w').write('x')\\nprint(sorted(os.listdir('/tmp')))\\n"
program += b"os.chmod('/tmp', 0)\\ntry: os.kill(-1, 9)\\nexcept OSError: 0\\n"
for each in (launch, launch, launch_apart):
    run = run_once(each, Job(program, b"hi", Limits()))
    print(run.stdout, run.stderr[-99:], run.ended, run.exit_code)
"""


def test_an_ordinary_user_has_sandboxes_too():
    line = "b\"65534 hi\\n['x']\\n\" b'' exited 0"

    assert run_as_user(NOBODY) == ([line] * 3, "")


def test_groups_are_found_where_the_kernel_gives_them_bounds(tmp_path, monkeypatch):
    listing = tmp_path / "cgroup"
    listing.write_text("3:memory:/mine\n2:cpu:/mine\n0::/mine\n")
    old, new = tmp_path / "memory/mine", tmp_path / "mine"
    for folder in (old, new, tmp_path / "cpu/mine"):
        folder.mkdir(parents=True)
    no_kernel = groups.parents.__wrapped__(listing, tmp_path)
    files = {old: ["memory.limit_in_bytes"], new: ["memory.max", "pids.max"]}
    make_folder = os.mkdir

    def make_group(folder: str, mode: int) -> None:
        make_folder(folder, mode)
        for file in files.get(Path(folder).parent, []):
            Path(folder, file).touch()

    monkeypatch.setattr(os, "mkdir", make_group)

    assert no_kernel == {}
    assert groups.parents.__wrapped__(listing, tmp_path) == files


def test_threads_that_look_for_groups_at_once_all_find_them():
    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(lambda _: groups.parents.__wrapped__(), range(64)))

    assert results == [groups.parents()] * 64


def test_memory_is_bounded_for_all_processes_together():
    if "memory" not in groups.in_force():
        pytest.skip(groups.in_force())
    many = (
        "import os, time\nfor _ in range(8):\n    if os.fork() == 0:\n"
        "        x = b'1' * (60 << 20); time.sleep(1); print('alive'); os._exit(0)\n"
        "try:\n    while True: os.wait()\nexcept ChildProcessError: pass"
    )
    run = run_python(many, limits=Limits(cpu_s=5, memory_mb=128))

    assert run.stdout.count(b"alive") < 8


def test_a_killed_process_leaves_no_sandbox_and_its_groups_are_swept():
    program = (
        "import os, signal\nfrom pipeline.sandbox import pool\n"
        "from pipeline.sandbox.run import run_python\nrun_python('')\n"
        "print(pool._idle[()][0].process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True)
    sandbox = Path("/proc", done.stdout.decode().strip())

    for _ in range(100):
        if not sandbox.exists() or "Z" in (sandbox / "stat").read_text().split()[2]:
            break
        time.sleep(0.05)
    else:
        pytest.fail("the sandbox outlives its host")
    groups.parents.cache_clear()
    gone = [
        left.name
        for parent in groups.parents()
        for left in parent.glob("goldsieve-*")
        if not Path("/proc", left.name.split("-")[1]).exists()
    ]
    assert gone == []


CPP_DEPTH = (
    "#include <iostream>\nlong f(long n) { volatile char a[200]; a[n % 200] = 1;\n"
    "if (!n) return 0; long r = f(n - 1); return r + a[n % 200]; }\n"
    "int main() { std::cout << f(900000); }"
)
CPP_THREADS = (
    "#include <thread>\n#include <vector>\n#include <iostream>\n"
    "int main() { std::vector<std::thread> t;\n"
    "for (int i = 0; i < 20; i++) t.emplace_back([] {\n"
    "  volatile char a[1 << 20]; a[5] = 1; std::vector<int> v(1000); });\n"
    "for (auto& x : t) x.join();\nstd::cout << t.size(); }"
)
# As programs in contests are written: with what they read and print.
CONTEST = {
    "input by its size": ("import os\nprint(os.read(0, os.fstat(0).st_size))", "b'ab'"),
    "input mapped": ("import mmap\nprint(mmap.mmap(0, 0, prot=1)[:])", "b'ab'"),
    "input twice": (
        "import sys\nx = sys.stdin.read()\nsys.stdin.seek(0)\nprint(x + input())",
        "abab",
    ),
    "devices": (
        "x = open('/dev/stdin').read()\nopen('/dev/stdout', 'w').write(x)\n"
        "open('/dev/null', 'w').write(x + open('/dev/zero').read(1))",
        "ab",
    ),
    "digits": ("print(len(str(10 ** 50000)))", "50001"),
    "much output": ("print('x' * (12 << 20))", "x" * (12 << 20)),
    "threads": (
        "import threading, time\n"
        "t = [threading.Thread(target=time.sleep, args=(0.1,)) for _ in range(32)]\n"
        "for x in t: x.start()\nfor x in t: x.join()\nprint(len(t))",
        "32",
    ),
    "stack raised": (
        "import resource, threading\n"
        "resource.setrlimit(resource.RLIMIT_STACK, (1 << 29, -1))\n"
        "threading.stack_size(1 << 30)\n"
        "t = threading.Thread(target=print, args=(1,))\nt.start(); t.join()",
        "1",
    ),
    "C++ recursion of 200 MB": (CPP_DEPTH, "900000"),
    "C++ threads": (CPP_THREADS, "20"),
}


@pytest.mark.parametrize("backend", ["pool", "oneshot"])
@pytest.mark.parametrize("name", CONTEST)
def test_a_program_in_a_contest_has_what_it_has_there(name: str, backend, monkeypatch):
    program, printed = CONTEST[name]
    if "C++" in name and shutil.which("g++") is None:
        pytest.skip("no C++ compiler here")
    monkeypatch.setenv("GOLDSIEVE_SANDBOX", backend)
    run = run_cpp if "C++" in name else run_python

    result = run(program, stdin=b"ab", limits=Limits(memory_mb=1024))

    assert (result.exit_code, result.stdout.decode().strip()) == (0, printed)
