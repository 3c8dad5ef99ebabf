"""Objects of a program and its tests, which run in two processes.

Cases in `tests/cases/code`: `objects_honest.jsonl`, right programs whose tests use what
a program defines, and `handed_honest.jsonl`, those whose tests hand over objects of
classes that they, their set-up or the library define, or derive classes of their own
from the program's; `heard_honest.jsonl`, those whose tests hear what a program logs,
warns of or leaves with, or speak to it from threads. In the files of hostile ones are
wrong programs that would pass if they were believed or had a hold on their tests.
"""

import json
from pathlib import Path

import pytest

from pipeline.verifiers.code import verify

CASES = Path(__file__).parents[2] / "cases/code"
KINDS = "objects", "handed", "heard"
UNDECIDED = {
    "generator send",
    "equality with plain",
    "threads that wait for each other",
}


def read(name: str) -> dict[str, dict[str, str]]:
    files = [CASES / f"{kind}_{name}.jsonl" for kind in KINDS]
    lines = [line for file in files for line in file.read_text().splitlines()]
    return {case["name"]: case for case in map(json.loads, lines)}


HONEST, HOSTILE = read("honest"), read("hostile")


def judge(case: dict[str, str]) -> tuple[bool | None, str]:
    info = {"type": "assert", "test_code": case["tests"], "timeout_s": 4}
    info |= {key: case[key] for key in ("setup", "entry_point") if key in case}
    verdict = verify(None, f"```python\n{case['program']}\n```", info)
    return verdict.correct, verdict.why


@pytest.mark.parametrize("name", HONEST)
def test_what_a_program_defines_can_be_tested(name: str):
    expected = None if name in UNDECIDED else True

    correct, why = judge(HONEST[name])

    assert correct is expected, why


@pytest.mark.parametrize("name", HOSTILE)
def test_an_object_of_a_program_is_not_believed(name: str):
    correct, why = judge(HOSTILE[name])

    assert correct is not True, why


def test_what_an_object_says_of_a_value_of_the_tests_is_no_verdict():
    assert judge(HOSTILE["yes eq"]) == (
        None,
        "its tests compare an object of the program",
    )


def test_an_answer_far_longer_than_the_right_one_is_not_read():
    info = {
        "type": "call",
        "fn_name": "f",
        "tests": [{"input": [1], "output": 5}],
    }

    verdict = verify(None, "def f(x): return [[]] * 1_000_000", info)

    assert (verdict.correct, verdict.why) == (
        False,
        "test 1: returned far more than expected",
    )
