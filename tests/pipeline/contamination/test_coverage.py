"""What counts as an item, and what as another problem of the same kind."""

import polars as pl
import pytest

from pipeline.contamination.hits import Found
from pipeline.contamination.methods.coverage import Params, find_hits
from tests.support.rows import benchmark

POOL = [
    "A farmer sells 12 sheep and buys 5 goats with the money.",
    "Find the area of a rhombus whose diagonals are 6 and 11.",
    "The sum of three consecutive odd numbers is 57.",
    "How many ways are there to seat six guests at a round table?",
]
ORCHESTRA = (
    "A school in Leeds orders 36 violins and 12 cellos for its new orchestra, and the "
    "supplier grants a discount of a tenth. How many instruments does it order?"
)
PREAMBLE = (
    "You are given a programming task. Read the whole statement before you begin. Your "
    "program reads from standard input and writes to standard output, and it must end "
    "within two seconds for every test. Print nothing that nobody asked for.\n\n"
)


def search(texts: list[str], *items: str, answers: list[str | None] | None = None):
    """What is found of `items` in `texts`, whose answers are unknown unless given."""
    column = pl.Series(answers or [None] * len(texts), dtype=pl.String)
    bench = benchmark(*items)
    if answers is None:
        bench = bench.with_columns(answer=pl.lit(None, pl.String))
    return find_hits(pl.DataFrame({"text": texts, "answer": column}), bench, Params())


def leaks(found: Found) -> list[int]:
    """The numbers of the texts that leak."""
    worst = found.hits.filter(pl.col("level").is_in(["exact", "near"]))
    return worst["text"].to_list()


@pytest.mark.parametrize(
    ("item", "other"),
    [
        ("What is the capital of Germany?", "What is the capital of France?"),
        (
            "What day comes two days after Monday?",
            "What day comes 2 days after Friday?",
        ),
        (
            "How many electrons has the outer shell of an atom of Sodium at rest?",
            "How many electrons has the outer shell of an atom of Chlorine at rest?",
        ),
        (
            "Let ABCD be a square of area 25. Find the area of triangle ABC twice.",
            "Let PQRS be a square of area 25. Find the area of triangle PQR twice.",
        ),
    ],
)
def test_another_entity_makes_another_problem(item: str, other: str):
    assert leaks(search([*POOL, other, item], item)) == [5]


def test_an_entity_in_small_letters_is_still_another_one():
    item = "Which river of Poland is the longest, and into which sea does it flow?"
    text = "which river of spain is the longest, and into which sea does it flow?"

    assert leaks(search([*POOL, text], item)) == []


def test_persons_may_have_other_names_one_to_one():
    item = "Tom has 12 marbles and Ann has 31. Tom gives Ann a third of his marbles."
    renamed = "Bob has 12 marbles and Mia has 31. Bob gives Mia a third of his marbles."
    merged = "Bob has 12 marbles and Bob has 31. Bob gives Bob a third of his marbles."

    assert leaks(search([*POOL, renamed, merged], item)) == [4]


def test_persons_keep_their_names_where_the_answers_differ():
    item = "In which year did Marie receive the golden medal of the academy of arts?"
    text = item.replace("Marie", "Peter")

    assert leaks(search([text], item, answers=["42"])) == [0]
    assert leaks(search([text], item, answers=["43"])) == []


def test_a_name_that_no_list_has_is_one_where_a_person_takes_its_place():
    item = (
        "Every day Zorblax feeds her 15 hens. How many hens does Zorblax feed weekly?"
    )
    text = item.replace("Zorblax", "Anna")

    assert leaks(search([*POOL, text], item)) == [4]


def test_a_preamble_that_many_share_weighs_nothing():
    tasks = [
        "Given n integers, print the second largest of them.",
        "Given a word, print it backwards in capitals.",
        "Given two dates, print how many leap days lie between them.",
        "Given a maze, print the length of the shortest way out.",
        "Given coins and an amount, print in how many ways it can be paid.",
        "Given a text, print its most frequent letter.",
    ]
    texts = [PREAMBLE + task for task in tasks]
    items = [PREAMBLE + "Given a string of brackets, print its longest balanced part."]

    assert leaks(search([*POOL, *texts], *items)) == []
    assert leaks(search([*POOL, *texts, *items], *items)) == [10]


@pytest.mark.parametrize("times", [1, 20])
def test_copies_of_a_leak_do_not_hide_it(times: int):
    leak = "Please solve: " + ORCHESTRA.replace("grants", "allows").replace(
        "new orchestra", "young band"
    )

    assert len(leaks(search([*POOL, *times * [leak]], ORCHESTRA))) == times


def test_a_stem_is_undetectable_and_flags_nothing():
    stem = "Which of the following is true?"
    texts = [f"{text} {stem}" for text in POOL]
    found = search(texts, stem, "What now?", ORCHESTRA)

    assert leaks(found) == []
    assert found.undetectable.rows() == [(0, "no_rare_content"), (1, "too_short")]


def test_another_question_about_the_scene_stays_where_the_answers_differ():
    scene = "Triangle $ABC$ has sides 13, 14 and 15 and touches its incircle at $D$. "
    item, text = scene + "Compute $DE$.", scene + "Compute the radius of the circle."

    assert leaks(search([*POOL, text], item, answers=[*"abcd", "4"])) == []


@pytest.mark.parametrize(
    ("item", "other"),
    [
        (
            "How many of them play the violin?",
            "How many of them do not play the violin?",
        ),
        ("Find the greatest distance from home.", "Find the least distance from home."),
        ("When is the temperature increasing?", "When is the temperature decreasing?"),
    ],
)
def test_a_word_that_turns_it_round_makes_another_problem(item: str, other: str):
    scene = "A club of 45 meets in the old library every Friday, and 27 play chess. "
    texts = [*POOL, scene + other, scene + item]

    assert leaks(search(texts, scene + item)) == [5]


def test_a_bullet_is_no_formula_that_goes_on():
    item = "A list of 5 numbers has mean 12 and mode 9. Find $xy$, its last two digits."

    assert leaks(search([f"- {item}", f"| 3 | {item} | 5 |"], item)) == [0, 1]


def test_a_small_answer_is_no_witness():
    # Half the item: enough only beside an answer that few problems have.
    text = ORCHESTRA
    for old, new in (
        ("for its new orchestra", "in all"),
        ("supplier", "dealer"),
        ("orders", "wants"),
        ("cellos", "drums"),
    ):
        text = text.replace(old, new)
    item = benchmark(ORCHESTRA)

    def level(answer: str) -> str:
        rows = pl.DataFrame({"text": [text], "answer": [answer]})
        bench = item.with_columns(answer=pl.lit(answer))
        return find_hits(rows, bench, Params()).hits["level"][0]

    assert level("48") != "near"
    assert level("4876") == "near"
