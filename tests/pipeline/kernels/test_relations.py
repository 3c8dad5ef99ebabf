"""Texts are read only where they differ."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dedup.changes import compare_texts, read_spans
from pipeline.dedup.same_problem import hash_quantities
from pipeline.kernels.characters import plain_text
from pipeline.kernels.differences import differing_spans
from pipeline.kernels.edit_rest import EQUAL
from pipeline.kernels.shards import text_bytes

FRAGMENTS = [
    "Tom has", "3 apples", "three apples", "twenty five", "twenty-five", "$x < 4$",
    r"$\\frac{1}{2}$", r"\\frac{a + 3}{b + 7}", "and 1,200 more", "x - 2", "x -2", "5%",
    "THREE", "three  apples", r"a \Rightarrow b", r"a \rightarrow b",
    "90°", r"90^\\circ", "x²", "today.", "Is it\nso?", "f(x) = 2",
]  # fmt: skip


def agree(texts: pl.Series) -> bool:
    """Whether numbers and signs of two texts agree, read where they differ."""
    data, offsets = text_bytes(plain_text(texts))
    pair = np.array([0]), np.array([1])
    spans = differing_spans(data, offsets, *pair)
    _, agreed = read_spans(data, offsets, *pair, spans)
    return bool(agreed[0])


def test_a_number_that_moved_past_others_does_not_agree():
    apples = ["5", "x < 4", "9 and twelve", "three of each kind of apples"]
    moved = [*apples[1:], apples[0]]

    assert not agree(pl.Series([f"Is {' and '.join(a)}?" for a in (apples, moved)]))


@given(
    st.lists(st.sampled_from(FRAGMENTS), max_size=8),
    st.lists(st.sampled_from(FRAGMENTS), max_size=3),
    st.integers(0, 8),
    st.integers(0, 3),
)
@settings(max_examples=300, deadline=None)
def test_reading_where_texts_differ_is_reading_them_whole(base, put, position, cut):
    edited = [*base[:position], *put, *base[position + cut :]]
    texts = pl.Series([" ".join(base), " ".join(edited)])
    left, right = hash_quantities(texts)

    assert agree(texts) == bool(left == right)


@pytest.mark.parametrize("before", ["", "word " * 40])
def test_commands_that_differ_in_case_differ_wherever_they_stand(before: str):
    arrows = "Rightarrow", "rightarrow"
    texts = pl.Series([rf"{before}a \{arrow} b" for arrow in arrows])
    left, right = hash_quantities(texts)

    assert left != right
    assert not agree(texts)


def test_a_text_is_read_in_as_many_pieces_as_differ():
    body = "Tom walks 3 miles a day and 5 miles on Sunday. How far does he walk a week?"
    texts = pl.Series([f"Solve the following problem. {body}", f"{body} Show work."])
    first, second = np.array([0]), np.array([1])
    begins, ends, parts = differing_spans(*text_bytes(texts), first, second)
    data, _ = text_bytes(texts)
    read = [
        bytes(data[begin:end]).decode() for begin, end in zip(begins, ends, strict=True)
    ]

    assert parts.tolist() == [0, 2, 4]
    assert read == [
        "Solve the following problem. Tom",
        "week?",
        "Tom",
        "week? Show work.",
    ]
    assert compare_texts(texts, first, second, np.array([False])) == [EQUAL]


def test_texts_stay_as_they_are_when_they_are_read():
    texts = pl.Series(["Two hundred of x²", "three hundred **bold** words of x"])
    before = texts.to_list()
    plain_text(texts)

    assert texts.to_list() == before
