"""Sets of programming problems as they are published, from the row to the verdict.

A row of ours stands in the schema of each set; what its adapter makes of it is judged.
"""

import base64
import json
import pickle
import shutil
import zlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.verifiers.code import verify
from tests.support.rows import collect_with

SOURCES = yaml.safe_load(Path("recipes/_sources.yaml").read_text(encoding="utf-8"))
ADD = "def add(a, b):\n    return a + b\n"
WRONG = "def add(a, b):\n    return a - b\n"
METHOD = "class Solution:\n    def add(self, a, b):\n        return a {} b\n"
SUM = "print(sum(map(int, input().split())))"
FIRST = "print(input().split()[0])"
CASE = {"input": "1 2\n", "output": "3\n"}
# A text pickled, compressed and in base64, as LiveCodeBench has its private tests.
PACKED = base64.b64encode(zlib.compress(pickle.dumps(json.dumps([CASE])))).decode()
LEETCODE = """\
from typing import *

class ListNode:
    def __init__(self, val=0, next=None):
        self.val = val
        self.next = next

def list_node(values):
    head = None
    for value in reversed(values):
        head = ListNode(value, head)
    return head

def is_same_list(left, right):
    while left and right and left.val == right.val:
        left, right = left.next, right.next
    return left is None and right is None
"""
REVERSE = """\
class Solution:
    def reverse(self, head: Optional[ListNode]) -> Optional[ListNode]:
        last = None
        while head:
            head.next, last, head = last, head, head.next
        return last
"""
# Called with the paths of the input, of the jury's answer and of what was printed.
SPECIAL_JUDGE = """\
import sys

given, _, printed = (open(path).read().split() for path in sys.argv[1:])
a, b = map(int, printed)
print(int(a > 0 and b > 0 and a + b == int(given[0])))
"""


@dataclass
class Format:
    """A row, how its set is read, and programs that are right and wrong for it."""

    adapter: str
    row: dict[str, Any]
    right: str
    wrong: str
    source: str = ""  # whose columns in recipes/_sources.yaml are read
    info: dict[str, Any] = field(default_factory=dict)  # what else it says


FORMATS = {
    "HumanEval": Format(
        "humaneval",
        {
            "prompt": 'def add(a, b):\n    """The sum."""\n',
            "entry_point": "add",
            "canonical_solution": "    return a + b\n",
            "test": "def check(candidate):\n    assert candidate(1, 2) == 3\n",
        },
        "    return a + b\n",
        "    return a - b\n",
    ),
    "MBPP": Format(
        "mbpp",
        {"text": "Add.", "test_list": ["assert add(1, 2) == 3"], "code": ADD},
        ADD,
        WRONG,
    ),
    "EvalPlus": Format(
        "evalplus",
        {
            "prompt": 'def add(a, b):\n    """The sum."""\n',
            "entry_point": "add",
            "canonical_solution": "    return a + b\n",
            "base_input": [[1, 2]],
            "plus_input": [[0, 0], [-1, 5]],
            "atol": 0,
        },
        ADD,
        WRONG,
    ),
    "APPS": Format(
        "code",
        {
            "question": "Print the sum.",
            "solutions": json.dumps([SUM]),
            "input_output": json.dumps({"inputs": ["1 2\n"], "outputs": ["3\n"]}),
            "starter_code": "",
        },
        SUM,
        FIRST,
        "apps",
    ),
    "APPS, calls": Format(
        "code",
        {
            "question": "Add.",
            "input_output": json.dumps(
                {"fn_name": "add", "inputs": [[1, 2], [0, 4]], "outputs": [[3], [4]]}
            ),
            "starter_code": "class Solution:\n    def add(self, a, b):\n        ",
        },
        METHOD.format("+"),
        METHOD.format("-"),
        "apps",
    ),
    "TACO": Format(
        "code",
        {
            "question": "Print the sum.",
            "input_output": json.dumps({"inputs": ["1 2\n"], "outputs": ["3\n"]}),
            "time_limit": "2.0 seconds",
            "memory_limit": "256.0 megabytes",
        },
        SUM,
        FIRST,
        "taco",
        {"timeout_s": 2.0, "memory_mb": 256.0},
    ),
    "CodeContests": Format(
        "code",
        {
            "description": "Print the sum.",
            "public_tests": {"input": ["1 0\n"], "output": ["1\n"]},
            "private_tests": {"input": ["1 2\n"], "output": ["3\n"]},
            "generated_tests": {"input": [], "output": []},
            "time_limit": {"seconds": 1, "nanos": 500_000_000},
            "memory_limit_bytes": 64_000_000,
            "solutions": {"language": [3], "solution": [SUM]},
            "incorrect_solutions": {"language": [1, 3], "solution": ["x", FIRST]},
        },
        SUM,
        FIRST,
        "code_contests",
        {"timeout_s": 1.5, "memory_mb": 64_000_000 / (1 << 20), "refused": [FIRST]},
    ),
    "PRIME, calls": Format(
        "verl",
        {
            "data_source": "apps",
            "prompt": [{"role": "user", "content": "Add."}],
            "ability": "code",
            "reward_model": {
                "ground_truth": json.dumps(
                    {"fn_name": "add", "inputs": [[1, 2]], "outputs": [[3]]}
                )
            },
        },
        ADD,
        WRONG,
        "eurus_2_rl",
    ),
    "LiveCodeBench": Format(
        "livecodebench",
        {
            "question_content": "Print the sum.",
            "starter_code": "",
            "public_test_cases": json.dumps([CASE]),
            "private_test_cases": PACKED,
            "metadata": "{}",
        },
        SUM,
        FIRST,
    ),
    "LiveCodeBench, methods": Format(
        "livecodebench",
        {
            "question_content": "Add.",
            "starter_code": "class Solution:\n    def add(self, a, b):\n        ",
            "public_test_cases": json.dumps(
                [{"input": "1\n2", "output": "3", "testtype": "functional"}]
            ),
            "private_test_cases": "[]",
            "metadata": json.dumps({"func_name": "add"}),
        },
        METHOD.format("+"),
        METHOD.format("-"),
    ),
    "KodCode": Format(
        "code",
        {
            "question": "Add.",
            "solution": ADD,
            "test": "from solution import add\n\ndef test_small():\n"
            "    assert add(1, 2) == 3\n",
        },
        ADD,
        WRONG,
        "kodcode_v1",
    ),
    "KodCode, with fixtures of pytest": Format(
        "code",
        {
            "question": "Add.",
            "test": "import pytest\nfrom solution import add\n\n"
            "@pytest.mark.parametrize('a', [1, 2])\ndef test_small(a):\n"
            "    assert add(a, 2) == a + 2\n",
        },
        ADD,
        WRONG,
        "kodcode_v1",
    ),
    "Codeforces of Open-R1": Format(
        "code",
        {
            "prompt": "Print the sum.",
            "official_tests": [CASE],
            "generated_checker": None,
            "time_limit": 2.0,
            "memory_limit": 256.0,
        },
        SUM,
        FIRST,
        "open_r1_codeforces",
        {"timeout_s": 2.0, "memory_mb": 256.0},
    ),
    "AceCode": Format(
        "code",
        {"question": "Add.", "test_cases": ["assert add(1, 2) == 3"] * 2},
        ADD,
        WRONG,
        "acecode_87k",
    ),
    "rStar-Coder": Format(
        "code",
        {"question": "Print the sum.", "inputs": ["1 2\n"], "outputs": ["3\n"]},
        SUM,
        FIRST,
        "rstar_coder",
    ),
    "rStar-Coder, calls": Format(
        "code",
        {
            "question": "Add.",
            "starter_code": "",
            "inputs": json.dumps([[1, 2], [2, 2]]),
            "outputs": json.dumps([3, 4]),
            "func_name": "add",
        },
        ADD,
        WRONG,
        "rstar_coder",
    ),
    "SYNTHETIC-1": Format(
        "code",
        {
            "prompt": "Print the sum.",
            "verification_info": json.dumps(
                {"language": "python", "test_cases": [CASE | {"type": "stdin_stdout"}]}
            ),
        },
        SUM,
        FIRST,
        "synthetic_1_code",
    ),
    "SYNTHETIC-2": Format(
        "code",
        {
            "prompt": "Print the sum.",
            "verification_info": json.dumps(
                {"ground_truth": json.dumps({"inputs": ["1 2"], "outputs": ["3"]})}
            ),
        },
        SUM,
        FIRST,
    ),
    "LeetCodeDataset": Format(
        "leetcode",
        {
            "query": "Add.",
            "prompt": LEETCODE,
            "entry_point": "Solution().add",
            "test": "def check(candidate):\n    assert candidate(a = 1, b = 2) == 3\n",
        },
        METHOD.format("+"),
        METHOD.format("-"),
    ),
    "LeetCodeDataset, with lists of nodes": Format(
        "leetcode",
        {
            "problem_description": "Reverse.",
            "starter_code": "class Solution: ...",
            "prompt": LEETCODE,
            "entry_point": "Solution().reverse",
            "test": "def check(candidate):\n    assert is_same_list("
            "candidate(head = list_node([1, 2])), list_node([2, 1]))\n",
        },
        REVERSE,
        REVERSE.replace("return last", "return None"),
    ),
    "Codeforces of Open-R1, with a checker": Format(
        "code",
        {
            "prompt": "Print any two positive integers whose sum is n.",
            "official_tests": [{"input": "5\n", "output": "1 4\n"}],
            "generated_checker": SPECIAL_JUDGE,
        },
        "n = int(input())\nprint(n - 1, 1)",
        "n = int(input())\nprint(n + 1, -1)",
        "open_r1_codeforces",
        {"checker": SPECIAL_JUDGE},
    ),
    "BigCodeBench": Format(
        "bigcodebench",
        {
            "instruct_prompt": "Add.",
            "complete_prompt": 'import math\n\ndef add(a, b):\n    """The sum."""\n',
            "canonical_solution": "    return math.fsum([a, b])\n",
            "entry_point": "add",
            "test": "import unittest\n\nclass TestCases(unittest.TestCase):\n"
            "    def test_small(self):\n        self.assertEqual(add(1, 2), 3)\n",
        },
        ADD,
        WRONG,
    ),
}
EMPTY = {"stdio": "pass", "call": "def add(a, b): pass", "assert": "class Solution: 0"}


def adapt(form: Format) -> dict[str, Any]:
    """The details that the set's entry in `_sources.yaml` and its adapter give."""
    entry = SOURCES.get(form.source, {})
    names = entry.get("columns", {})
    options = {"adapter": form.adapter, "columns": names, "set": entry.get("set", {})}
    kept = collect_with(options, form.row).kept
    return json.loads(kept["verify_info"].item())


@pytest.mark.parametrize("name", FORMATS)
def test_a_published_row_takes_the_right_program_and_refuses_others(name: str):
    form = FORMATS[name]
    info = adapt(form)
    programs = form.right, form.wrong, EMPTY[info["type"]]
    verdicts = [verify(None, f"```python\n{text}\n```", info) for text in programs]

    assert info | form.info == info
    assert [v.correct for v in verdicts] == [True, False, False], verdicts


def test_a_library_that_is_not_here_decides_nothing():
    form = FORMATS["BigCodeBench"]
    prompt = form.row["complete_prompt"].replace("import math", "import not_here")
    info = adapt(replace(form, row=form.row | {"complete_prompt": prompt}))
    verdict = verify(None, form.right, info)
    assert verdict.correct is None
    assert verdict.why == "its tests cannot be run: No module named 'not_here'"


def judge(checker: str, printed: str, output: str = "1 4"):
    test = {"input": "5", "output": output}
    info = {"type": "stdio", "tests": [test], "checker": checker}
    return verify(None, f"print({printed!r})", info)


@pytest.mark.parametrize(
    ("checker", "correct"),
    [
        ("print(1)", True),
        ("print(0)", False),
        ("print('half of it')\nprint(0.5)", False),
        ("pass", True),  # as testlib: the exit code says it
        ("raise SystemExit", True),
        ("raise SystemExit(1)", False),
        ("raise SystemExit('wrong')", False),
        ("print(1 / 0)", None),
        ("print('perhaps')", None),
        ("import os; os._exit(0)", None),
    ],
)
def test_a_checker_says_right_or_wrong_and_what_it_does_not_say_is_undecided(
    checker: str, correct: bool | None
):
    assert judge(checker, "anything", output="").correct is correct


def test_a_checker_needs_no_answer_of_the_jury_and_judges_no_silence():
    info = {"type": "stdio", "tests": [{"input": "5"}], "checker": SPECIAL_JUDGE}
    assert verify(None, "print(2, 3)", info).correct is True
    assert judge("print(1)", "").why == "test 1: no output"
    assert judge("print(1)", "", output="").correct is True


TESTLIBS = """\
#include "testlib.h"
using namespace std;
int read_pair(InStream &stream, int sum) {
    int a = stream.readInt(1, sum, "a"), b = stream.readInt(1, sum, "b");
    if (a + b != sum) stream.quitf(_wa, "%d and %d are no %d", a, b, sum);
    return max(a, b);
}
int main(int argc, char *argv[]) {
    registerTestlibCmd(argc, argv);
    int sum = inf.readInt();
    int theirs = read_pair(ans, sum), own = read_pair(ouf, sum);
    if (own > theirs) quitf(_fail, "better than the jury");
    quitif(own < theirs, _wa, "not the largest");
    quitf(_ok, "the largest is %d", own);
}
"""
PLAIN_CPP = """\
#include <fstream>
#include <iostream>
int main(int, char *paths[]) {
    int sum, a, b;
    std::ifstream(paths[1]) >> sum;
    std::ifstream(paths[3]) >> a >> b;
    std::cout << (a + b == sum);
}
"""


@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")
@pytest.mark.parametrize(
    ("printed", "output", "correct"),
    [
        ("4 1", "1 4", True),
        ("4\n1\n\n", "1 4", True),
        ("3 2", "1 4", False),
        ("4 2", "1 4", False),
        ("04 1", "1 4", False),  # no integer of testlib's
        ("4.0 1", "1 4", False),
        ("4 1 1", "1 4", False),  # more than was asked for
        ("4", "1 4", False),
        ("9 -4", "1 4", False),
        ("4 1", "3 2", None),  # better than the jury
        ("4 1", "4 4", None),  # the jury's own answer is wrong
    ],
)
def test_a_checker_of_testlibs_says_it_by_its_exit_code(
    printed: str, output: str, correct: bool | None
):
    assert judge(TESTLIBS, printed, output).correct is correct


@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")
def test_a_checker_in_plain_cpp_is_one_too_and_one_that_does_not_compile_is_none():
    assert judge(PLAIN_CPP, "2 3").correct is True
    assert judge(PLAIN_CPP, "2 2").correct is False
    broken = judge(TESTLIBS.replace("int sum", "whole sum"), "4 1")
    assert broken.correct is None
    assert "its checker: does not compile" in broken.why


def test_a_program_finds_nothing_of_the_checker():
    snoop = "import glob\nprint(*glob.glob('/tmp/**', recursive=True))"
    sees_none = "import sys\nprint(int('.txt' not in open(sys.argv[3]).read()))"
    tests = [{"input": "5"}, {"input": "6"}]
    info = {"type": "stdio", "tests": tests, "checker": sees_none}
    assert verify(None, snoop, info).correct is True


def test_output_that_makes_a_sound_checker_raise_is_wrong():
    checker = "import sys\nprint(int(int(open(sys.argv[3]).read()) % 2 == 0))"
    tests = [{"input": "1", "output": "2"}]
    info = {"type": "stdio", "tests": tests, "checker": checker}
    assert verify(None, "```python\nprint(4)\n```", info).correct is True
    assert verify(None, "```python\nprint('x')\n```", info).correct is False
    broken = info | {"checker": "1 / 0"}
    assert verify(None, "```python\nprint('x')\n```", broken).correct is None
    refuses = info | {"checker": "print(0)"}
    assert verify(None, "```python\nprint(2)\n```", refuses).correct is None


def test_a_recipe_adds_options_to_what_a_row_says():
    options = {"adapter": "humaneval", "set": {"verify_info": {"packages": ["numpy"]}}}
    row = FORMATS["HumanEval"].row

    (info,) = collect_with(options, row).kept["verify_info"].to_list()

    own = json.loads(collect_with({"adapter": "humaneval"}, row).kept["verify_info"][0])
    assert json.loads(info) == own | {"packages": ["numpy"]}
