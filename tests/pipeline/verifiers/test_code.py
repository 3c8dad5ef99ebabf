"""Programs against tests: what passes, what fails, and what cannot be forged."""

import base64
import gzip
import json
import os
import pickle
import shutil
import zlib
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path

import pytest

from pipeline.grading import guarded
from pipeline.grading.guarded import read_gold
from pipeline.readers import raw_rows
from pipeline.verifiers.code import unreadable, verify
from pipeline.verifiers.program.calls import IDLE
from pipeline.verifiers.program.results import Policy, same_output
from pipeline.verifiers.program.tests import read_tests
from pipeline.verifiers.program.wall import find_stand_ins
from stages.sources import evalplus, humaneval, livecodebench, mbpp

needs_sandbox = pytest.mark.skipif(
    shutil.which("bwrap") is None, reason="bubblewrap is not installed"
)
EVALPLUS = "code_evalplus/MbppPlus.jsonl"
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
LEAVING = LOOP | {
    "test_code": "import atexit, os\natexit.register(os._exit, 3)\n" + LOOP["test_code"]
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
        ("while True: pass", DOUBLE, "test 1: more CPU time than allowed"),
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
        (GOOD, LEAVING, "test 1: exit code 3: no message"),
        (
            "class P: pass",
            BARE | {"test_code": "p = P()\nassert p == 1, repr(p)"},
            "test 1: AssertionError: <solution.P object>, in line 2 of the tests",
        ),
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
    assert verify(None, completion, {}).extracted == program


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
        ("1e999999999", "1.5", False),
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
    assert read_gold("code", None, json.dumps(info))[0]
    assert guarded.verify("code", None, json.dumps(info), "print(1)").correct is None


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
def test_no_reference_of_evalplus_is_wrong(data: Path):
    """Some do not run as released, and decide nothing."""
    rows = [evalplus.adapt(row) for row in raw_rows(data / EVALPLUS)][::3]
    texts = [fenced(row["solutions"][0]["text"]) for row in rows]
    infos = [row["verify_info"] for row in rows]

    with ThreadPoolExecutor(2) as workers:
        verdicts = list(workers.map(verify, repeat(None), texts, infos))
    assert [each.why for each in verdicts if each.correct is False] == []
    assert sum(each.correct is None for each in verdicts) <= 5


@pytest.mark.realdata
def test_every_livecodebench_row_can_be_run(data: Path):
    file = data / "code_livecodebench/livecodebench_train.json"
    rows = [livecodebench.adapt(row) for row in raw_rows(file)]

    assert [unreadable(None, row["verify_info"]) for row in rows] == [None] * 580


def packed(tests: list[dict], *, pickled: bool, compress=zlib.compress) -> str:
    text = json.dumps(tests)
    data = pickle.dumps(text) if pickled else text.encode()
    return base64.b64encode(compress(data)).decode()


@pytest.mark.parametrize("pickled", [True, False])
@pytest.mark.parametrize("compress", [zlib.compress, gzip.compress])
def test_packed_tests_are_unpacked(pickled: bool, compress):
    tests = DOUBLE["tests"]
    info = {"tests": packed(tests, pickled=pickled, compress=compress)}

    assert read_tests(info) == tests
    assert read_tests({"tests": [json.dumps(tests), info["tests"]]}) == tests * 2


@pytest.mark.parametrize("compress", [zlib.compress, gzip.compress])
def test_packed_tests_that_are_cut_off_are_told(compress):
    data = compress(json.dumps(DOUBLE["tests"]).encode())
    text = base64.b64encode(data[:-9]).decode()

    why = unreadable(None, {"type": "stdio", "tests": text})

    most = "268,435,456 bytes"
    assert why == f"verify_info.tests: cut off, or larger than {most} when unpacked"


@pytest.mark.parametrize("setup", ["", "import math"])
def test_broken_tests_need_nothing_of_the_program(setup: str):
    assert find_stand_ins("assert f(", setup, None) == []
    assert find_stand_ins("assert f(", setup, "f") == ["f"]


def test_tests_by_columns_are_read():
    assert read_tests({"tests": {"inputs": ["1"], "outputs": ["2"]}}) == [
        {"input": "1", "output": "2"}
    ]


class Harm:
    def __reduce__(self):
        return os.mkdir, ("harm-was-done",)


@pytest.mark.parametrize("thing", [Harm(), [Harm()], {"a": 1}, 7, b"bytes", Path("x")])
def test_a_pickle_may_hold_text_alone(thing, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = base64.b64encode(zlib.compress(pickle.dumps(thing))).decode()

    why = unreadable(None, {"type": "stdio", "tests": data})

    assert why.startswith("verify_info.tests: a pickle may hold text alone")
    assert not list(tmp_path.iterdir())


@needs_sandbox
def test_arguments_may_stand_one_a_line():
    tests = [{"input": "[1, 2]\n3\n", "output": "[3, 6]"}]
    program = "class Solution:\n    def f(self, a, k): return [x * k for x in a]"

    assert verify(None, program, ADD | {"fn_name": "f", "tests": tests}).correct


@needs_sandbox
@pytest.mark.parametrize("info", [DOUBLE, ADD, BARE], ids=["stdio", "call", "bare"])
def test_the_first_failure_is_told(info: dict):
    half = "def add(a, b): return 3\nif __name__ == '__main__':\n    print(6)"

    verdict = verify(None, half, info)

    assert (verdict.correct, verdict.why[:7]) == (False, "test 2:")


@needs_sandbox
def test_a_total_limit_ends_all():
    slow = "import time\nwhile time.process_time() < 0.4: pass\n"
    slow += "print(2 * int(input()))"
    tests = DOUBLE["tests"] * 5

    verdict = verify(None, slow, DOUBLE | {"tests": tests, "total_timeout_s": 1.0})

    assert verdict.correct is False
    assert verdict.why.startswith("test 3: more CPU time than allowed")


@needs_sandbox
@pytest.mark.parametrize("info", [DOUBLE, ADD])
def test_who_waits_without_computing_is_undecided(info: dict):
    asleep = "import time\ntime.sleep(99)\ndef add(a, b): return a + b"

    verdict = verify(None, asleep, info | {"timeout_s": 0.1})

    assert (verdict.correct, verdict.why) == (None, IDLE)


@pytest.mark.parametrize(
    ("printed", "expected", "policy", "same"),
    [
        ("1 2\n3", "1\n2 3", Policy(whitespace="tokens"), True),
        ("1 2\n3", "1 2\n3\n", Policy(whitespace="exact"), False),
        ("1 2\n3\n", "1 2\n3\n", Policy(whitespace="exact"), True),
        ("Yes", "YES", Policy(ignore_case=True), True),
        ("b\na", "a\nb", Policy(any_order=True), True),
        ("b\na\na", "a\nb", Policy(any_order=True), False),
        ("0.34", "0.33", Policy(tolerance=0.1), True),
        ("0.34", "0.33", Policy(), False),
        ("nan", "0.5", Policy(tolerance=1e9), False),
    ],
)
def test_a_row_says_how_output_is_compared(printed, expected, policy, same):
    assert same_output(printed, expected, policy) is same


@pytest.mark.parametrize(
    "more", [{"whitespace": "odd"}, {"language": "cobol"},
             {"tolerance": "much"}],
)  # fmt: skip
def test_what_is_no_policy_is_told(more: dict):
    assert read_gold("code", None, json.dumps(DOUBLE | more))[0]


CPP = "#include <iostream>\nint main(){int a;std::cin>>a;std::cout<<2*a;}"


@needs_sandbox
@pytest.mark.skipif(shutil.which("g++") is None, reason="no C++ compiler here")
@pytest.mark.parametrize(
    ("completion", "correct"),
    [
        (f"```cpp\n{CPP}\n```", True),
        (f"```\n{CPP}\n```", True),
        (CPP, True),
        (f"```cpp\n{CPP.replace('2*', '3*')}\n```", False),
        ("```cpp\nint main({\n```", False),
        (f"```cpp\n{CPP}\n```\nIn Python:\n```python\nprint(0)\n```", False),
    ],
)
def test_cpp_is_judged_as_python_is(completion: str, correct: bool):
    assert verify(None, completion, DOUBLE).correct is correct


@needs_sandbox
def test_the_language_that_the_row_wants_is_taken():
    both = f"```cpp\n{CPP}\n```\n```python\nprint(0)\n```"

    assert verify(None, both, DOUBLE).extracted == "print(0)\n"
    if shutil.which("g++"):
        assert verify(None, both, DOUBLE | {"language": "cpp"}).correct is True


@needs_sandbox
@pytest.mark.parametrize(
    ("program", "test_code", "correct"),
    [
        ("def f(x): return [x]", "assert f(1)", True),
        ("def f(x): return []", "assert f(1)", False),
        ("def f(x): return []", "assert not f(1)", True),
        ("def f(x): return 1", "assert f(1) is True", False),
        ("def f(x): return True", "assert f(1) is True", True),
        ("def f(x): return [1, 2]", "assert f(1) == (1, 2)", False),
        ("def f(x): return float('inf')", "assert f(1) == float('inf')", True),
        ("def f(x): x.sort()", "a = [2, 1]\nf(a)\nassert a == [1, 2]", True),
        ("def f(x): pass", "a = [2, 1]\nf(a)\nassert a == [1, 2]", False),
        ("def f(x): raise ValueError(x)",
         "try:\n    f(1)\n    assert False\nexcept ValueError: pass", True),
        ("def f(x): return x",
         "try:\n    f(1)\n    assert False\nexcept ValueError: pass", False),
        ("class P:\n    def __init__(self, a): self.a = a\ndef f(p): return p.a",
         "assert f(P(3)) == 3", True),
        ("class P:\n    def __init__(self, a): self.a = a\ndef f(p): p.a += 1",
         "p = P(3)\nf(p)\nassert p.a == 4", True),
        ("def f(x): yield from range(x)", "assert list(f(3)) == [0, 1, 2]", True),
        ("def f(a, *, k): return a * k", "assert f(2, k=3) == 6", True),
        ("class P:\n    def double(self, x): return 2 * x",
         "assert P().double(x=2) == 4", True),
        ("class P:\n    def double(self, x): return x",
         "assert P().double(x=2) == 4", False),
        ("def f(g, x): return g(x)", "assert f(lambda x: x + 1, 1) == 2", True),
        ("def gcd(a, b): return 7", "for i in (1, 2): assert gcd(i, i) == 7", True),
        ("def f(x): return 10 ** 5000", "assert f(1) == 10 ** 5000", True),
    ],
)  # fmt: skip
def test_asserts_mean_what_they_mean_in_python(program, test_code, correct):
    info = {"type": "assert", "setup": "", "test_code": test_code}

    verdict = verify(None, program, info)

    assert verdict.correct is correct, verdict.why


@needs_sandbox
def test_livecodebench_as_released_is_read_and_run():
    private = [{"input": "5\n", "output": "10\n", "testtype": "stdin"}]
    row = {
        "question_content": "Print twice the number.",
        "starter_code": "",
        "public_test_cases": json.dumps(DOUBLE["tests"]),
        "private_test_cases": packed(private, pickled=True),
        "metadata": "{}",
    }
    method = row | {
        "starter_code": "class Solution:\n    def twice(self, n: int) -> int:\n",
        "public_test_cases": json.dumps([{"input": "3", "output": "6"}]),
        "private_test_cases": "[]",
        "metadata": '{"func_name": "twice"}',
    }
    stdio, call = (livecodebench.adapt(r)["verify_info"] for r in (row, method))

    assert verify(None, "print(2 * int(input()))", stdio).why == "passed 3 tests"
    wrong = "n = int(input())\nprint(2 * n if n < 5 else 0)"
    assert verify(None, wrong, stdio).why == "test 3: wrong output"
    program = "class Solution:\n    def twice(self, n): return 2 * n"
    assert verify(None, program, call).why == "passed 1 tests"


@needs_sandbox
@pytest.mark.parametrize(
    ("reference", "program", "correct"),
    [
        ("def f(x): return 6 // x", "def f(x): return int(6 / x)", True),
        ("def f(x): return 6 // x", "def f(x): return 6", False),
        ("def f(x): return 6 // x", "def f(x): return None", False),
        ("def f(x): return object()", "def f(x): return None", None),
        ("def f(x): return None", "def f(x): return None", None),
        ("def f(x): return 1 / 0", "def f(x): return 1", None),
        ("def f(x): return {x: [{6: x}]}", "def f(x): return {x: [{6: x}]}", True),
        ("def f(x): return {x: 6}", "def f(x): return {str(x): 6}", False),
        ("import", "def f(x): return 1", None),
    ],
)
def test_a_reference_says_what_is_right(reference, program, correct):
    row = {
        "prompt": "Divide.",
        "entry_point": "f",
        "canonical_solution": reference,
        "base_input": [[1], [0]],
        "plus_input": [[2]],
    }
    info = evalplus.adapt({**row, "canonical_solution": reference})
    if reference == "import":
        info["verify_info"] |= {"setup": "", "reference": reference}

    verdict = verify(None, program, info["verify_info"])

    assert verdict.correct is correct, verdict.why
