"""Shards hold texts as bytes."""

from itertools import pairwise

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.kernels.shards import split_shards, text_bytes
from tests.support.texts import MESSY


@given(st.lists(MESSY, max_size=8))
@settings(max_examples=60, deadline=None)
def test_shards_hold_every_text_once(texts: list[str]):
    series = pl.Series(texts, dtype=pl.String)

    assert [t for part in split_shards(series) for t in part] == texts
    data, ends = text_bytes(series)
    raw = data.tobytes()
    spans = pairwise(ends)
    assert [raw[a:b].decode() for a, b in spans] == texts
