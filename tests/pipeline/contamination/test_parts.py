"""Texts that come in parts are searched as they are in one column."""

import polars as pl
import pytest

from pipeline.contamination import candidates
from pipeline.contamination import parts as texts_in_parts
from pipeline.contamination.contract import read_method
from pipeline.contamination.hits import scan_texts
from pipeline.contamination.methods.coverage import Params, find_hits_in_parts
from pipeline.contamination.parts import Texts
from tests.pipeline.contamination.test_coverage import ORCHESTRA, POOL, PREAMBLE
from tests.support.rows import benchmark

# Copies, siblings, a shared preamble, a short item: all that rests on other texts.
TEXTS = [
    *POOL,
    f"I know this one. {ORCHESTRA}",
    ORCHESTRA.replace("36", "40"),
    *(f"{PREAMBLE}Print the {n}th word." for n in ("fifth", "sixth", "last", "next")),
    "Compute 3+5.",
    "",
    ORCHESTRA,
]
ITEMS = benchmark(ORCHESTRA, f"{PREAMBLE}Print the longest word.", "Compute 3+5.")
ANSWERS = pl.Series([None] * len(TEXTS), dtype=pl.String)


@pytest.mark.parametrize("size", [1, 3, 5])
@pytest.mark.parametrize("kept", [0, 100, 1 << 20])
def test_parts_and_what_is_kept_of_them_change_nothing(
    size: int, kept: int, monkeypatch: pytest.MonkeyPatch
):
    texts = pl.Series(TEXTS)
    whole = find_hits_in_parts(Texts(lambda: [texts]), ANSWERS, ITEMS, Params())
    monkeypatch.setattr(candidates, "KEPT_BYTES", kept)
    parts = [texts[at : at + size] for at in range(0, len(texts), size)]
    found = find_hits_in_parts(Texts(lambda: parts), ANSWERS, ITEMS, Params())

    assert found.hits.equals(whole.hits)
    assert found.undetectable.equals(whole.undetectable)
    exact = whole.hits.filter(pl.col("level") == "exact")
    assert exact["text"].to_list() == [4, 10, 12]


@pytest.mark.parametrize("size", [1, 4])
def test_what_other_machines_read_is_found_as_it_is_here(
    size: int, monkeypatch: pytest.MonkeyPatch
):
    table = pl.DataFrame({"text": TEXTS, "answer": ANSWERS})
    methods = (read_method("coverage"),)
    whole = scan_texts(table, ITEMS, methods)
    for module in (candidates, texts_in_parts):
        monkeypatch.setattr(module, "is_cluster", lambda: True)
    monkeypatch.setattr(texts_in_parts, "FAR", 2)
    slices = [*table.select("text").iter_slices(size)]

    def scan() -> list[tuple[pl.LazyFrame, int]]:
        return [(part.lazy(), part.height) for part in slices]

    for parts in (Texts(lambda: [table["text"]]), Texts(lambda: [], scan)):
        found = scan_texts(table, ITEMS, methods, parts)
        assert found.hits.equals(whole.hits)
        assert found.undetectable.equals(whole.undetectable)


@pytest.mark.parametrize("method", ["coverage", "substring", "ngram", "normalized"])
def test_hits_name_their_text_whichever_part_it_was_in(method: str):
    table = pl.DataFrame({"text": TEXTS, "answer": ANSWERS, "place": range(len(TEXTS))})
    methods = (read_method(method),)
    parts = [table["text"][at : at + 2] for at in range(0, table.height, 2)]

    whole = scan_texts(table, ITEMS, methods).hits
    found = scan_texts(table.drop("text"), ITEMS, methods, Texts(lambda: parts)).hits

    assert found.select(whole.columns).equals(whole)
    assert 12 in found["place"].to_list()
    for place, text in found.select("place", "text").rows():
        assert text == TEXTS[place]
