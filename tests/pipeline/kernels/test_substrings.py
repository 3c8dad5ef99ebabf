"""Strings are found that Python finds one by one."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.kernels.shards import text_bytes
from pipeline.kernels.substrings import build_automaton, find_substrings

LETTERS = "abé "
GROUPS = st.lists(st.lists(st.text(LETTERS, min_size=1, max_size=4), max_size=4))


@given(groups=GROUPS, texts=st.lists(st.text(f"{LETTERS}c", max_size=30), min_size=1))
@settings(max_examples=200, deadline=None)
def test_all_groups_of_strings_are_found(groups: list[list[str]], texts: list[str]):
    found, places = find_substrings(
        *text_bytes(pl.Series(texts)), build_automaton(groups)
    )

    for text, bits, place in zip(texts, found, places, strict=True):
        held = [any(string in text for string in group) for group in groups]
        assert [bool(int(bits) >> at & 1) for at in range(len(groups))] == held
        assert (place > 0) == any(held)


def test_places_tell_texts_apart_that_hold_the_same_strings_at_other_times():
    texts = pl.Series(["a b", "b a", "a b a", "ba"])
    _, places = find_substrings(*text_bytes(texts), build_automaton([["a"], ["b"]]))

    assert places[0] == places[1] == places[3] != places[2]
