"""Chance without chance: numbers that follow from what they are drawn for."""

from hashlib import blake2b
from typing import Any


def draw(below: int, *of: Any) -> int:
    """A number from 0 to `below` - 1, the same for the same things."""
    digest = blake2b(repr(of).encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big") % below
