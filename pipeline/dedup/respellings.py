r"""Ways to write one thing that only a look at both texts can tell for one.

"cows - 18 of them -" may hold a minus; beside "cows—18 of them—" it holds dashes. A
drawing may hold data; beside the same words without it, it shows what they say. So the
texts of a pair that is no copy yet are written alike, where one has what the other
writes in another way, and are compared once more.
"""

import re
from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipeline.dedup.pairs import Array
from pipeline.dedup.respelling_rules import LONGEST
from pipeline.dedup.spellings import CUT_OR_SPELT, EITHER_WAY, OF_PAIRS
from pipeline.dedup.trailers import TRAILERS

if TYPE_CHECKING:
    from pipeline.kernels.substrings import Automaton

ALONE = (*TRAILERS, *CUT_OR_SPELT)
RESPELLINGS = (*ALONE, *EITHER_WAY, *OF_PAIRS)
# In texts that are written alike without some of their digits.
HOLDERS = [sign for one in RESPELLINGS if one.has_digits for sign in one.signs]
HOLDS = np.uint64(1) << np.uint64(len(RESPELLINGS))
# The bits of all that have signs, and of those that need no answers that agree.
ANY = HOLDS - np.uint64(1)
UNAGREED = np.uint64(
    sum(1 << at for at, one in enumerate(RESPELLINGS) if one.agreed != "")
)


@cache
def _signs() -> "Automaton":
    """The signs of each of RESPELLINGS, and HOLDERS behind them."""
    from pipeline.kernels.substrings import build_automaton

    return build_automaton([*(one.signs for one in RESPELLINGS), HOLDERS])


def respell_pairs(
    texts: pl.Series, first: Array, second: Array, same: Array
) -> tuple[Array, list[str]]:
    """Places of the pairs that can be written alike; both texts of each in turn.

    Some are only where answers are the `same` (bool): a drawing of which the text
    speaks is left out, say.
    """
    pairs, changes = _find_changes(texts, first, second, same)
    some = changes.any(axis=1)
    pairs, changes = pairs[some], changes[some]
    sides = [texts.gather(side[pairs]).to_list() for side in (first, second)]
    places, out = [], []
    for pair, which, *both in zip(pairs, changes, *sides, strict=True):
        new = both
        for number in np.flatnonzero(which):
            one = RESPELLINGS[number]
            if one.beside and not any(
                re.search(one.beside, text) and not re.search(one.marker, text)
                for text in both
            ):
                continue
            if not (same[pair] or one.agreed is None) and re.search(
                one.agreed, " ".join(both)
            ):
                continue
            new = [one.change(text) for text in new]
        if new != both:
            places.append(pair)
            out += new
    return np.array(places, np.int64), out


def _find_changes(
    texts: pl.Series, first: Array, second: Array, agree: Array
) -> tuple[Array, Array]:
    """Pairs, and which of RESPELLINGS change them: bool (pairs, respellings).

    What is cheap to see leaves few pairs to those that are not.
    """
    from pipeline.kernels.points import hash_digits, hash_points
    from pipeline.kernels.shards import text_bytes
    from pipeline.kernels.substrings import find_substrings

    read, left, right = _involved(texts, first, second)
    data, offsets = text_bytes(read)
    digits = hash_digits(data, offsets)
    held, places = find_substrings(data, offsets, _signs())
    sizes, holds = np.diff(offsets), held & HOLDS != 0
    same = digits[left] == digits[right]
    asked = same | holds[left] | holds[right]
    asked &= np.maximum(sizes[left], sizes[right]) <= LONGEST
    rows = np.unique(np.r_[left[asked], right[asked]])
    names, order = hash_points(data, offsets, rows)
    renamed = (names[left] != names[right]) & (order[left] == order[right])
    asked &= renamed | (places[left] != places[right]) | ~same
    pairs, renamed = np.flatnonzero(asked), renamed[asked]
    left, right = left[asked], right[asked]
    lacks = np.array([one.beside is not None for one in RESPELLINGS[:-1]])
    wanted = np.zeros(len(read), np.uint64)
    for side in (left, right):
        np.bitwise_or.at(wanted, side, np.where(agree[pairs], ANY, UNAGREED))
    found = _number_found(read, held & wanted)
    left, right = found[left], found[right]
    changes = (left != right) & (~lacks | (left == 0) | (right == 0))
    changes = np.column_stack([changes, renamed])
    return pairs, changes


def _involved(
    texts: pl.Series, first: Array, second: Array
) -> tuple[pl.Series, Array, Array]:
    """The texts in pairs, and the pairs as places among them."""
    involved = np.zeros(len(texts), bool)
    involved[first] = involved[second] = True
    number = np.cumsum(involved) - 1
    return texts.filter(pl.Series(involved)), number[first], number[second]


# TeX reads 3^12 as 3^1 2, and who writes it means either.
BARE_POWER = r"\^[0-9]{2}"


def may_misread(texts: pl.Series, first: Array, second: Array) -> Array:
    r"""Whether a power that TeX reads in another way is in one text of a pair (bool).

    $3^12$ is 3^{12} to most who write it. Where the answers to both are not one, it is
    what it says: $3^1 2$.
    """
    bare = (
        (sides.str.contains_any(["$", "\\"]) & sides.str.contains(BARE_POWER))
        .fill_null(False)
        .to_numpy()
        for sides in (texts.gather(first), texts.gather(second))
    )
    return np.asarray(np.not_equal(*bare))


def spell_alike(texts: pl.Series) -> pl.Series:
    """`texts` less drawings and more, in which one text may differ from another.

    Nothing is to be read in them but whether they may be one.
    """
    from pipeline.kernels.splice import change_where

    is_short = (texts.str.len_bytes() <= LONGEST).fill_null(False)
    for one in ALONE:
        held = is_short & texts.str.contains_any([*one.signs]).fill_null(False)
        texts = change_where(texts, held.to_numpy(), partial(_change_each, one.change))
    for one in EITHER_WAY:
        found = texts.str.contains(one.marker).fill_null(False).to_numpy()
        texts = change_where(texts, found, partial(_change_each, one.change))
    return texts


def _change_each(change: Callable[[str], str], texts: pl.Series) -> pl.Series:
    return pl.Series([change(text) for text in texts], dtype=pl.String)


def _number_found(texts: pl.Series, signs: Array) -> Array:
    """What each marker finds in texts, as a number: (texts, markers).

    Equal finds have one number, and 0 is for none; where it is enough to know whether
    there is one, all are equal. `signs` are bits of the markers that are asked for. By
    Python, since few texts are left: polars would compile the patterns anew.
    """
    out = np.zeros((len(texts), len(RESPELLINGS) - 1), np.int64)
    numbers: dict[str, int] = {"": 1}
    rows = np.flatnonzero(signs & ANY)
    held, bits = texts.gather(rows).to_list(), (signs[rows] & ANY).tolist()
    for row, text, asked in zip(rows, held, bits, strict=True):
        while asked:  # a bit for each
            at = (asked & -asked).bit_length() - 1
            asked &= asked - 1
            one = RESPELLINGS[at]
            if one.beside is not None:
                out[row, at] = re.search(one.marker, text) is not None
                continue
            found = "\0".join(x[0] for x in re.finditer(one.marker, text))
            if found:
                out[row, at] = numbers.setdefault(found, len(numbers) + 1)
    return out
