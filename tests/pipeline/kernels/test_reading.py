"""Pairs of problems written by hand: set otherwise they are one, else they are two.

`tests/cases/reading/same.jsonl` holds pairs that differ in layout or in the spelling
of symbols and numbers, `different.jsonl` pairs that differ in a sign, a bracket or a
digit.
"""

import json
from pathlib import Path

import polars as pl
import pytest

from pipeline.kernels.latex_tokens import tokenise
from pipeline.kernels.relations import quantity_hash

CASES = Path(__file__).parents[2] / "cases" / "reading"


def read_pairs(name: str) -> list[dict[str, str]]:
    lines = (CASES / f"{name}.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def have_one_reading(pairs: list[dict[str, str]]) -> list[bool]:
    texts = [pair[side] for pair in pairs for side in ("left", "right")]
    tokens = tokenise(pl.Series(texts))
    codes = quantity_hash(tokens.codes, tokens.kinds, tokens.ends, True, False)
    return [
        bool(left == right) for left, right in zip(*codes.reshape(-1, 2).T, strict=True)
    ]


@pytest.mark.parametrize(("name", "expected"), [("same", True), ("different", False)])
def test_pairs_are_read_as_they_are_meant(name: str, expected: bool):
    pairs = read_pairs(name)
    wrong = [
        pair
        for pair, is_one in zip(pairs, have_one_reading(pairs), strict=True)
        if is_one != expected
    ]

    assert not wrong
