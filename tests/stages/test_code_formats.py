"""Sets of programming problems as they are published, from the row to the verdict.

A row of ours stands in the schema of each set; what its adapter makes of it is judged.
"""

import json
from dataclasses import dataclass, field
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
        source="open_r1_codeforces",
        info={"checker": SPECIAL_JUDGE},
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
    assert judge(checker, "anything").correct is correct


def test_a_checker_needs_no_answer_of_the_jury_and_judges_no_silence():
    info = {"type": "stdio", "tests": [{"input": "5"}], "checker": SPECIAL_JUDGE}
    assert verify(None, "print(2, 3)", info).correct is True
    assert judge("print(1)", "").why == "test 1: no output"
    assert judge("print(1)", "", output="").correct is True


def test_a_checker_that_stumbles_over_what_is_printed_does_not_decide():
    verdict = judge(SPECIAL_JUDGE, "two three")
    assert verdict.correct is None
    assert verdict.why.startswith("its checker raised ValueError")


def test_a_program_finds_nothing_of_the_checker():
    snoop = "import glob\nprint(*glob.glob('/tmp/**', recursive=True))"
    sees_none = "import sys\nprint(int('.txt' not in open(sys.argv[3]).read()))"
    tests = [{"input": "5"}, {"input": "6"}]
    info = {"type": "stdio", "tests": tests, "checker": sees_none}
    assert verify(None, snoop, info).correct is True
