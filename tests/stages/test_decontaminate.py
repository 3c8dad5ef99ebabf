import json

import pytest

from pipeline.verdict import Outcome, apply
from stages.decontaminate import Params, judge
from tests.rows import benchmark, problems

ITEM = (
    "Aya walks nine kilometers every morning and stops at a coffee shop afterwards. "
    "Find the number of minutes the walk takes her."
)
BOILERPLATE = (
    "The answer is m/n where m and n are relatively prime positive integers. Find m+n."
)


def decontaminate(rows, items, **params) -> Outcome:
    return apply(lambda rows: judge(rows, Params(**params), items), rows)


def test_an_item_word_for_word_leaves_with_its_span():
    rows = problems(f"Read with care. {ITEM}", "What is the sum of two and two?")
    outcome = decontaminate(rows, benchmark(ITEM))

    assert outcome.dropped["reason"].to_list() == ["contaminated"]
    assert outcome.dropped["twin"].to_list() == ["bench/00000"]
    assert outcome.dropped["score"].to_list() == [1.0]
    evidence = json.loads(outcome.dropped["evidence"][0])
    assert evidence["benchmark"] == "bench"
    assert evidence["span"] == ITEM.rstrip(".")
    assert evidence["level"] == "exact"


def test_boilerplate_alone_is_no_contamination():
    item = "Let ABC be a triangle with sides 13, 14 and 15 and incentre I. " * 2
    rows = problems(f"A bag holds red and blue balls. {BOILERPLATE}")
    outcome = decontaminate(rows, benchmark(item + BOILERPLATE))

    assert outcome.dropped.height == 0
    assert 0 < outcome.kept["overlap"][0] < 0.5


def test_the_published_rule_drops_on_any_hit():
    item = "Let ABC be a triangle with sides 13, 14 and 15 and incentre I. " * 2
    rows = problems(f"A bag holds red and blue balls. {BOILERPLATE}")
    outcome = decontaminate(rows, benchmark(item + BOILERPLATE), methods=["ngram"])

    assert outcome.dropped.height == 1


def test_an_item_shorter_than_n_is_found_whole():
    rows = problems("Compute 3+5.", "Now: compute 3+5, please.", "Compute 3-5.")
    outcome = decontaminate(rows, benchmark("Compute 3+5."))

    assert outcome.dropped["id"].to_list() == ["test/00000", "test/00001"]


@pytest.mark.parametrize("text", ["Compute 3+5-2.", "Compute 3+55."])
def test_a_formula_that_goes_on_is_another_problem(text: str):
    outcome = decontaminate(problems(text), benchmark("Compute 3+5."))

    assert outcome.dropped.height == 0


def test_skipped_sources_are_measured_and_stay():
    outcome = decontaminate(problems(ITEM), benchmark(ITEM), skip_sources=["test"])

    assert outcome.kept["overlap"].to_list() == [1.0]


def test_no_benchmarks_drop_nothing():
    assert decontaminate(problems(ITEM), benchmark()).kept.height == 1
