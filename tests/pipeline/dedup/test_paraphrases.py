import numpy as np
import polars as pl
import pytest

from pipeline.dedup.pairs import Pairs
from pipeline.dedup.paraphrases import (
    AT_ONCE,
    add_paraphrases,
    align_words,
    find_equal_answers,
)
from pipeline.kernels.relations import COPY, SIBLING
from tests.support.rows import problems

STEM = (
    "She paid in {} and got a discount of 13 off the price of 254. "
    "What did she pay in this currency?"
)
UNKNOWN = pl.Series([None, None], dtype=pl.String)
REWORDED = "An article at 254 euros is cheaper by 13 euros now. What does it cost her?"


def relations(left: str, right: str, answer: str) -> list[int]:
    """What each pair is that is found of two texts whose vectors are equal."""
    rows = problems(left, right, answer=[answer, answer])
    none = Pairs(*np.zeros((2, 0), np.int32), np.zeros(0))
    pairs = add_paraphrases(rows, np.ones((2, 1), np.float32), none, 0.5)
    assert pairs.relation is not None
    return pairs.relation.tolist()


def test_a_problem_in_other_words_is_a_copy():
    assert relations(STEM.format("euros"), REWORDED, "241") == [COPY]


def test_a_problem_in_nearly_the_same_words_is_what_the_guard_says():
    found = relations(STEM.format("euros"), STEM.format("yen"), "241")
    assert COPY not in found


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Tom has 3 nuts. Tom eats 2.", "Bob has 3 nuts. Bob eats 2."),
        (
            "If x + y = 9 and xy = 8, find x - y.",
            "If a + b = 9 and ab = 8, find a - b.",
        ),
        ("Determine the sum of the primes below 9.", "Find the sum of primes below 9."),
    ],
)
def test_names_stand_for_each_other_however_far_apart_the_texts_are(left, right):
    assert relations(left, right, "1") == [COPY]


def test_texts_of_one_skeleton_with_another_answer_are_siblings():
    rows = problems("Tom has 3 of 4.", "Bob has 3 of 4.", answer=["1", "2"])
    none = Pairs(*np.zeros((2, 0), np.int32), np.zeros(0))
    pairs = add_paraphrases(rows, np.eye(2, dtype=np.float32), none, 0.5)
    assert pairs.relation is not None
    assert pairs.relation.tolist() == [SIBLING]


@pytest.mark.parametrize(
    ("left", "right", "share"),
    [("how many red cats", "how many blue cats", 0.75), ("数大的和", "数小的和", 0.75)],
)
def test_words_are_aligned_in_any_script(left: str, right: str, share: float):
    assert align_words(left, right) == share


def test_short_texts_with_a_slip_are_compared_however_far_their_vectors_are():
    # Of the 21 n-grams of either, 3 hold the word that differs: 18 of 24 are shared.
    text = (
        "In how many {} ways can the letters of the word LEVEL be arranged in a row "
        "so that no two vowels meet?"
    )
    rows = problems(text.format("different"), text.format("diferent"))
    none = Pairs(*np.zeros((2, 0), np.int32), np.zeros(0))
    pairs = add_paraphrases(rows, np.eye(2, dtype=np.float32), none, 0.5)

    assert pairs.relation is not None
    assert pairs.relation.tolist() == [COPY]


def test_rows_of_one_rare_answer_are_compared_from_a_cosine_on():
    vectors = np.array([[1, 0], [0.8, 0.6], [0, 1]] + [[1, 0], [0.8, 0.6]] * 3)
    vectors = vectors.astype(np.float32)
    answers = pl.Series(["185", "185.0", "185", "3", "3", "yes", "yes", None, None])

    first, second = find_equal_answers(answers, vectors, 0.7)

    assert [*zip(first.tolist(), second.tolist(), strict=True)] == [(0, 1)]
    assert find_equal_answers(answers, vectors, 0.85)[0].tolist() == []
    assert sorted(find_equal_answers(answers, vectors, 0.6)[1].tolist()) == [1, 2, 4]
    assert find_equal_answers(UNKNOWN, vectors[:2], 0)[0].tolist() == []


def test_more_rows_than_are_compared_at_once_are_all_compared():
    vectors = np.ones((AT_ONCE + 2, 1), np.float32)
    answers = pl.Series(["185"] * len(vectors))

    first, second = find_equal_answers(answers, vectors, 0.7)

    assert len(first) == len(vectors) * (len(vectors) - 1) // 2
    assert (first < second).all()
