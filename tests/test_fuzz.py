"""Nobody can write a row, a completion or a channel line that ends a run or fills it.

The short form here; `benchmarks/bench_fuzz.py` is the long one, of 5,000 cases.
"""

import json
import shutil
from random import Random

import pytest

from pipeline.grading.guarded import ERROR, LONGEST_TEXT, verify
from tests.support.attacks import ATTACKS
from tests.support.fuzz import SEEDS, Case, deal_cases, deal_line, measure, write_lines

needs_sandbox = pytest.mark.skipif(
    shutil.which("bwrap") is None, reason="bubblewrap is missing"
)
MOST_S, MOST_MB = 2.0, 200.0
TEXTS = sorted(SEEDS.keys() - {"code"})


def find_faults(cases: list[Case], seed: int) -> list[str]:
    """What went wrong in judging `cases`: exceptions, time and memory."""
    random = Random(seed)
    faults = []
    for case in cases:
        for verdict, cpu_s, memory_mb in measure(case, random):
            is_broken = verdict.why.startswith(ERROR)
            if is_broken or cpu_s > MOST_S or memory_mb > MOST_MB:
                took = f"{cpu_s:.1f} s, {memory_mb:.0f} MB: {verdict.why}"
                faults.append(f"{case.verifier}: {took}: {str(case)[:300]!a}")
    return faults


@pytest.mark.parametrize("verifier", TEXTS)
def test_no_text_breaks_a_verifier_or_takes_long(verifier: str):
    cases = list(deal_cases(60, seed=16, verifiers=[verifier]))

    assert find_faults(cases, seed=16) == []


@needs_sandbox
@pytest.mark.parametrize("name", ATTACKS)
def test_what_once_took_minutes_or_raised_does_not(name: str):
    assert find_faults([ATTACKS[name]], seed=16) == []


@needs_sandbox
def test_no_program_and_no_row_of_tests_breaks_the_host():
    cases = list(deal_cases(12, seed=16, verifiers=["code"]))

    assert find_faults(cases, seed=16) == []


@needs_sandbox
def test_no_line_on_the_channel_breaks_the_host():
    random = Random(16)
    case = write_lines([deal_line(random) for _ in range(200)])

    assert find_faults([case], seed=16) == []
    verdict = verify(*case)
    assert verdict.correct is False


def test_cases_are_the_same_for_the_same_seed():
    once, again = (list(deal_cases(60, 1, list(SEEDS))) for _ in range(2))

    assert once == again
    assert len(set(once)) > 50


@pytest.mark.parametrize("verifier", TEXTS)
def test_every_case_begins_with_a_row_that_is_judged(verifier: str):
    for answer, info, completion in SEEDS[verifier]:
        if verifier != "judge":
            assert verify(verifier, answer, json.dumps(info), completion).correct


def test_a_text_that_no_model_writes_is_not_read():
    text = "x" * (LONGEST_TEXT + 1)
    verdict = verify("math", "4", "{}", text)

    assert verdict.correct is None
    assert verdict.why == (
        "completion: expected 2,000,000 characters at most, found 2,000,001"
    )
