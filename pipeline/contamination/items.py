"""Benchmark items as tokens, and what each of their words is worth.

A word that is in few texts says much, one that is in many says little, and the
sentences that contest problems end with say nothing. Names of people are one and
the same name: who has three apples does not matter.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from pipeline.kernels import hash_table, item_overlap
from pipeline.kernels.latex_tokens import Tokens, tokenise
from pipeline.kernels.latex_vocabulary import NAME, token_code
from pipeline.kernels.shards import Array
from pipeline.kernels.token_ngrams import count_texts, find_token_ngrams, token_ngrams
from pipeline.kernels.utf8 import fmix64

SAMPLE, SAMPLE_BYTES = 8192, 1 << 22  # of the texts that words are counted in
# An n-gram in more than this share of the texts is worth next to nothing.
COMMON = 0.005
NAME_CODE = np.uint64(token_code("\0name"))
BOILERPLATE = (
    "where m and n are relatively prime positive integers. Find m+n.",
    "can be written in the form m/n, where m and n are relatively prime positive "
    "integers. Find m + n.",
    "where a, b and c are positive integers and b is not divisible by the square of "
    "any prime. Find a + b + c.",
    "Find the remainder when N is divided by 1000.",
    "Please reason step by step, and put your final answer within boxed.",
    "Let's think step by step and output the final answer within boxed.",
    "Express your answer as a common fraction in simplest form.",
    "Enter your answer in the form a, b, c separated by commas.",
    "How many are there in total? How much does it cost in all?",
    "Answer the following question. Solve the following problem carefully.",
)


@dataclass(frozen=True)
class Plain:
    """Tokens without brackets, names hidden; `places` are those of all tokens."""

    codes: Array
    kinds: Array
    ends: Array
    places: Array

    @property
    def row(self) -> item_overlap.Row:
        """What the kernels take."""
        return self.codes, self.kinds, self.ends


def plain(tokens: Tokens, common: hash_table.Table) -> Plain:
    """`tokens` as they are compared."""
    codes, kinds, ends, places = item_overlap.drop_brackets(
        tokens.codes, tokens.kinds, tokens.ends
    )
    item_overlap.hide_names(codes, kinds, common, NAME_CODE)
    return Plain(codes, kinds, ends, places)


@dataclass(frozen=True)
class Items:
    """Benchmark items, ready to be looked for with n-grams of `n` tokens."""

    problems: pl.Series
    tokens: Plain
    common: hash_table.Table
    token_weights: Array  # of each token
    pair_weights: Array  # of each token and the next one
    n: int

    @cached_property
    def grams(self) -> tuple[Array, Array, Array]:
        """Distinct n-grams, the items that hold each, and where those end."""
        found, ends = token_ngrams(self.tokens.codes, self.tokens.ends, self.n)
        owner = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
        place, distinct = hash_table.group_ids(found)
        held = np.unique(place * len(self.problems) + owner)
        held = np.stack(np.divmod(held, len(self.problems)), 1)
        counts = np.bincount(held[:, 0], minlength=len(distinct))
        stops = np.concatenate([[0], np.cumsum(counts)])
        return distinct, held[:, 1].astype(np.int32), stops

    @cached_property
    def known(self) -> hash_table.Table:
        """The lookup of the n-grams."""
        return hash_table.build_table(self.grams[0])


def prepared(problems: pl.Series, texts: pl.Series, n: int) -> Items:
    """Items, with weights that `texts` (a sample of them) and the items tell."""
    problems = problems.fill_null("")
    some = texts.gather_every(max(1, len(texts) // SAMPLE))
    sizes = some.str.len_bytes().fill_null(0).cum_sum()
    some = some.head(max(1, int((sizes <= SAMPLE_BYTES).sum())))
    sample = pl.concat([problems, some.fill_null("")])
    tokens = tokenise(sample, drawings=False)
    common = _common(tokens)
    known = plain(tokenise(problems, drawings=False), common)
    seen = plain(tokens, common)
    dull = plain(tokenise(pl.Series(BOILERPLATE)), common)
    return Items(
        problems,
        known,
        common,
        _weights(known, seen, dull, 1),
        _weights(known, seen, dull, 2),
        n,
    )


def _common(tokens: Tokens) -> hash_table.Table:
    """Words that are written small now and then, and so are no names."""
    words = np.isin(tokens.kinds, (0, NAME))
    place, distinct = hash_table.group_ids(tokens.codes[words])
    capital = np.bincount(place, tokens.kinds[words] == NAME, len(distinct))
    share = capital / np.maximum(np.bincount(place, minlength=len(distinct)), 1)
    return hash_table.build_table(fmix64(distinct[share < 0.8]))


def _weights(known: Plain, seen: Plain, dull: Plain, n: int) -> Array:
    """For each token of the items, what the n-gram that starts there is worth."""
    found, ends = token_ngrams(known.codes, known.ends, n)
    place, distinct = hash_table.group_ids(found)
    table = hash_table.build_table(distinct)
    counts = count_texts(
        *find_token_ngrams(seen.codes, seen.ends, n, table), len(distinct)
    )
    worth = rarity(counts, len(seen.ends) - 1)
    worth[np.unique(find_token_ngrams(dull.codes, dull.ends, n, table)[0])] *= 0.1
    names = token_ngrams(np.full(n, NAME_CODE), np.array([0, n]), n)
    worth[distinct == names[0][0]] = 0
    weights = np.zeros(len(known.codes))
    sizes, lengths = np.diff(ends), np.diff(known.ends)
    starts = np.repeat(known.ends[:-1] - ends[:-1], sizes)
    weights[starts + np.arange(len(found))] = worth[place]
    assert (sizes == np.maximum(lengths - n + 1, 0)).all()
    return weights


def rarity(counts: Array, texts: int) -> Array:
    """log(1 + c / n): n texts hold it, of those c = 0.5% would be too many."""
    cut = max(8.0, COMMON * texts)
    weights: Array = np.log1p(cut / np.maximum(counts, 1))
    return weights
