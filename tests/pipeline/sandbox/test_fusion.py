"""Programs sent to a server that speaks SandboxFusion's API, faults included."""

import shutil

import pytest

from pipeline.errors import UserError
from pipeline.sandbox import fusion
from pipeline.sandbox.run import Limits, Run, run_cpp, run_python
from pipeline.verifiers.code import verify
from tests.support.fusion_server import fusion_server


@pytest.fixture
def faults(monkeypatch):
    monkeypatch.setattr(fusion, "FIRST_WAIT_S", 0.01)
    planned: list[str] = []
    with fusion_server(planned) as address:
        monkeypatch.setenv("GOLDSIEVE_SANDBOX", address)
        yield planned


def test_a_program_runs_there(faults):
    run = run_python(
        "import os, sys\nprint(sys.stdin.read().upper())\n"
        "print('no', file=sys.stderr)\n"
        "os.write(int(os.environ['GOLDSIEVE_FD']), b'result')\nsys.exit(3)",
        stdin=b"hello",
    )

    assert run == Run(3, b"HELLO\n", b"no\n", b"result", "exited")


def test_a_slow_program_is_a_timeout(faults):
    limits = Limits(wall_s=0.3)

    assert run_python("while True: pass", limits=limits).ended == "timeout"


@pytest.mark.skipif(shutil.which("g++") is None, reason="no C++ compiler here")
def test_cpp_is_compiled_there(faults):
    good = "#include <iostream>\nint main(){int a;std::cin>>a;std::cout<<2*a;}"

    assert run_cpp(good, stdin=b"21").stdout == b"42"
    assert run_cpp("int main({").ended == "not_compiled"


def test_faults_are_waited_out(faults):
    faults += ["busy", "hang up", "garbage", "sandbox error"]

    assert run_python("print(1)").stdout == b"1\n"


def test_a_server_that_stays_down_is_told(faults):
    faults += ["busy"] * fusion.ATTEMPTS

    with pytest.raises(UserError, match="does not answer: HTTP 503"):
        run_python("print(1)")


@pytest.mark.parametrize(
    ("program", "correct"),
    [
        ("def add(a, b): return a + b", True),
        ("def add(a, b): return a", False),
        ("import os\nos._exit(0)", False),
    ],
)
@pytest.mark.parametrize(
    "tests", ["assert add(1, 2) == 3", "for i in (1, 2): assert add(i, 1) == i + 1"]
)
def test_verdicts_are_the_same(faults, program: str, correct: bool, tests: str):
    info = {"type": "assert", "setup": "", "test_code": tests}

    assert verify(None, program, info).correct is correct
