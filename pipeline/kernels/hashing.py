"""How the kernels hash: spellings, a mixer, and rolling hashes of n-grams."""

from typing import Any, TypeVar

import numpy as np
from numpy import uint64

from pipeline.kernels.shards import Array, compiled, inlined

BASIS = uint64(0xCBF29CE484222325)  # FNV-1a, 64 bits
PRIME = uint64(0x100000001B3)
STEP = uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio
EVERY_BIT = (1 << 64) - 1

Hashes = TypeVar("Hashes", uint64, np.ndarray)


@compiled
def fnv1a(value: uint64, byte: Any) -> uint64:
    """The FNV-1a hash of what `value` is the hash of, and one `byte` more."""
    return (value ^ uint64(byte)) * PRIME


@inlined
def add_letters(value: uint64, piece: uint64) -> uint64:
    """The hash of a word of which `value` is the hash, and one to eight letters more.

    They are bytes of `piece`, the first the lowest.
    """
    value = (value ^ piece) * STEP
    mixed: uint64 = value ^ (value >> uint64(32))
    return mixed


@compiled
def fmix64(value: Hashes) -> Hashes:
    """The finaliser of MurmurHash3: every bit of `value` moves every other.

    Of an array (uint64), that of each element.
    """
    value = (value ^ (value >> uint64(33))) * uint64(0xFF51AFD7ED558CCD)
    value = (value ^ (value >> uint64(33))) * uint64(0xC4CEB9FE1A85EC53)
    mixed: Hashes = value ^ (value >> uint64(33))
    return mixed


@compiled
def roll(rolled: uint64, tokens: Array, number: int, n: int, power: uint64) -> uint64:
    """The hash of the `n` tokens (uint64) up to `number`, from that up to the last one.

    A polynomial in STEP, modulo 2^64; `power` is STEP to the power of n.
    """
    rolled = rolled * STEP + tokens[number]
    if number >= n:
        rolled -= tokens[number - n] * power
    return rolled


@compiled
def fill_ngrams(tokens: Array, n: int, out: Array) -> int:
    """Fill `out` uint64 with the hashes of all n-grams of `tokens` uint64; how many.

    They are those of `roll`, mixed. Each is made of its `n` tokens: eight at a time,
    as no step waits for the one before.
    """
    count = uint64(max(0, len(tokens) - n + 1))
    for place in range(count):
        out[place] = tokens[place]
    for step in range(1, n):
        for place in range(count):
            out[place] = out[place] * STEP + tokens[place + uint64(step)]
    for place in range(count):
        out[place] = fmix64(out[place])
    return int(np.int64(count))


def spelling_code(text: str) -> int:
    """What `fnv1a` makes of the bytes of `text`."""
    value = int(BASIS)
    for byte in text.encode():
        value = ((value ^ byte) * int(PRIME)) & EVERY_BIT
    return value


def letters_code(word: str) -> int:
    """What `add_letters` makes of a word of ASCII letters."""
    value = int(BASIS)
    for start in range(0, len(word), 8):
        piece = int.from_bytes(word[start : start + 8].encode(), "little")
        value = ((value ^ piece) * int(STEP)) & EVERY_BIT
        value ^= value >> 32
    return value
