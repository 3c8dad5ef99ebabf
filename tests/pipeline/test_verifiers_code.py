"""Programs against tests: what passes, what fails, and what cannot be forged."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipeline.readers import raw_rows
from pipeline.verifiers._results import same_output
from pipeline.verifiers.code import extract, unreadable, verify
from stages.sources import humaneval, livecodebench, mbpp

needs_sandbox = pytest.mark.skipif(
    shutil.which("bwrap") is None, reason="bubblewrap is not installed"
)
DOUBLE = {
    "type": "stdio",
    "tests": [{"input": "3\n", "output": "6\n"}, {"input": "-1\n", "output": "-2\n"}],
    "timeout_s": 3,
}
ADD = {
    "type": "call",
    "fn_name": "add",
    "tests": [{"input": [1, 2], "output": 3}, {"input": [0, 0], "output": 0}],
}
CHECK = {
    "type": "assert",
    "setup": "def add(a, b):\n    '''Add.'''\n",
    "entry_point": "add",
    "test_code": "def check(candidate):\n    assert candidate(1, 2) == 3\n"
    "    assert candidate(0, 0) == 0\n",
}
LOOP = CHECK | {
    "test_code": "def check(candidate):\n    for i in range(5):\n"
    "        assert candidate(i, i) == 2 * i\n"
}
BARE = {
    "type": "assert",
    "setup": "",
    "test_code": "assert add(1, 2) == 3\nassert add(2, 2) == 4",
}
GOOD = "def add(a, b):\n    return a + b\n"


def fenced(program: str) -> str:
    return f"Here you are:\n```python\n{program}\n```\nDone."


@needs_sandbox
@pytest.mark.parametrize(
    ("program", "info"),
    [
        ("print(2 * int(input()))", DOUBLE),
        ("import sys\nn = int(sys.stdin.buffer.readline())\nprint(n + n)", DOUBLE),
        ("print(2 * int(open(0).read()))", DOUBLE),
        ("import os\nprint(2 * int(os.read(0, 99)))", DOUBLE),
        ("print(2 * int(input()))\nexit()", DOUBLE),
        (
            "n = 0\ndef f(k):\n    global n\n    n += 2\n    return k and f(k - 1)\n"
            "x = int(input())\nprint(2 * x)",
            DOUBLE,
        ),
        (GOOD, ADD),
        (
            "class Solution:\n"
            "    def add(self, a: int, b: int) -> int:\n        return a + b",
            ADD,
        ),
        (GOOD, CHECK),
        (GOOD, LOOP),
        ("    return a + b", CHECK),
        (GOOD, BARE),
    ],
)
def test_an_honest_program_passes(program: str, info: dict):
    verdict = verify(None, fenced(program), info)

    assert verdict.correct is True, verdict.why


@needs_sandbox
@pytest.mark.parametrize(
    ("program", "info", "why"),
    [
        ("print(3 * int(input()))", DOUBLE, "test 1: wrong output"),
        ("print(abs(2 * int(input())))", DOUBLE, "test 2: wrong output"),
        ("print(2 * int(input()), 'x')", DOUBLE, "test 1: wrong output"),
        ("import time\ntime.sleep(60)", DOUBLE, "test 1: timeout"),
        ("1 / 0", DOUBLE, "test 1: exit code 1: ZeroDivisionError: division by zero"),
        ("", DOUBLE, "no program found"),
        (GOOD.replace("+", "-"), ADD, "test 1: returned -1"),
        (GOOD.replace("+", "-"), CHECK, "test 1: returned -1"),
        (
            GOOD.replace("+", "*"),
            LOOP,
            "test 1: AssertionError, in line 3 of the tests",
        ),
        ("def sub(a, b): return 3", BARE, "test 1: raised KeyError: 'add'"),
    ],
)
def test_a_wrong_program_fails_and_says_where(program: str, info: dict, why: str):
    verdict = verify(None, fenced(program), info)

    assert verdict.correct is False
    assert verdict.why == why


@pytest.mark.parametrize(
    ("completion", "program"),
    [
        ("```python\na\n```\nthen\n```python\nb\n```", "b\n"),
        ("<think>```python\na\n```</think>\n```\nb\n```", "b\n"),
        ("```python\na\n```\n```bash\nrun\n```", "a\n"),
        ("print(1)", "print(1)"),
        ("```python\ncut off", "cut off"),
    ],
)
def test_the_last_complete_block_is_the_program(completion: str, program: str):
    assert extract(completion) == program


@pytest.mark.parametrize(
    ("printed", "expected", "same"),
    [
        ("1 2 \n", "1 2", True),
        ("1\n2\n\n", "1\n2", True),
        ("0.3333333", "0.33333333", True),
        ("1.0", "1", True),
        ("1 2", "1\n2", False),
        ("yes", "YES", False),
        ("2", "3", False),
        ("1e999999999", "1", False),
    ],
)
def test_output_is_compared_as_judges_do(printed: str, expected: str, same: bool):
    assert same_output(printed, expected) is same


@pytest.mark.parametrize(
    "info",
    [{}, {"type": "exec"}, {"type": "stdio", "tests": []}, {"type": "assert"},
     {"type": "call", "tests": [{"input": [], "output": 1}]},
     {"type": "stdio", "tests": [{"input": ""}]}],
)  # fmt: skip
def test_tests_that_cannot_be_run_are_told(info: dict):
    assert unreadable(None, info)
    assert verify(None, "print(1)", info).correct is None


@needs_sandbox
@pytest.mark.realdata
@pytest.mark.parametrize(
    ("adapter", "file"),
    [(humaneval, "code_humaneval/HumanEval.jsonl.gz"), (mbpp, "code_mbpp/mbpp.jsonl")],
    ids=["humaneval", "mbpp"],
)
def test_reference_solutions_pass(data: Path, adapter, file: str):
    rows = [adapter.adapt(row) for row in raw_rows(data / file)][::20]

    def judged(row: dict) -> tuple[bool | None, str]:
        text = row["solutions"][0]["text"]
        verdict = verify(None, fenced(text), row["verify_info"])
        return verdict.correct, verdict.why

    with ThreadPoolExecutor(2) as workers:
        verdicts = list(workers.map(judged, rows))
    assert [why for correct, why in verdicts if correct is not True] == []


@pytest.mark.realdata
def test_every_livecodebench_row_can_be_run(data: Path):
    file = data / "code_livecodebench/livecodebench_train.json"
    rows = [livecodebench.adapt(row) for row in raw_rows(file)]

    assert [unreadable(None, row["verify_info"]) for row in rows] == [None] * 580
