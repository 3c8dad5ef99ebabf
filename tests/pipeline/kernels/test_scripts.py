"""Letters are counted in words, script by script."""

import polars as pl
import pytest

from pipeline.kernels.scripts import SCRIPTS, count_letters
from pipeline.kernels.shards import text_bytes


def letters(text: str) -> dict[str, int]:
    counts = count_letters(*text_bytes(pl.Series([text])))[0]
    return {name: int(n) for name, n in zip(SCRIPTS, counts, strict=True) if n}


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("two words", {"latin": 8}),
        ("x + y = 2a", {}),  # letters that stand alone
        (r"\frac{ab}{c} \alpha", {"latin": 2}),  # commands are no words
        ("设 x 为", {"han_kana": 2}),
        ("élève × naïve", {"latin": 10}),
        ("α + β", {}),
        ("λόγος", {"greek": 5}),
        ("слово word", {"cyrillic": 5, "latin": 4}),
        ("ひらがな漢字", {"han_kana": 6}),
        ("한국어", {"hangul": 3}),
        ("مرحبا שלום", {"arabic": 5, "hebrew": 4}),
        ("नमस्ते ไทย", {"indic": 6, "thai": 3}),
        ("wordслово", {"latin": 4, "cyrillic": 5}),
        ("𠀀", {"han_kana": 1}),
        ("“—😀”", {}),
        ("", {}),
    ],
)
def test_letters_are_counted_by_script(text: str, counts: dict[str, int]):
    assert letters(text) == counts
