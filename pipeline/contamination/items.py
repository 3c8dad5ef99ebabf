"""Benchmark items as tokens, and what each of their words is worth.

A word that few texts hold says much ("incentre"), one that many hold says little
("find"), and the sentences that contest problems end with say next to nothing. All
names are one name: whether Aya or Mia has three apples does not matter.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from pipeline.kernels import hash_table, item_overlap
from pipeline.kernels.hashing import fmix64
from pipeline.kernels.latex_tokens import Tokens, tokenise
from pipeline.kernels.latex_vocabulary import BRACKET, NAME, WORD, token_code
from pipeline.kernels.shards import Array
from pipeline.kernels.token_ngrams import count_texts, find_token_ngrams, token_ngrams

SAMPLE, SAMPLE_BYTES = 8192, 1 << 22  # texts, and bytes, that words are counted in
COMMON = 0.005  # of the texts: an n-gram in more of them is worth little
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
class NgramIndex:
    """N-gram g, `keys[g]` uint64, is in the items `holders[ends[g]:ends[g + 1]]`."""

    keys: Array
    holders: Array  # int32
    ends: Array  # int64 (keys + 1,)

    @cached_property
    def table(self) -> hash_table.Table:
        """What finds the number of an n-gram."""
        return hash_table.build_table(self.keys)


def index_ngrams(ngrams: Array, ends: Array) -> NgramIndex:
    """The index of items whose n-grams are `ngrams[ends[item]:ends[item + 1]]`."""
    items = len(ends) - 1
    number, keys = hash_table.group_ids(ngrams)
    pair = number * items + np.repeat(np.arange(items), np.diff(ends))
    pairs = np.sort(hash_table.group_ids(pair.astype(np.uint64))[1]).astype(np.int64)
    key, holder = np.divmod(pairs, max(items, 1))
    counts = np.bincount(key, minlength=len(keys))
    stops = np.concatenate([[0], np.cumsum(counts)])
    return NgramIndex(keys, holder.astype(np.int32), stops)


def compared_tokens(tokens: Tokens, common: hash_table.Table) -> Tokens:
    """`tokens` as they are compared: without brackets, and all names one name.

    A word with a capital is a name unless it is in `common`.
    """
    stays = np.flatnonzero(tokens.kinds != BRACKET)
    codes, kinds = tokens.codes[stays], tokens.kinds[stays]
    item_overlap.hide_names(codes, kinds, common, NAME_CODE)
    spans = (tokens.starts, tokens.stops)
    if len(tokens.starts):  # they were asked for
        spans = (tokens.starts[stays], tokens.stops[stays])
    return Tokens(codes, kinds, np.searchsorted(stays, tokens.ends), *spans)


@dataclass(frozen=True)
class Items:
    """Benchmark items, ready to be looked for with n-grams of `n` tokens."""

    problems: pl.Series
    tokens: Tokens
    common: hash_table.Table  # words that are no names
    token_weights: Array  # float64, of each token
    pair_weights: Array  # float64, of each token and the next one
    n: int

    @cached_property
    def index(self) -> NgramIndex:
        """Which items hold an n-gram."""
        return index_ngrams(*token_ngrams(self.tokens.codes, self.tokens.ends, self.n))

    @property
    def words(self) -> Array:
        """How many words each item has, int64 (items,)."""
        is_word = np.isin(self.tokens.kinds, (WORD, NAME))
        return np.diff(np.concatenate([[0], np.cumsum(is_word)])[self.tokens.ends])


def prepare_items(problems: pl.Series, texts: pl.Series, n: int) -> Items:
    """Items, their words weighed by how rare they are in `texts` and in the items.

    Words are counted in a sample of `texts`.
    """
    problems = problems.fill_null("")
    sample = texts.gather_every(max(1, len(texts) // SAMPLE))
    sizes = sample.str.len_bytes().fill_null(0).cum_sum()
    sample = sample.head(max(1, int((sizes <= SAMPLE_BYTES).sum())))
    sampled = tokenise(pl.concat([problems, sample.fill_null("")]), drawings=False)
    common = _common_words(sampled)
    items = compared_tokens(tokenise(problems, drawings=False), common)
    others = compared_tokens(sampled, common)
    boilerplate = compared_tokens(tokenise(pl.Series(BOILERPLATE)), common)
    token_weights, pair_weights = (
        _weigh_ngrams(items, others, boilerplate, size) for size in (1, 2)
    )
    return Items(problems, items, common, token_weights, pair_weights, n)


def _common_words(tokens: Tokens) -> hash_table.Table:
    """Words that are written small now and then, and so are no names."""
    words = np.isin(tokens.kinds, (WORD, NAME))
    number, distinct = hash_table.group_ids(tokens.codes[words])
    capital = np.bincount(number, tokens.kinds[words] == NAME, len(distinct))
    share = capital / np.maximum(np.bincount(number, minlength=len(distinct)), 1)
    mixed: Any = fmix64(distinct[share < 0.8])  # of every number in the array
    return hash_table.build_table(mixed)


def _weigh_ngrams(items: Tokens, others: Tokens, boilerplate: Tokens, n: int) -> Array:
    """For each token of the items, what the n-gram that starts there is worth.

    It is the rarity of the n-gram in `others`, a tenth of it for one of `boilerplate`,
    and nothing for names alone, or where fewer than n tokens are left.
    """
    ngrams, ends = token_ngrams(items.codes, items.ends, n)
    number, distinct = hash_table.group_ids(ngrams)
    table = hash_table.build_table(distinct)
    counts = count_texts(
        *find_token_ngrams(others.codes, others.ends, n, table), len(distinct)
    )
    worth = rarity(counts, len(others.ends) - 1)
    dull, _ = find_token_ngrams(boilerplate.codes, boilerplate.ends, n, table)
    worth[np.unique(dull)] *= 0.1
    names, _ = token_ngrams(np.full(n, NAME_CODE), np.array([0, n]), n)
    worth[distinct == names[0]] = 0
    weights = np.zeros(len(items.codes))
    starts = np.repeat(items.ends[:-1] - ends[:-1], np.diff(ends))
    weights[starts + np.arange(len(ngrams))] = worth[number]
    return weights


def rarity(counts: Array, texts: int) -> Array:
    """What n-grams in `counts` of so many texts are worth, float64.

    log(1 + c / count), where c is COMMON of the texts, or 8: from there on an n-gram is
    in too many texts to say much.
    """
    enough = max(8.0, COMMON * texts)
    weights: Array = np.log1p(enough / np.maximum(counts, 1))
    return weights
