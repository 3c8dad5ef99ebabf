"""Words of texts are those of plain Python, whichever way they are read."""

from itertools import chain, pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dedup.ngrams import extract_ngrams
from pipeline.kernels.word_tokens import CHARACTERS
from tests.support import reference
from tests.support.texts import KNOWN, MESSY

LONG = st.text(alphabet="abAB09 .中é×", max_size=90) | st.sampled_from(
    ["a" * 16, "7" * 32, "ab" * 40, "x" * 8, "x" * 9, "12345678" * 2 + " y"]
)


@given(texts=st.lists(MESSY, min_size=1, max_size=6), n=st.integers(1, 4))
@settings(max_examples=150, deadline=None)
def test_ngrams_are_those_of_plain_python(texts: list[str], n: int):
    ngrams = extract_ngrams(pl.Series(texts), n=n)
    counts = np.diff(ngrams.ends).tolist()
    expected = [reference.shingles(text, n) for text in texts]

    # Letters outside the planes that mathematics uses are read a little otherwise.
    known = [
        all(ord(c) < 0x2C00 or 0x3041 <= ord(c) <= 0x9FFF for c in t) for t in texts
    ]
    assert [c for c, k in zip(counts, known, strict=True) if k] == [
        len(t) for t, k in zip(expected, known, strict=True) if k
    ]


@given(st.lists(LONG | KNOWN, min_size=1, max_size=8), st.integers(1, 3))
@settings(max_examples=300, deadline=None)
def test_one_ngram_has_one_hash_in_every_text(texts: list[str], n: int):
    # A text is read otherwise when it has characters beyond ASCII, or is the last.
    texts = [text for base in texts for text in (base, f"{base} é", f"中 {base} →")]
    texts += [". " * 32, texts[0]]
    ngrams = extract_ngrams(pl.Series(texts), n=n)
    computed = [ngrams.hashes[a:b].tolist() for a, b in pairwise(ngrams.ends)]
    expected = [reference.shingles(text, n) for text in texts]

    assert [len(row) for row in computed] == [len(row) for row in expected]
    flat = set(zip(chain(*computed), chain(*expected), strict=True))
    assert len(flat) == len(dict(flat)) == len({gram for _, gram in flat})


@given(st.lists(KNOWN, min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_every_character_is_a_token_whatever_its_case(texts: list[str]):
    ngrams = extract_ngrams(pl.Series(texts), n=1, unit=CHARACTERS)
    hash_of: dict[str, int] = {}

    for text, (begin, end) in zip(texts, pairwise(ngrams.ends), strict=True):
        assert end - begin == len(text)
        for character, value in zip(text, ngrams.hashes[begin:end], strict=True):
            lower = character.lower() if character.isascii() else character
            assert hash_of.setdefault(lower, int(value)) == value
    assert len(set(hash_of.values())) == len(hash_of)


def test_ngrams_do_not_depend_on_threads(monkeypatch: pytest.MonkeyPatch):
    texts = pl.Series(
        [f"row {i} has {i % 7} words and {i * i} more" for i in range(99)]
    )
    monkeypatch.setattr("pipeline.kernels.shards.SHARD", 8)
    ngrams = []
    for workers in ("1", "2", "5", "64"):
        monkeypatch.setenv("PIPELINE_WORKERS", workers)
        ngrams.append(extract_ngrams(texts, n=2))

    for others in ngrams[1:]:
        assert others.hashes.tolist() == ngrams[0].hashes.tolist()
        assert others.ends.tolist() == ngrams[0].ends.tolist()
        assert others.prints.tolist() == ngrams[0].prints.tolist()
