"""N-grams of the published rules are those of plain Python."""

import re
from itertools import chain, pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.kernels.hash_table import build_table
from pipeline.kernels.published_ngrams import (
    CAPITAL,
    find_word_ngrams,
    has_capitals,
    lowercase_bytes,
    word_ngrams,
)
from pipeline.kernels.shards import text_bytes
from pipeline.kernels.word_tokens import REGEX_WORDS, WHITESPACE
from tests.support.texts import KNOWN, MESSY

SPACED = st.text(
    alphabet=" \t\n\x00\x1b\x1cabYZ[@`{é×ÉΩЖ\x85\xa0\u1680\u2003\u2028\u202f\u205f"
    "\u3000\u3001😀𐐀",
    max_size=40,
)


def test_words_of_the_published_rules_keep_long_runs():
    texts = pl.Series(["0" * 16, "a" * 32, "12345678" * 4])
    _, ends = word_ngrams(*text_bytes(texts), 1, REGEX_WORDS)

    assert np.diff(ends).tolist() == [1, 1, 1]


@given(st.lists(SPACED | MESSY, min_size=1, max_size=6), st.integers(1, 3))
@settings(max_examples=300, deadline=None)
def test_words_at_white_space_are_those_of_python(texts: list[str], n: int):
    # U+1680 is the one space that no text of mathematics has.
    texts = [text.replace("\u1680", " ") for text in texts]
    ngrams, ends = word_ngrams(*lowercase_bytes(pl.Series(texts)), n, WHITESPACE)
    computed = [ngrams[a:b].tolist() for a, b in pairwise(ends)]
    split = [text.lower().split() for text in texts]
    expected = [[tuple(s[i : i + n]) for i in range(len(s) - n + 1)] for s in split]

    assert [len(row) for row in computed] == [len(row) for row in expected]
    # One number for one n-gram, and one n-gram for one number.
    flat = list(zip(chain(*computed), chain(*expected), strict=True))
    assert len(set(flat)) == len(dict(flat)) == len({gram for _, gram in flat})


@given(st.lists(KNOWN, min_size=1, max_size=6), st.integers(1, 3))
@settings(max_examples=200, deadline=None)
def test_runs_of_letters_and_digits_are_those_of_a_regex(texts: list[str], n: int):
    # An ideograph is in a word here; other letters are as in `reference`.
    hashes, ends = word_ngrams(*lowercase_bytes(pl.Series(texts)), n, REGEX_WORDS)
    computed = [hashes[a:b].tolist() for a, b in pairwise(ends)]
    words = [re.findall(r"[a-z0-9_é中文字]+", text.lower()) for text in texts]
    expected = [[tuple(w[i : i + n]) for i in range(len(w) - n + 1)] for w in words]

    assert [len(row) for row in computed] == [len(row) for row in expected]
    pairs = set(zip(chain(*computed), chain(*expected), strict=True))
    assert len(pairs) == len(dict(pairs)) == len({ngram for _, ngram in pairs})


@pytest.mark.parametrize("unit", [WHITESPACE, REGEX_WORDS])
def test_hits_are_the_ngrams_that_are_known_and_span_their_words(unit: int):
    texts = pl.Series(["so: what is x² of 3 or 4?", "what is 3?", "×what–is x² of it"])
    keys, _ = word_ngrams(*lowercase_bytes(pl.Series(["What is x² of"])), 2, unit)
    data, offsets = lowercase_bytes(texts)
    numbers, ends, begin, stop = find_word_ngrams(
        data, offsets, 2, unit, build_table(keys)
    )
    spans = [
        data[start + a : start + b].tobytes().decode()
        for start, a, b in zip(offsets, begin, stop, strict=False)
    ]

    if unit == WHITESPACE:
        assert numbers.tolist() == [0, 1, 2, 0, 2]
        assert spans == ["what is x² of ", "what is ", "x² of "]
    else:
        assert numbers.tolist() == [0, 1, 2, 0, 0, 1, 2]
        assert spans == [" what is x² of ", "what is ", "×what–is x² of "]
    assert ends.tolist() == ([0, 3, 4, 5] if unit == WHITESPACE else [0, 3, 4, 7])


@given(st.lists(SPACED, min_size=1, max_size=6))
@settings(max_examples=100, deadline=None)
def test_capitals_beyond_ascii_are_seen(texts: list[str]):
    seen = has_capitals(*text_bytes(pl.Series(texts)), CAPITAL).tolist()

    assert seen == [
        any(not c.isascii() and c.lower() != c for c in text) for text in texts
    ]
