"""Lengths of problems and traces by set, counted by hand."""

from itertools import pairwise

import polars as pl
import pytest

from pipeline.traces.lengths import (
    BINS,
    LENGTHS,
    TEXTS,
    bin_lengths,
    gather_texts,
    measure_lengths,
    summarise_lengths,
)
from pipeline.traces.tokens import Pinned
from tests.support.rows import problems


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Pinned:
    """A tokenizer for which every word is a token."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("words")
    tokenizer = Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer).save_pretrained(folder)
    return Pinned(path=str(folder))


def texts(**sets: list[str]) -> pl.DataFrame:
    table = [(name, "problem", text) for name, some in sets.items() for text in some]
    return pl.DataFrame(table, TEXTS, orient="row")


def test_traces_are_what_models_wrote():
    solutions = [
        {"text": "by hand", "model": "human", "correct": None},
        {"text": "by R1", "model": "DeepSeek-R1", "correct": None},
        {"text": "of somebody", "model": None, "correct": None},
    ]
    rows = problems("1+1?", "1+1?", "", solutions=[solutions, [], []])
    rows = rows.with_columns(set=pl.lit("s"), trace=pl.Series([["a", "b"], None, []]))

    assert gather_texts(rows).rows() == [
        ("s", "problem", "1+1?"),
        ("s", "trace", "a"),
        ("s", "trace", "b"),
        ("s", "trace", "by R1"),
    ]


def test_quantiles_are_of_each_set(words: Pinned):
    table = texts(a=["x " * n for n in range(1, 12)], b=["one two three"])
    counted = measure_lengths(table, words, most=100)
    summary = summarise_lengths(counted, table)

    assert summary.schema == LENGTHS
    assert summary.rows() == [
        ("a", "problem", 11, 11, 6, 10, 11),
        ("b", "problem", 1, 1, 3, 3, 3),
    ]


@pytest.mark.parametrize("most", [1, 3, 7, 10])
def test_of_many_texts_some_are_counted_evenly_spread(words: Pinned, most: int):
    table = texts(a=["x " * n for n in range(1, 11)])
    lengths = measure_lengths(table, words, most=most)["n_tokens"].to_list()

    assert len(lengths) == most
    assert lengths[0] == 1
    gaps = {later - first for first, later in pairwise(lengths)}
    assert max(gaps, default=1) - min(gaps, default=1) <= 1


def test_bins_hold_every_text_and_are_those_of_all_sets(words: Pinned):
    table = texts(a=["x", "x x", "x " * 900], b=["x " * 40] * 5)
    bins = bin_lengths(measure_lengths(table, words, most=100))
    a, b = bins.partition_by("set", maintain_order=True)

    assert a["tokens"].equals(b["tokens"])
    assert (a["texts"].sum(), b["texts"].sum()) == (3, 5)
    assert a["tokens"].to_list()[0] == 1
    assert a["tokens"].to_list()[-1] == 901
    assert len(a) <= BINS + 1
    (start,) = b.filter(pl.col("texts") > 0)["tokens"]
    assert start <= 40
