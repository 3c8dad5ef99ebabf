import json
from random import Random

import polars as pl
import pytest

from pipeline.filter import Outcome, apply, run_stage
from stages import decontaminate as decontaminate_stage
from stages.decontaminate import Params, judge
from stages.sources import words
from tests.support import edits
from tests.support.rows import benchmark, problems

ITEM = (
    "Aya walks nine kilometers every morning and stops at a coffee shop afterwards. "
    "Find the number of minutes the walk takes her."
)
BOILERPLATE = (
    "The answer is m/n where m and n are relatively prime positive integers. Find m+n."
)
CLEAN = "What is the sum of two and two?"


def decontaminate(rows, items, *others, **params) -> Outcome:
    return apply(lambda rows: judge(rows, Params(**params), items, *others), rows)


def level(text: str, item: str, **columns) -> str | None:
    """The level of `text` against `item`."""
    rows = problems(text, **columns)
    kept = decontaminate(rows, benchmark(item), action="flag").kept
    return kept["overlap_level"][0]


def test_an_item_word_for_word_leaves_with_its_spans():
    rows = problems(f"Read with care. {ITEM}", CLEAN)
    outcome = decontaminate(rows, benchmark(ITEM))

    assert outcome.dropped["reason"].to_list() == ["contaminated"]
    assert outcome.dropped["twin"].to_list() == ["bench/00000"]
    assert outcome.dropped["score"].to_list() == [1.0]
    assert json.loads(outcome.dropped["evidence"][0]) == {
        "benchmark": "bench",
        "method": "coverage",
        "field": "problem",
        "level": "exact",
        "span": ITEM.rstrip("."),
        "item_span": ITEM.rstrip("."),
        "same_answer": True,
    }


def test_boilerplate_alone_is_no_contamination():
    item = "Let ABC be a triangle with sides 13, 14 and 15 and incentre I. " * 2
    rows = problems(f"A bag holds red and blue balls. {BOILERPLATE}")
    outcome = decontaminate(rows, benchmark(item + BOILERPLATE))

    assert outcome.dropped.height == 0


def test_the_published_rule_drops_on_any_hit():
    item = "Let ABC be a triangle with sides 13, 14 and 15 and incentre I. " * 2
    rows = problems(f"A bag holds red and blue balls. {BOILERPLATE}")
    outcome = decontaminate(rows, benchmark(item + BOILERPLATE), methods=["ngram"])

    assert outcome.dropped.height == 1
    span = json.loads(outcome.dropped["evidence"][0])["span"]
    assert span == BOILERPLATE


def test_an_item_shorter_than_n_is_found_whole():
    rows = problems("Compute 3+5.", "Now: compute 3+5, please.", "Compute 3-5.")
    outcome = decontaminate(rows, benchmark("Compute 3+5."))

    assert outcome.dropped["id"].to_list() == ["test/00000", "test/00001"]


@pytest.mark.parametrize("text", ["Compute 3+5-2.", "Compute 3+55.", "Compute 1-3+5."])
def test_a_formula_that_goes_on_is_another_problem(text: str):
    assert decontaminate(problems(text), benchmark("Compute 3+5.")).dropped.height == 0


def test_an_item_shorter_than_n_is_there_as_a_whole_or_not_at_all():
    rows = problems("Now: compute 3+5, please.", "Compute 3+7.")
    method = {"method": "coverage", "n": 6}
    kept = decontaminate(
        rows, benchmark("Compute 3+5."), methods=[method], action="flag"
    ).kept

    assert kept["overlap_level"].to_list() == ["exact", None]


def test_an_item_behind_a_footnote_is_an_item():
    assert level(f"Find $x$.\n\n*Proposed by A. B.* {ITEM}", ITEM) == "exact"


def test_a_long_formula_that_goes_on_is_another_problem_too():
    item = "Compute 3+5-2+7-4+1-9+6-2."

    assert level("Compute 3+5-2+7-4+1-9+6-2=?", item) == "exact"
    assert level("Compute 3+5-2+7-4+1-9+6-2+8.", item) == "sibling"
    assert level("Compute 3+5-2+7-4+1-9+2-6.", item) != "near"


def test_other_names_units_and_instructions_hide_nothing():
    text = (
        "Solve the following problem carefully. Mia walks nine km every morning and "
        "stops at a coffee shop afterwards. Find the number of min the walk takes her."
    )

    assert level(text, ITEM) == "exact"
    assert level(text.replace("coffee shop", "small bakery"), ITEM) == "near"


def test_other_numbers_make_a_sibling_which_stays():
    text = ITEM.replace("nine", "twelve")
    outcome = decontaminate(problems(text, answer=["7"]), benchmark(ITEM))

    assert outcome.kept["overlap_level"].to_list() == ["sibling"]
    assert outcome.tables["pairs"]["level"].to_list() == ["sibling"]


def test_siblings_go_where_the_recipe_says_so():
    rows = problems(ITEM.replace("nine", "twelve"), answer=["7"])
    outcome = decontaminate(rows, benchmark(ITEM), drop=["exact", "near", "sibling"])

    assert outcome.dropped.height == 1


def test_another_answer_speaks_against_a_leak():
    other = ITEM.replace("stops at a coffee shop", "rests in a small bakery")

    assert level(other, ITEM, answer=["42"]) == "near"
    assert level(other, ITEM, answer=["7"]) != "near"


def test_skipped_sources_are_measured_and_stay():
    outcome = decontaminate(problems(ITEM), benchmark(ITEM), skip_sources=["test"])

    assert outcome.kept["overlap"].to_list() == [1.0]


def test_flagging_keeps_every_row_with_its_hits():
    kept = decontaminate(problems(ITEM, CLEAN), benchmark(ITEM), action="flag").kept

    (hit,), none = kept["contamination"].to_list()
    assert none is None
    assert hit == {
        "method": "coverage",
        "field": "problem",
        "benchmark": "bench",
        "item": "bench/00000",
        "level": "exact",
        "score": 1.0,
        "span": ITEM.rstrip("."),
        "item_span": ITEM.rstrip("."),
        "same_answer": True,
    }


def test_reporting_leaves_the_rows_as_they_were():
    rows = problems(ITEM, CLEAN)
    outcome = decontaminate(rows, benchmark(ITEM), action="report")

    assert outcome.kept.equals(rows)
    assert outcome.tables["pairs"].height == 1


def test_solutions_and_rollouts_can_leak():
    rows = problems(CLEAN, CLEAN + " Now!", "What is three and three?")
    leak = [[{"text": f"As in: {ITEM}", "model": "m", "correct": True}], [], []]
    rows = rows.with_columns(solutions=pl.Series(leak, dtype=rows.schema["solutions"]))
    rollouts = pl.DataFrame({"id": ["test/00001"], "completion": [f"I recall: {ITEM}"]})
    outcome = decontaminate(rows, benchmark(ITEM), rollouts)

    fields = [json.loads(text)["field"] for text in outcome.dropped["evidence"]]
    assert fields == ["solutions", "rollouts"]
    for field, dropped in (("problem", []), ("solutions", [0]), ("rollouts", [1])):
        alone = decontaminate(rows, benchmark(ITEM), rollouts, fields=[field])
        assert alone.dropped["id"].to_list() == [f"test/{n:05d}" for n in dropped]
    unasked = decontaminate(rows, benchmark(ITEM), fields=["rollouts"])
    assert unasked.kept.height == 3


def test_methods_side_by_side_each_leave_their_hit():
    rows = problems(ITEM, ITEM.replace("nine", "12"), CLEAN)
    methods = ["coverage", "ngram", "normalized", "substring", "fuzzy"]
    outcome = decontaminate(rows, benchmark(ITEM), methods=methods, action="flag")

    hits = outcome.kept["contamination"].to_list()
    assert [[hit["method"] for hit in row or []] for row in hits] == [
        methods,
        ["coverage", "ngram", "fuzzy"],  # fuzzy is blind to numbers
        [],
    ]


def test_normalized_sees_through_other_digits():
    rows = problems("Tom has 3 apples!", "Tom has three apples.")
    outcome = decontaminate(
        rows, benchmark("tom has 17 apples"), methods=["normalized"]
    )

    assert outcome.dropped["id"].to_list() == ["test/00000"]


@pytest.mark.parametrize("count", [5, 70])
def test_a_whole_item_is_found_in_other_words(count: int):
    item = " ".join(f"word{number}" for number in range(count))
    rows = problems(f"Now: {item.upper()}!", f"{item}0", item.replace("word3", "3"))
    outcome = decontaminate(rows, benchmark(item), methods=["substring"])

    assert outcome.dropped["id"].to_list() == ["test/00000"]
    assert outcome.kept["contamination"].to_list() == [None, None]


def test_embeddings_find_a_paraphrase():
    method = {"method": "embedding", "encoder": "packaged", "threshold": 0.9}
    rows = problems("Find the sum of two and three.", "Name the capital of France.")
    items = benchmark("Find the sum of three and two.")
    outcome = decontaminate(rows, items, methods=[method])

    assert outcome.dropped["id"].to_list() == ["test/00000"]


def test_a_judge_decides_on_what_was_retrieved(monkeypatch: pytest.MonkeyPatch):
    seen = []

    def answer(prompts: list[str], **_: object) -> list[str | None]:
        seen.extend(prompts)
        return [
            '{"same": true}' if prompt.count("two and three") == 2 else "no idea"
            for prompt in prompts
        ]

    monkeypatch.setattr("pipeline.endpoint.client.ask", answer)
    method = {
        "method": "retrieve_then_judge",
        "encoder": "packaged",
        "top_k": 1,
        "min_cosine": 0,
        "both_ways": True,
    }
    rows = problems("Add two and three.", "Add five and six.")
    items = benchmark("What is two and three?", "What is seven and eight?")
    outcome = decontaminate(rows, items, methods=[method])

    assert outcome.dropped["id"].to_list() == ["test/00000"]
    assert len(seen) == 4, "each pair is put both ways"


def test_the_report_counts_by_benchmark_and_source():
    rows = problems(ITEM, ITEM.replace("nine", "six"), CLEAN, answer=["42", "1", "4"])
    (counts,) = decontaminate(rows, benchmark(ITEM)).tables["benchmarks"].to_dicts()

    assert 0.65 < counts.pop("highest_left_in") < 1
    assert counts == {
        "benchmark": "bench",
        "source": "test",
        "items": 1,
        "items_hit": 1,
        "items_undetectable": 0,
        "rows_dropped": 1,
        "rows_exact": 1,
        "rows_near": 0,
        "rows_sibling": 1,
        "rows_boilerplate": 0,
    }


def test_a_second_run_believes_nothing_that_the_first_one_wrote():
    rows = problems(ITEM, CLEAN)
    flagged = filter_table(rows, action="flag").kept
    clean = pl.lit(None, pl.Float32), pl.lit("boilerplate")
    wrong = flagged.with_columns(overlap=clean[0], overlap_level=clean[1])
    again = filter_table(wrong)

    assert again.dropped["id"].to_list() == ["test/00000"]
    assert again.kept["overlap_level"].to_list() == [None]
    assert filter_table(again.dropped).dropped["twin"].to_list() == ["bench/00000"]


def filter_table(rows: pl.DataFrame, **params) -> Outcome:
    """As the command line runs the stage on anyone's table."""
    return run_stage(decontaminate_stage, rows, Params(**params), benchmark(ITEM))


def test_undetectable_items_are_counted_and_listed():
    stem = "Which of the following is true?"
    rows = problems(f"A) 3 > 2. B) 2 > 3. {stem}", CLEAN)
    outcome = decontaminate(rows, benchmark(stem, ITEM, "What?"))

    assert outcome.dropped.height == 0
    assert outcome.tables["benchmarks"]["items_undetectable"].to_list() == [2]
    listed = outcome.tables["undetectable"].select("item", "reason", "item_text")
    assert listed.rows() == [
        ("bench/00000", "no_rare_content", stem),
        ("bench/00002", "too_short", "What?"),
    ]


def test_no_benchmarks_drop_nothing():
    assert decontaminate(problems(ITEM), benchmark()).kept.height == 1


def made_up(count: int, seed: int, templates: list[int]) -> list[dict]:
    raw = words.generate(count=count, seed=seed, templates=templates)
    return [words.adapt(row) for row in raw]


def test_lightly_edited_items_are_found_and_clean_rows_stay():
    """Precision and recall on labelled rows of ours; the edits know nothing of us."""
    random = Random(3)
    items = made_up(60, 99, [8, 9])
    clean = made_up(400, 5, [0, 1, 2, 3, 4, 5, 6, 7])
    edited = [edits.light_edit(item["problem"], random) for item in items]
    texts = [*edited, *(row["problem"] for row in clean)]
    answers = [row["answer"] for row in [*items, *clean]]
    bench = benchmark(*(item["problem"] for item in items)).with_columns(
        answer=pl.Series([item["answer"] for item in items])
    )
    outcome = decontaminate(problems(*texts, answer=answers), bench)

    lost = {int(id.split("/")[1]) for id in outcome.dropped["id"]}
    assert len(lost & set(range(60))) >= 57
    assert len(lost - set(range(60))) <= 1
