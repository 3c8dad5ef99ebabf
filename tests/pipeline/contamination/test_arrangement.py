"""Leaks and other problems that differ in what stands where, and hard cases."""

import json
from pathlib import Path

import polars as pl
import pytest

from pipeline.contamination.arrangement import find_rearranged
from pipeline.contamination.methods.coverage import Params, find_hits

CASES = Path(__file__).parents[2] / "cases/leaks/problems.jsonl"
# What no word for word comparison finds; the first two are for `paraphrase`.
OUT_OF_REACH = {"translated", "units changed", "options left out", "spelling"}
POOL = [
    "A farmer sells 12 sheep and buys 5 goats with the money.",
    "Find the area of a rhombus whose diagonals are 6 and 11.",
    "The sum of three consecutive odd numbers is 57.",
]


def find_levels(pairs: list[tuple[str, str]], *answers: str) -> list[str | None]:
    """The level of each text as a hit of the item beside it; `answers` of both."""
    answer = pl.lit(answers[0] if answers else None, pl.String)
    texts = pl.DataFrame({"text": [*(text for _, text in pairs), *POOL]})
    items = pl.DataFrame({"problem": [item for item, _ in pairs]})
    found = find_hits(
        texts.with_columns(answer=answer), items.with_columns(answer=answer), Params()
    )
    own = found.hits.filter(pl.col("text") == pl.col("item"))
    levels = dict(own.select("text", "level").rows())
    return [levels.get(number) for number in range(len(pairs))]


@pytest.mark.parametrize(
    ("item", "text"),
    [
        (
            "Find all real zeros of the cubic $x^3 - 6x^2 - 13x + 42$ under 5.",
            "Find all real zeros of the cubic $x^3 - 6x^2 + 13x + 42$ under 5.",
        ),
        (
            "Work out the total $17(23 + 4(9 - 5))$ and divide it by 3.",
            "Work out the total $17((23 + 4)\\cdot 9 - 5)$ and divide it by 3.",
        ),
        (
            "A tank is filled by pipe A in 6 hours and emptied by pipe B in 9 hours.",
            "A tank is filled by pipe A in 9 hours and emptied by pipe B in 6 hours.",
        ),
        (
            "A tank is filled by pipe A in 6 hours and emptied by pipe B in 9 hours.",
            "A tank is emptied by pipe A in 6 hours and filled by pipe B in 9 hours.",
        ),
        (
            "How many swaps does bubble sort need to put the list 8, 3, 5, 1 in order?",
            "How many swaps does bubble sort need to put the list 3, 8, 1, 5 in order?",
        ),
        (
            "A plane flies from Lisbon to Athens against the wind in almost 4 hours.",
            "A plane flies from Athens to Lisbon against the wind in almost 4 hours.",
        ),
        (
            "Rosa has twice as many stamps as Igor, and Igor has 8 fewer than Lin.",
            "Igor has twice as many stamps as Rosa, and Lin has 8 fewer than Igor.",
        ),
    ],
)
def test_what_has_changed_places_makes_a_sibling(item: str, text: str):
    assert find_levels([(item, text)]) == ["sibling"]


@pytest.mark.parametrize(
    ("item", "text"),
    [
        (
            "A cinema sells 154 tickets. Adults pay 9 euros and children pay 6 euros.",
            "Adults pay 9 euros and children pay 6 euros. A cinema sells 154 tickets.",
        ),
        (
            "Tom owes Ann 12 marbles and Ann owes Zoe 31. How many does Ann get?",
            "Ann owes Tom 12 marbles and Tom owes Zoe 31. How many does Tom get?",
        ),
        (
            "Which of these weights is the median of all? (A) 41 (B) 42 (C) 39 (D) 63",
            "Which of these weights is the median of all? (A) 63 (B) 39 (C) 41 (D) 42",
        ),
        (
            "Solve the equation $3(x + 4)/7 = 2x - 11$ over all the fractions.",
            "Solve the equation \\(\\frac{3(x+4)}{7}=2x-11\\) over all fractions.",
        ),
    ],
)
def test_sentences_names_options_and_spelling_may_change(item: str, text: str):
    assert find_levels([(item, text)])[0] in ("exact", "near")


def test_whole_texts_are_compared_pair_by_pair():
    items = ["Rosa has twice what Igor has, and Igor 8 less than Lin."] * 3
    texts = [
        "Igor has twice what Rosa has, and Lin 8 less than Igor.",
        "Mia has twice what Tom has, and Tom 8 less than Ann.",
        "Rosa has twice what Igor has, and Igor 8 less than Lin.",
    ]

    found = find_rearranged(pl.Series(texts), pl.Series(items))
    assert found.tolist() == [True, False, False]


def test_an_answer_that_few_have_outweighs_the_order():
    item = "The legs of a right triangle measure 231 and 520. Find the hypotenuse."
    text = "The legs of a right triangle measure 520 and 231. Find the hypotenuse."

    assert find_levels([(item, text)]) == ["sibling"]
    assert find_levels([(item, text)], "569") == ["near"]


def test_a_text_that_is_a_part_of_the_item_and_nothing_else_leaks():
    item = (
        "A regular tetrahedron of edge 12 is inscribed in a sphere, and another sphere "
        "touches all four of its faces from within. Compute the ratio of the volume of "
        "the outer sphere to that of the inner one, in 20 words at most."
    )

    assert find_levels([(item, item.partition(" to that")[0])]) == ["near"]


def test_hard_cases_by_hand():
    cases = [json.loads(line) for line in CASES.read_text().splitlines()]
    schema = {"text": pl.String, "answer": pl.String}
    rows = [(case["text"], case["text_answer"]) for case in cases]
    texts = pl.DataFrame(
        [*rows, *((text, None) for text in POOL)], schema, orient="row"
    )
    items = pl.DataFrame(
        [(case["item"], case["answer"]) for case in cases],
        {"problem": pl.String, "answer": pl.String},
        orient="row",
    )
    hits = find_hits(texts, items, Params()).hits
    leaks = set(
        hits.filter(
            pl.col("level").is_in(["exact", "near"]), pl.col("text") == pl.col("item")
        )["text"]
    )
    wrong = {
        case["kind"] for number, case in enumerate(cases)
        if (number in leaks) != case["leak"]
    }  # fmt: skip

    assert wrong <= OUT_OF_REACH
