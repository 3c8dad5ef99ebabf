"""Latin words that are written with letters of another script that look the same.

Cyrillic and Greek have letters for many Latin ones (Unicode's confusables). A word that
mixes both is a Latin word, and then so are those beside it that have no other letters.
"""

import re
from functools import cache

import numpy as np

from pipeline.kernels.shards import Array

CYRILLIC = dict(
    zip(
        "аеорсхуіјѕԁԛԝһАВЕЅІЈКМНОРСТХҮԚԜ",
        "aeopcxyijsdqwhABESIJKMHOPCTXYQW",
        strict=True,
    )
)
GREEK = dict(zip("οΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "oABEZHIKMNOPTYX", strict=True))
LOOKALIKES = CYRILLIC | GREEK
LETTERS, ALIKE = frozenset(LOOKALIKES), "".join(LOOKALIKES)
MIXED = re.compile(f"[{ALIKE}](?:(?<=[A-Za-z].)|(?=[A-Za-z]))")
OTHER = re.compile(r"[^\W\d_]")
TABLE = str.maketrans(LOOKALIKES)


@cache
def are_alike() -> Array:
    """Whether each code point, up to the last that is, is such a letter (bool)."""
    codes = [ord(letter) for letter in LOOKALIKES]
    alike = np.zeros(max(codes) + 1, bool)
    alike[codes] = True
    return alike


def read_lookalikes(text: str) -> str:
    """`text` with Latin letters, if it has words that mix them with others.

    >>> read_lookalikes("Evаluаtе а sum оf х")
    'Evaluate a sum of x'
    """
    if text.isascii() or LETTERS.isdisjoint(text) or not MIXED.search(text):
        return text
    read = text.translate(TABLE)
    letters = OTHER.findall(read)
    latin = sum(letter.isascii() for letter in letters)
    return read if 2 * latin > len(letters) else text
