"""What has changed places between an item and a text that holds nearly all of it.

The measures of an overlap are sums, which know no order: "filled by A, emptied by B"
has all the words of "emptied by A, filled by B", and $x - 13$ most of $x + 13$. So
pairs that would be leaks are looked at once more: their formulas must be linked by the
same signs, and where the two agree token for token but for a few, nothing must stand
in the place of something else that it changed with. Sentences and options in another
order change nothing, and an answer that few problems have outweighs all of this.
"""

from itertools import combinations

import numpy as np
import polars as pl

from pipeline.contamination.items import Part, Reading, read_texts
from pipeline.contamination.witnesses import names_agree
from pipeline.kernels.latex_vocabulary import NUMBER, SIGN, token_code
from pipeline.kernels.shards import Array

FEW = 3  # tokens, of which one may differ where texts agree but for a few
BESIDE = 4  # tokens, with those behind it or before it, by which one is known again
LISTS = frozenset(token_code(word) for word in ("and", "or"))  # what they part may move
# Signs that are layout where they stand: a tie, a full stop, a question mark.
LOOSE = frozenset(token_code(sign) for sign in "~.?:;,\\_")


def find_rearranged(texts: pl.Series, items: pl.Series) -> Array:
    """Whether anything, or a person, has changed places in each text (bool)."""
    read, sought = read_texts(texts), read_texts(items)
    out = np.zeros(len(texts), bool)
    for row, (size, whole) in enumerate(zip(read.sizes, sought.sizes, strict=True)):
        part, item = read.cut(row, 0, size), sought.cut(row, 0, whole)
        in_order = find_differing(part, item) is not None
        names = [
            side.list_names(slice(*side.tokens.ends[row : row + 2]), other.codes)
            for side, other in ((read, item), (sought, part))
        ]
        out[row] = not names_agree(*names, in_order=in_order)
        out[row] |= is_rearranged(part, item)
    return out


def are_alike(
    left: Reading,
    right: Reading,
    begins: Array,
    ends: Array,
    firsts: Array,
    lasts: Array,
) -> Array:
    """Which stretches have the same tokens, and the same persons (bool).

    They are those of `left` from `begins` to `ends`, and of `right` beside them.
    """
    sizes = ends - begins
    alike: Array = sizes == lasts - firsts
    run = np.repeat(np.arange(len(sizes)), sizes * alike)
    steps = np.arange(len(run)) - (np.cumsum(sizes * alike) - sizes * alike)[run]
    here, there = begins[run] + steps, firsts[run] + steps
    differ = left.tokens.codes[here] != right.tokens.codes[there]
    differ |= left.names[here] != right.names[there]
    alike[run[differ]] = False
    return alike


def is_rearranged(part: Part, item: Part) -> bool:
    """Whether signs, numbers or words of the item stand in other places in the part."""
    differing = find_differing(part, item)
    if differing is not None and _has_exchanged(part, item, differing):
        return True
    links, item_links = _links(part), _links(item)
    return not links.issuperset(item_links) and not item_links.issuperset(links)


def find_differing(part: Part, item: Part) -> Array | None:
    """Where two agree but for a few tokens, the places of those; otherwise None.

    None too where they agree but for the order of their sentences: then most of what
    differs stands beside what it stands beside in the item.
    """
    if len(part.codes) != len(item.codes):
        return None
    differing = np.flatnonzero(part.codes != item.codes)
    if not len(differing):
        return differing
    if FEW * len(differing) > len(item.codes):
        return None
    codes = item.codes.tolist()
    known = {tuple(codes[at : at + BESIDE]) for at in range(len(codes) - BESIDE + 1)}
    codes = part.codes.tolist()
    moved = [
        tuple(codes[at : at + BESIDE]) in known
        or tuple(codes[max(0, at - BESIDE + 1) : at + 1]) in known
        for at in differing.tolist()
    ]
    return None if 2 * sum(moved) > len(moved) else differing[~np.array(moved, bool)]


def _has_exchanged(part: Part, item: Part, places: Array) -> bool:
    """Whether numbers at `places` are the same in another order, or two words are."""
    places = places[places < item.stem]
    here, there = part.codes[places].tolist(), item.codes[places].tolist()
    is_number = item.kinds[places] == NUMBER
    numbers = {code for code, chosen in zip(there, is_number, strict=True) if chosen}
    if len(numbers.intersection(here)) > 1:
        return True
    return any(
        here[i] == there[j]
        and here[j] == there[i]
        and not LISTS.issuperset(item.codes[places[i] + 1 : places[j]].tolist())
        for i, j in combinations(range(len(places)), 2)
    )


def _links(part: Part) -> set[tuple[int, int]]:
    """Neighbours in formulas, of which one is a sign: `x +`, `+ 13`."""
    is_sign = part.kinds == SIGN
    in_formula = is_sign | (part.kinds == NUMBER) | part.is_letter
    linked = in_formula[:-1] & in_formula[1:] & (is_sign[:-1] | is_sign[1:])
    left, right = part.codes[:-1][linked].tolist(), part.codes[1:][linked].tolist()
    return {pair for pair in zip(left, right, strict=True) if LOOSE.isdisjoint(pair)}
