"""What a value is as a text, and what identifies a text."""

import math
from datetime import date, time, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Any
from unicodedata import category

import polars as pl

TIMES = date | time | timedelta


def as_text(value: Any) -> str | None:
    """The value as text, where it is a text that can be seen, a number or a time.

    27.0 reads as 27, and a float beyond the whole numbers that floats have as it is.
    """
    if value is None or isinstance(value, str):
        is_seen = value and (value[0].isalnum() or any(map(_is_visible, value)))
        return value if is_seen else None
    if isinstance(value, float | Decimal):
        if not math.isfinite(value):
            return None
        is_whole = abs(float(value)) < 2**53 and value == int(value)
        return str(int(value) if is_whole else value)
    return str(value) if isinstance(value, bool | int | TIMES) else None


def _is_visible(character: str) -> bool:
    return category(character) not in UNSEEN


UNSEEN = ("Cc", "Cf", "Zl", "Zp", "Zs")  # Unicode's categories
VISIBLE = r"[^\p{Cc}\p{Cf}\p{Z}]"  # the same in a polars pattern
# What may not be in its composed form, or has more than single spaces between words.
UNSETTLED = r"[^\x20-\x7e]|  |^ | $"


def fingerprint(text: pl.Expr) -> pl.Expr:
    """A 128-bit name (32 hex digits) for what the text says, the same everywhere.

    Unicode is composed and whitespace collapsed, and nothing more: case and punctuation
    carry meaning in mathematics. The form is NFC and not NFKC, which would read x² as
    x2.
    """
    # Most texts are settled, and nulls cost nothing.
    unsettled = pl.when(text.str.contains(UNSETTLED)).then(text)
    settled = unsettled.str.normalize("NFC").str.replace_all(r"\s+", " ")
    text = pl.coalesce(settled.str.strip_chars(), text)
    return text.map_elements(_digest, return_dtype=pl.String)


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=16).hexdigest()
