r"""Mathematics to tokens in one spelling: words, numbers, signs, brackets.

The layout of LaTeX, case, punctuation, quotes and thousands separators leave no
trace; numbers, operators and relation signs keep their order. `\frac{a}{b}` and
`(a)/b` give the same tokens, brackets aside: `a`, `/`, `b`.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl

from pipeline.kernels.characters import plain_bytes
from pipeline.kernels.latex_brackets import leave_out_brackets
from pipeline.kernels.latex_lexer import fill_latex_tokens
from pipeline.kernels.latex_vocabulary import vocabulary
from pipeline.kernels.layout import strip_layout
from pipeline.kernels.shards import Array, freeze, map_threads, split_shards


@dataclass(frozen=True)
class Tokens:
    """Tokens of many texts: row i has `codes[ends[i]:ends[i + 1]]`.

    `codes` uint64 name what a token says, `kinds` uint8 what it is; `starts` and
    `stops` int32 are its bytes in the plain text, if they were asked for.
    """

    codes: Array
    kinds: Array
    ends: Array
    starts: Array
    stops: Array

    def __len__(self) -> int:
        return len(self.ends) - 1


def tokenise(text: pl.Series, *, spans: bool = False, drawings: bool = True) -> Tokens:
    """The tokens of every text, in order; without `drawings`, less Asymptote code."""
    read = partial(tokenise_shard, spans=spans, drawings=drawings)
    return concatenate(list(map_threads(read, split_shards(text))) or [read(text)])


def tokenise_shard(
    text: pl.Series,
    *,
    spans: bool = False,
    drawings: bool = True,
    brackets: bool = True,
) -> Tokens:
    """The tokens of one shard; see `tokenise_ranges`."""
    data, offsets = plain_bytes(strip_layout(text))
    return tokenise_ranges(
        data,
        offsets[:-1],
        offsets[1:],
        spans=spans,
        drawings=drawings,
        brackets=brackets,
    )


def tokenise_ranges(
    data: Array,
    begins: Array,
    ends: Array,
    *,
    firsts: Array | None = None,
    spans: bool = False,
    drawings: bool = True,
    brackets: bool = True,
) -> Tokens:
    """The tokens of runs of `data` uint8, from `begins[i]` to `ends[i]` (int64).

    They are parts of texts that begin at `firsts[i]`, or whole texts; what is before a
    run is seen, and spans count from there. Without `brackets`, those that bind nothing
    are left out.
    """
    # A byte is one token at most, save that a fraction adds its slash.
    room = int((ends - begins).sum()) + 2 * len(begins) + 2
    codes, kinds = np.empty(room, np.uint64), np.empty(room, np.uint8)
    starts, stops = np.empty((2, room if spans else 0), np.int32)
    firsts, begins = freeze(begins if firsts is None else firsts), freeze(begins)
    token_ends = fill_latex_tokens(
        freeze(data), firsts, begins, freeze(ends), vocabulary(), drawings, codes,
        kinds, starts, stops,
    )  # fmt: skip
    if not brackets:
        leave_out_brackets(codes, kinds, token_ends, starts, stops)
    used = token_ends[-1]
    return Tokens(codes[:used], kinds[:used], token_ends, starts[:used], stops[:used])


def concatenate(parts: list[Tokens]) -> Tokens:
    """Tokens of one or more shards as those of one table."""
    if len(parts) == 1:
        return parts[0]
    codes, kinds, starts, stops = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("codes", "kinds", "starts", "stops")
    )
    sizes = [np.zeros(1, np.int64), *(np.diff(part.ends) for part in parts)]
    return Tokens(codes, kinds, np.cumsum(np.concatenate(sizes)), starts, stops)
