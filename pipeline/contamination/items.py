"""Benchmark items as tokens, and what each of their words is worth.

A word that few texts hold says much ("incentre"), one that many hold says little
("find"), and the sentences that contest problems end with say next to nothing. All
names are one name: whether Aya or Mia has three apples does not matter.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from pipeline.contamination.ngram_index import NgramIndex, index_ngrams
from pipeline.kernels import hash_table, item_overlap
from pipeline.kernels.latex_tokens import Tokens, tokenise
from pipeline.kernels.latex_vocabulary import NAME, WORD, token_code
from pipeline.kernels.shards import Array
from pipeline.kernels.token_ngrams import count_texts, find_token_ngrams, token_ngrams
from pipeline.kernels.utf8 import fmix64

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
class ComparedTokens:
    """The tokens of texts as they are compared: no brackets, and one code for names.

    `codes` uint64, `kinds` uint8 and `places` int32 (the token's place among all tokens
    that were read) have one entry a token; text r has those of `ends[r]:ends[r + 1]`.
    """

    codes: Array
    kinds: Array
    ends: Array
    places: Array

    @property
    def row(self) -> item_overlap.Row:
        """What the kernels take."""
        return self.codes, self.kinds, self.ends

    def ngrams(self, n: int) -> tuple[Array, Array]:
        """All n-grams uint64, and where those of each text end, int64 (texts + 1,)."""
        keys, ends = token_ngrams(self.codes, self.ends, n)
        return keys, ends

    def find_ngrams(self, n: int, table: hash_table.Table) -> tuple[Array, Array]:
        """N-grams in `table`: their numbers there, int32, and where a text's end."""
        numbers, ends = find_token_ngrams(self.codes, self.ends, n, table)
        return numbers, ends

    @property
    def sizes(self) -> Array:
        """How many tokens each text has, int64 (texts,)."""
        return np.diff(self.ends)


def compared_tokens(tokens: Tokens, common: hash_table.Table) -> ComparedTokens:
    """`tokens` without brackets; capital words are names unless they are `common`."""
    codes, kinds, ends, places = item_overlap.drop_brackets(
        tokens.codes, tokens.kinds, tokens.ends
    )
    item_overlap.hide_names(codes, kinds, common, NAME_CODE)
    return ComparedTokens(codes, kinds, ends, places)


@dataclass(frozen=True)
class Items:
    """Benchmark items, ready to be looked for with n-grams of `n` tokens."""

    problems: pl.Series
    tokens: ComparedTokens
    common: hash_table.Table  # words that are no names
    token_weights: Array  # float64, of each token
    pair_weights: Array  # float64, of each token and the next one
    n: int

    @cached_property
    def index(self) -> NgramIndex:
        """Which items hold an n-gram."""
        return index_ngrams(*self.tokens.ngrams(self.n))

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
    return hash_table.build_table(fmix64(distinct[share < 0.8]))


def _weigh_ngrams(
    items: ComparedTokens, others: ComparedTokens, boilerplate: ComparedTokens, n: int
) -> Array:
    """For each token of the items, what the n-gram that starts there is worth.

    It is the rarity of the n-gram in `others`, a tenth of it for one of `boilerplate`,
    and nothing for names alone, or where fewer than n tokens are left.
    """
    ngrams, ends = items.ngrams(n)
    number, distinct = hash_table.group_ids(ngrams)
    table = hash_table.build_table(distinct)
    counts = count_texts(*others.find_ngrams(n, table), len(distinct))
    worth = rarity(counts, len(others.ends) - 1)
    worth[np.unique(boilerplate.find_ngrams(n, table)[0])] *= 0.1
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
