"""Pairs of problems written by hand: set otherwise they are one, else they are two.

`tests/cases/reading/same.jsonl` holds pairs that differ in layout or in the spelling
of symbols and numbers, `different.jsonl` pairs that differ in a sign, a bracket or a
digit.
"""

import json
import unicodedata
from itertools import pairwise
from pathlib import Path
from time import process_time

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kernels.latex_tokens import tokenise
from pipeline.kernels.layout import strip_layout
from pipeline.kernels.layout_marks import mark_text
from pipeline.kernels.relations import quantity_hash
from pipeline.kernels.shards import text_bytes

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


def read_codes(texts: list[str]) -> list[list[int]]:
    tokens = tokenise(pl.Series(texts))
    return [
        tokens.codes[begin:end].tolist()
        for begin, end in zip(tokens.ends[:-1], tokens.ends[1:], strict=True)
    ]


def symbols() -> list[str]:
    """All symbols of Unicode's first two planes: of mathematics, money, and others.

    Not those that are a wide or small "$", which begins a formula.
    """
    return [
        chr(code)
        for code in range(128, 0x20000)
        if unicodedata.category(chr(code)) in ("Sm", "Sc", "So")
        and unicodedata.normalize("NFKC", chr(code)) != "$"
    ]


def test_every_symbol_of_unicode_leaves_a_trace():
    plain, *marked = read_codes(["Find a b."] + [f"Find a {s} b." for s in symbols()])

    assert [
        s for s, codes in zip(symbols(), marked, strict=True) if codes == plain
    ] == []


def test_digits_of_all_scripts_are_numbers():
    digits = [chr(code) for code in range(0x20000) if chr(code).isdecimal()]
    texts = [f"{digit} + 4" for digit in digits]
    expected = [f"{unicodedata.decimal(digit)} + 4" for digit in digits]

    assert read_codes(texts) == read_codes(expected)


@pytest.mark.parametrize("sign", [*"*_<&|#>~[`-.?!':\\{(", "**a", "<b>", "&lt;", "\\n"])
def test_a_megabyte_of_signs_is_read_in_linear_time(sign: str):
    def seconds(size: int) -> float:
        start = process_time()
        read_codes([sign * (size // len(sign))])
        return process_time() - start

    read_codes([sign * 100])
    assert seconds(1_000_000) < 2 + 40 * seconds(50_000)


def test_a_text_is_read_alike_whatever_stands_beside_it():
    texts = [
        "三三十七",
        "三十七",
        "1—2 — 3",
        "x²\u00b9 ＋ ½—¾",
        "Cafe\u0301 \u1100\u1161",
    ]
    together, alone = read_codes(texts), [read_codes([text])[0] for text in texts]

    assert together == alone


@given(st.text(max_size=60))
def test_layout_is_taken_away_once_and_for_all_rows_alike(text: str):
    stripped = strip_layout(pl.Series([text, None, "x"]))

    assert stripped[0] == strip_layout(pl.Series([text])).item()
    assert stripped[1:].to_list() == ["", "x"]


def test_spaces_of_any_kind_are_before_the_number_of_an_item():
    text = "Let x = 3.\n   (1) Find the square of x.\n   - Find its cube."

    plain, wide = strip_layout(pl.Series([text, text.replace("   ", "\xa0\xa0\xa0")]))

    assert (
        plain == wide == "Let x = 3.\n       Find the square of x.\n     Find its cube."
    )


def test_numbers_and_pictures_at_the_edge_of_lines_are_no_layout():
    texts = ["2000 people\n1.5 of\n-3 - 4", "[asy]draw(x);[/asy]", "=7\n(x) + 1", "#7"]

    data, offsets = text_bytes(pl.Series(texts))

    assert [mark_text(data, *span) for span in pairwise(offsets)] == [0, 0, 0, 0]
