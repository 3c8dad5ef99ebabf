"""The identity of a text: whitespace and encoding forgiven, meaning kept."""

from hashlib import blake2b

import polars as pl


def fingerprint(text: pl.Expr) -> pl.Expr:
    """A 128-bit name (32 hex digits) for what the text says, the same everywhere.

    Unicode is composed and whitespace collapsed, and nothing more: case and punctuation
    carry meaning in mathematics. The form is NFC and not NFKC, which would read x² as
    x2.
    """
    text = text.str.normalize("NFC").str.replace_all(r"\s+", " ").str.strip_chars()
    return text.map_elements(_digest, return_dtype=pl.String)


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=16).hexdigest()
