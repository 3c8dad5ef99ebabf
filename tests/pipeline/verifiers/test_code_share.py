"""The share of tests that a program passes, where it is asked for."""

import shutil
from typing import Any

import pytest

from pipeline.verifiers.code import verify

pytestmark = pytest.mark.skipif(
    shutil.which("bwrap") is None, reason="bubblewrap is not installed"
)
NUMBERS = [0, 1, 2, 3, 4]
CALL = {
    "type": "call",
    "fn_name": "double",
    "tests": [{"input": [n], "output": 2 * n} for n in NUMBERS],
}
STDIO = {
    "type": "stdio",
    "tests": [{"input": f"{n}\n", "output": f"{2 * n}\n"} for n in NUMBERS],
    "timeout_s": 1,
}
ASSERT = {
    "type": "assert",
    "test_code": "\n".join(f"assert double({n}) == {2 * n}" for n in NUMBERS),
}
WHOLE = {
    "type": "assert",
    "test_code": "for n in range(5):\n    assert double(n) == 2 * n",
}
RIGHT = "def double(n):\n    return 2 * n\n"
# Right for 0 and 2: two of five.
SQUARE = "def double(n):\n    return n * n\n"
# Raises for 3 alone: four of five, though the tests after it run in vain elsewhere.
RAISES = "def double(n):\n    assert n != 3\n    return 2 * n\n"
# Ends its process at 3: what comes after it never runs.
LEAVES = "def double(n):\n    if n == 3: __import__('os')._exit(1)\n    return 2 * n\n"
ALL = {"all_tests": True}
READ = "\nprint(double(int(input())))\n"


@pytest.mark.parametrize(
    ("program", "share"), [(RIGHT, 1.0), (SQUARE, 0.4), (RAISES, 0.8), (LEAVES, 0.6)]
)
@pytest.mark.parametrize("info", [CALL, ASSERT], ids=["call", "assert"])
def test_the_share_of_calls_that_are_answered_right(
    program: str, share: float, info: dict[str, Any]
):
    verdict = verify(None, program, info | ALL)
    assert verdict.score == pytest.approx(share)
    assert verdict.correct is (share == 1)


@pytest.mark.parametrize(
    ("program", "share"), [(RIGHT, 1.0), (SQUARE, 0.4), (RAISES, 0.8), (LEAVES, 0.8)]
)
def test_the_share_of_inputs_that_are_answered_right(program: str, share: float):
    # Every input has a process of its own: one that ends early ends no other.
    verdict = verify(None, program + READ, STDIO | ALL)
    assert verdict.score == pytest.approx(share)
    assert verdict.correct is (share == 1)


def test_what_follows_a_program_that_hangs_is_not_passed():
    hangs = "def double(n):\n    while n == 2: pass\n    return 2 * n\n" + READ
    assert verify(None, hangs, STDIO | ALL).score == pytest.approx(0.4)


def test_tests_that_cannot_be_taken_apart_count_as_one():
    assert verify(None, RIGHT, WHOLE | ALL).score == 1
    assert verify(None, SQUARE, WHOLE | ALL).score == 0


@pytest.mark.parametrize("program", [RIGHT, SQUARE, RAISES, LEAVES])
@pytest.mark.parametrize("info", [CALL, ASSERT, WHOLE], ids=["call", "assert", "whole"])
def test_what_is_right_does_not_depend_on_whether_tests_are_counted(
    program: str, info: dict[str, Any]
):
    counted, plain = (verify(None, program, info | extra) for extra in (ALL, {}))
    assert counted.correct is plain.correct
    assert plain.score is None
    assert plain.why == counted.why.partition("; passed")[0]


def test_a_share_says_what_failed_first_and_how_much_passed():
    verdict = verify(None, SQUARE, CALL | ALL)
    assert verdict.why == "test 2: returned 1; passed 2 of 5"
