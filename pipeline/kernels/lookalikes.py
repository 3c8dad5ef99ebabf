"""Latin words that are written with letters of another script that look the same.

Cyrillic and Greek have letters for many Latin ones (Unicode's confusables). A word that
mixes both is a Latin word, and then so are those beside it that have no other letters.
Latin letters that are drawn in a form of their own, as small capitals are, stand here
too.
"""

import re
import unicodedata
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
# Letters in the form of small capitals, in black circles and squares: NFKC keeps them.
DRAWN = re.compile(
    r"(?:LATIN LETTER SMALL CAPITAL|NEGATIVE (?:CIRCLED|SQUARED) LATIN CAPITAL LETTER"
    r"|REGIONAL INDICATOR SYMBOL LETTER) ([A-Z])"
)
DRAWN_LETTERS = {
    chr(code): found[1].lower()
    for code in (
        *range(0x1D00, 0x1D30),
        *range(0x250, 0x2B0),
        *range(0xA700, 0xA800),
        *range(0x1F100, 0x1F200),
    )
    if (found := DRAWN.fullmatch(unicodedata.name(chr(code), "")))
}


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
