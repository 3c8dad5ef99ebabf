"""Texts are read only where they differ."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dedup.changes import read_spans
from pipeline.dedup.same_problem import hash_quantities
from pipeline.kernels.characters import plain_text
from pipeline.kernels.differences import differing_spans
from pipeline.kernels.relations import quantity_hash
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
    spans = differing_spans(data, offsets, np.array([0]), np.array([1]))
    tokens = read_spans(data, offsets[:2], spans)
    hashes = quantity_hash(tokens.codes, tokens.kinds, tokens.ends, False, False)
    return bool(hashes[0] == hashes[1])


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
