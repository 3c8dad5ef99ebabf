"""What speaks for a text being an item, or against it, beside its wording.

Answers that agree are a witness, unless they are what many problems have. Persons may
have other names, one to one: Tom and Ann may be Bob and Mia throughout. If Tom is Bob
here and Carl there, or Tom and Ann are both Bob, it is another problem.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from pipeline.kernels.answer_codes import answer_codes
from pipeline.kernels.shards import Array

CONTRADICT, DIFFER, UNKNOWN, WEAKLY, AGREE = range(-2, 3)  # answers
SHORT = 12  # characters; answers that are no longer differ in more than their spelling
WEAK = r"^[\W_]*([a-z]|yes|no|true|false|\d{1,2})[\W_]*$"


def compare_answers(
    texts: pl.Series, items: pl.Series, text: Array, item: Array
) -> Array:
    """How the answers of each `text` and the `item` beside it compare, int64.

    They agree WEAKLY in what is easily the same by chance: a letter, yes or no, a small
    number. They CONTRADICT each other where both are SHORT.
    """
    ours, theirs = texts.gather(text), items.gather(item)
    left, right = answer_codes(ours), answer_codes(theirs)
    length = pl.max_horizontal(ours.str.len_chars(), theirs.str.len_chars())
    short = (pl.select(length.fill_null(0)).to_series() <= SHORT).to_numpy()
    is_weak = theirs.str.to_lowercase().str.contains(WEAK).fill_null(value=False)
    agree = np.where(is_weak.to_numpy(), WEAKLY, AGREE)
    differ = np.where(short, CONTRADICT, DIFFER)
    same = np.where(left == right, agree, differ)
    return np.where((left != 0) & (right != 0), same, UNKNOWN)


def names_agree(left: Sequence[int], right: Sequence[int], *, in_order: bool) -> bool:
    """Whether the names in `left`, in order, stand for those in `right`, one to one.

    A 0 is a word that may be a name. Where they are not as many, or the texts are not
    `in_order`, as many different ones must be left beside those that are in both; what
    may be a name is then one if one is lacking.
    """
    if len(left) == len(right):
        pairs = set(zip(left, right, strict=True))
        if _is_one_to_one(pairs):
            return True
        if in_order and not _is_one_to_one({pair for pair in pairs if 0 not in pair}):
            return False
    ours, others = set(left) - set(right) - {0}, set(right) - set(left) - {0}
    if not ours or not others:
        return True
    fewer = left if len(ours) < len(others) else right
    return abs(len(ours) - len(others)) <= fewer.count(0)


def _is_one_to_one(pairs: set[tuple[int, int]]) -> bool:
    return len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})
