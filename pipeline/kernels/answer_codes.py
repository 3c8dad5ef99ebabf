r"""One number for an answer however it is written, so that whole columns compare.

`1/2` and `\frac{1}{2}` have one code, `$1,200` and `1200`, `n = 6` and `6`; `0.5` has
another than `1/2`. An answer without numbers and signs is known by its text.
"""

import numpy as np
import polars as pl

from pipeline.kernels import relations
from pipeline.kernels.hash_table import first_equal
from pipeline.kernels.latex_tokens import tokenise
from pipeline.kernels.shards import Array


def answer_codes(answers: pl.Series) -> Array:
    """A uint64 for each answer, whatever its spelling; 0 where there is none."""
    # Pools have far fewer answers than rows.
    hashes = answers.hash().to_numpy()
    place = first_equal(hashes)
    is_first = place == np.arange(len(place))
    first = np.flatnonzero(is_first)
    distinct = answers.gather(pl.Series(first, dtype=pl.UInt32))
    if distinct.str.contains_any(["="]).any():  # n = 6 is 6
        distinct = distinct.str.replace(r"^\s*\$?\s*[A-Za-z]\s*=\s*", "")
    tokens = tokenise(distinct)
    codes = relations.quantity_hash(tokens.codes, tokens.kinds, tokens.ends, True, True)
    without = np.flatnonzero(codes == 0)
    texts = distinct.gather(pl.Series(without, dtype=pl.UInt32)).fill_null("")
    without = without[(texts.str.strip_chars() != "").to_numpy()]
    codes[without] = hashes[first[without]]
    spread: Array = codes[(np.cumsum(is_first) - 1)[place]]
    return spread
