from pipeline.filter import Outcome, apply
from stages.decontaminate_traces import Params, judge
from tests.support.rows import benchmark, problems
from tests.support.traces import trace, with_traces

ITEM = (
    "Aya walks nine kilometers every morning and stops at a coffee shop afterwards. "
    "Find the number of minutes the walk takes her."
)


def checked(*traces: str) -> Outcome:
    rows = problems("What is the sum of two and two?")
    rows, rollouts = with_traces(rows, [[trace(text) for text in traces]])
    items = benchmark(ITEM)
    return apply(lambda rows: judge(rows, Params(), items, rollouts), rows)


def test_a_trace_that_recites_an_item_is_named_and_the_row_stays():
    outcome = checked(
        "Two and two make four.",
        f"<think>I know this one: {ITEM} Anyway, two and two make four.</think>4",
    )

    assert outcome.kept["leaking_traces"].to_list() == [[1]]
    assert outcome.tables["pairs"]["item"].to_list() == ["bench/00000"]


def test_siblings_and_stems_in_a_trace_name_nothing():
    sibling = ITEM.replace("nine", "twelve").replace("minutes", "hours")
    outcome = checked(f"A problem like it: {sibling} So it takes three of them.")

    assert outcome.kept["leaking_traces"].to_list() == [None]


def test_clean_traces_name_nothing():
    assert checked("Two and two make four.").kept["leaking_traces"].to_list() == [None]


def test_a_row_without_traces_is_fine():
    assert checked().kept["leaking_traces"].to_list() == [None]
