"""Text as the filters see it: whitespace and encoding forgiven, meaning kept."""

import re
from hashlib import blake2b

import polars as pl

TOKEN = r"[^\W\d_]+|\d+(?:\.\d+)?|[-+*/=<>^×÷−≤≥≠]"


def clean(text: pl.Expr) -> pl.Expr:
    """Compose Unicode and collapse whitespace, and nothing more.

    Case and punctuation stay, because in mathematics they carry meaning. The
    form is NFC and not NFKC, which would read x² as x2.
    """
    return text.str.normalize("NFC").str.replace_all(r"\s+", " ").str.strip_chars()


def fingerprint(text: pl.Expr) -> pl.Expr:
    """A 128-bit name for what the text says, the same on every machine."""
    return clean(text).map_elements(_digest, return_dtype=pl.String)


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=16).hexdigest()


def tokens(text: str) -> list[str]:
    """Lower-case words, numbers and operators; operators count in mathematics."""
    return re.findall(TOKEN, text.lower())


def words(text: str) -> list[str]:
    """Lower-case runs of letters and digits, as published n-gram recipes count."""
    return re.findall(r"\w+", text.lower())


def ngrams(parts: list[str], n: int) -> list[str]:
    """Runs of `n` neighbouring parts; a shorter text is one run of its own."""
    if len(parts) <= n:
        return [" ".join(parts)] if parts else []
    return [" ".join(parts[i : i + n]) for i in range(len(parts) - n + 1)]
