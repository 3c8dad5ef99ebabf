"""Items without rare content: leaks where a text says them and nothing else."""

import polars as pl
import pytest

from pipeline.contamination.hits import Found
from pipeline.contamination.methods.coverage import Params, find_hits
from tests.support.rows import benchmark

SUMS = {"Compute 3-3.": "0", "Compute 2+7.": "9", "Compute 8+1.": "9"}
LESSON = "Our lesson on arithmetic begins. {} Write the result on your slate."
# Sums of all digits, which make each of them common.
POOL = [
    f"Compute {a}-{b} and {b}+{a}, then add {step} of either to a heap of {step} pears."
    for step in range(4)
    for a in range(10)
    for b in range(10)
]
STEMS = {
    "Which of the following is true?": "a",
    "What is the value of x?": "4",
    "Find the answer.": "4",
}
SCENES = [
    "A tin holds 12 buttons, of which 5 are brass, and two are taken out. {}",
    "The angles of a parallelogram are $2x + 40$ and $3x - 10$. {}",
    "A farmer sells 12 sheep and buys 5 goats with the money. {}",
    "Every prime above two is odd, and zero is a natural number. {}",
]


def search(texts: dict[str, str | None], items: dict[str, str]) -> Found:
    """What is found of `items` in `texts`, each with its answer, and POOL behind."""
    texts = texts | dict.fromkeys(POOL)
    rows = pl.DataFrame(
        {"text": list(texts), "answer": list(texts.values())},
        {"text": pl.String, "answer": pl.String},
    )
    answers = pl.Series("answer", list(items.values()))
    return find_hits(rows, benchmark(*items).with_columns(answers), Params())


def leaks(found: Found) -> list[int]:
    """The numbers of the texts that leak."""
    worst = found.hits.filter(pl.col("level").is_in(["exact", "near"]))
    return worst["text"].to_list()


def wrap(frame: str, items: dict[str, str]) -> dict[str, str | None]:
    """Each item in `frame`, with its answer."""
    return {frame.format(item): answer for item, answer in items.items()}


@pytest.mark.parametrize(
    "text",
    [
        "Compute 3-3.",
        "**Compute** $3 - 3$",
        "<p>Compute 3&minus;3.</p>",
        "7. Compute \\(3-3\\).",
        "COMPUTE 3-3",
        '{"question": "Compute 3-3."}',
    ],
)
def test_a_text_that_is_the_item_and_nothing_else_leaks(text: str):
    found = search({text: None}, SUMS)

    assert leaks(found) == [0]
    assert found.hits["level"][0] == "exact"


@pytest.mark.parametrize(
    "text",
    [
        "Compute 3-3 and add the number of your brothers.",
        "Compute 3-3!",
        "Compute 3-3-1.",
        "Compute 5+3-3.",
        "Do not compute 3-3.",
    ],
)
def test_a_word_or_a_sign_beside_it_makes_another_text(text: str):
    assert leaks(search({text: None}, SUMS)) == []


def test_a_bare_item_with_another_answer_is_no_copy():
    assert leaks(search({"Compute 3-3.": "0"}, SUMS)) == [0]
    assert leaks(search({"Compute 3-3.": "6"}, SUMS)) == []


def test_words_that_stand_around_three_items_are_a_wrapper():
    two = dict(list(SUMS.items())[:2])

    assert leaks(search(wrap(LESSON, SUMS), SUMS)) == [0, 1, 2]
    assert leaks(search(wrap(LESSON, two), SUMS)) == []


def test_copies_of_one_item_make_no_wrapper():
    sum_ = {"Compute 3-3.": "0"}
    texts = wrap(LESSON, sum_) | wrap(LESSON.upper(), sum_) | wrap(f"- {LESSON}", sum_)

    assert leaks(search(texts, SUMS)) == []


def test_in_a_wrapper_answers_must_agree():
    texts = wrap(LESSON, SUMS)
    first = next(iter(texts))

    assert leaks(search(dict.fromkeys(texts), SUMS)) == []
    assert leaks(search(texts | {first: "8"}, SUMS)) == [1, 2]


def test_stems_behind_different_problems_flag_nothing():
    two = dict(list(STEMS.items())[:2])
    texts = [text for scene in SCENES for text in wrap(scene, STEMS)]
    with_answers = {
        text: answer for scene in SCENES for text, answer in wrap(scene, two).items()
    }

    assert leaks(search(dict.fromkeys(texts), STEMS)) == []
    assert leaks(search(with_answers, STEMS)) == []


def test_an_item_found_bare_is_still_listed_as_undetectable():
    found = search({"Compute 3-3.": "0"}, SUMS)

    assert found.undetectable["reason"].to_list() == 3 * ["no_rare_content"]
