"""What each word of a benchmark item is worth.

A word that few problems hold says much ("incentre"), one that many hold says little
("find"), and the sentences that contest problems end with say next to nothing, no more
than a preamble does that many problems share. What counts is problems, not rows: a text
that is taken for a copy of an item is not counted, so that an item which stands in the
pool twenty times is worth as much as one that stands there once.

An item is undetectable if what is rare in it weighs less than what a clean pool reaches
by chance: "Which of the following is true?" is in many problems. It is listed as such
whatever is found of it: that a text which says it and nothing else is a copy
(`wrapped`) does not help where a text has more to say.
"""

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import polars as pl

from pipeline.contamination.items import Items, compared_tokens, ngram_places
from pipeline.contamination.sample import Sample
from pipeline.kernels import hash_table
from pipeline.kernels.characters import plain_text
from pipeline.kernels.item_entities import PERSON
from pipeline.kernels.latex_tokens import Tokens
from pipeline.kernels.latex_vocabulary import split, token_code
from pipeline.kernels.preambles import find_shared
from pipeline.kernels.shards import Array, text_bytes
from pipeline.kernels.token_ngrams import count_texts, find_token_ngrams, token_ngrams

COMMON = 0.005  # of the texts: an n-gram in more of them is worth little
SHARED = 0.1  # of that: an n-gram in so many problems may be a part of a preamble
PROBLEMS = 3.0  # in so many at least
DULL = 0.1  # what is left of the worth of boilerplate
CHANCE = 1.25  # of the worth of an n-gram that is nowhere else
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
# Words that any pool of problems is full of, however small it is.
PLAIN = split(
    """
0 1 2 a b c d e f g h i j k l m n o p q r s t u v w x y z about above after again all
also always an and another any are as ask at away back be been before being below
between both but by can did do does done down during each either else every few first
for from get gets give given gives go goes had has have he her here hers him his how if
in into is it its just last least less let like made make makes many may me more most
much must my need needs neither never new next no nor not now of off on once one only or
other others our out over own per same she should so some such take takes than that the
their them then there these they this those through to together too under until up upon
us use used uses using very was way ways we were what when where which while who whom
whose why will with within without would yet you your answer answers apply assume
calculate case cases choose compute consider correct define denote describe determine
equal equals equation evaluate exactly explain express expression false figure find
following follows form formula function great greater greatest help hold holds incorrect
integer integers large largest line list maximum mean minimum name number numbers obtain
option options pair part point points positive possible probability problem problems
prove question questions real result round show simplify small smallest solution
solutions solve state statement statements sum suppose sure terms total triangle true
valid value values variable write wrong yes area length
"""
)


@dataclass(frozen=True)
class Weights:
    """float64, of the tokens of all items, of each with the next, and of the items."""

    tokens: Array
    pairs: Array
    rare: Array  # (items,): what the rare content of each weighs
    chance: float  # less than that is undetectable

    @property
    def is_detectable(self) -> Array:
        """Whether each item has rare content (bool)."""
        enough: Array = self.rare >= self.chance
        return enough


@dataclass(frozen=True)
class Ngrams:
    """N-grams of the items, and which of the texts that words are counted in hold them.

    Items come first among these texts, then those of a sample of the pool.
    """

    number: Array  # of the n-gram at each of `places`
    places: Array  # tokens of items where one starts
    found: tuple[Array, Array]  # numbers that each text holds; see find_token_ngrams
    is_plain: Array  # bool, of each n-gram: of words that any pool is full of
    factors: Array  # float64: 0 for persons alone, DULL for boilerplate, else 1

    @cached_property
    def counts(self) -> Array:
        """How many of the texts hold each n-gram."""
        none = np.zeros(len(self.found[1]) - 1, bool)
        counts: Array = count_texts(*self.found, len(self.factors), none)
        return counts

    def weigh(self, left_out: Array) -> Array:
        """What each n-gram is worth: its rarity in texts that are not `left_out`."""
        counts = self.counts - count_texts(*self.found, len(self.factors), ~left_out)
        texts = len(left_out) - int(left_out.sum())
        counts = np.where(self.is_plain, np.maximum(counts, _enough(texts)), counts)
        weights: Array = rarity(counts, texts) * self.factors
        return weights

    def spread(self, values: Array, tokens: int) -> Array:
        """`values` of n-grams at the tokens where they start, 0 at the others."""
        out = np.zeros(tokens)
        out[self.places] = values[self.number]
        return out


class Weigher:
    """Weighs items by a sample of a pool, as often as it turns out what is a copy."""

    def __init__(self, items: Items, sample: Sample) -> None:
        codes, ends = items.tokens.codes, items.tokens.ends
        words = _find_ngrams(items.tokens, sample, 1)
        plain = words.is_plain[words.number]
        self.items, self.numbers = items, sample.numbers
        self.ngrams = [words, _find_ngrams(items.tokens, sample, 2, plain)]
        places = ngram_places(ends, items.ngrams[1])
        self.plain_runs = _are_all(plain | (codes == PERSON), places, items.n)

    def weigh(self, copies: Array, held: Array) -> Weights:
        """Weights where some texts of the pool are `copies` (bool), and do not count.

        `held` (int, n-grams of the index) says how many of the others hold an n-gram.
        """
        items, ends = self.items, self.items.tokens.ends
        left_out = np.r_[np.zeros(len(items), bool), copies[self.numbers]]
        tokens, pairs = (
            ngrams.spread(ngrams.weigh(left_out), int(ends[-1]))
            for ngrams in self.ngrams
        )
        texts = len(copies) - int(copies.sum()) + len(items)
        number, gram_ends = items.ngrams
        beside = (held + np.diff(items.index.ends) - 1)[number]
        enough = max(PROBLEMS, SHARED * _enough(texts))
        shared = find_shared(beside, gram_ends, ends, items.n, enough)
        tokens[shared] = 0
        pairs[shared & np.r_[shared[1:], False]] = 0
        rare = np.maximum(tokens - np.log(2), 0) + np.maximum(pairs - np.log(2), 0)
        sums = np.diff(np.concatenate([[0], np.cumsum(rare)])[ends])
        known = len(left_out) - int(left_out.sum())
        rare = sums + self._weigh_runs(held, texts)
        return Weights(tokens, pairs, rare, CHANCE * np.log1p(_enough(known)))

    def _weigh_runs(self, held: Array, texts: int) -> Array:
        """What the n-grams of each item are worth, as many as stand side by side."""
        number, ends = self.items.ngrams
        counts = held + np.diff(self.items.index.ends)
        worth = np.maximum(rarity(counts, texts) - np.log(2), 0)[number]
        worth[self.plain_runs] = 0
        sums = np.diff(np.concatenate([[0], np.cumsum(worth)])[ends])
        runs: Array = sums / self.items.n
        return runs


def _are_all(which: Array, places: Array, n: int) -> Array:
    """Whether all of `n` tokens from each of `places` are `which` (bool)."""
    alike: Array = np.all([which[places + step] for step in range(n)], axis=0)
    return alike


def _find_ngrams(
    items: Tokens, others: Sample, n: int, plain: Array | None = None
) -> Ngrams:
    """`n` 1 needs no `plain`, which says of tokens whether any pool is full of it."""
    ngrams, ends = token_ngrams(items.codes, items.ends, n)
    number, distinct = hash_table.group_ids(ngrams)
    table = hash_table.build_table(distinct)
    places = ngram_places(items.ends, ends)
    if plain is None:
        is_plain = np.isin(distinct, _plain_words())
    else:
        is_plain = np.zeros(len(distinct), bool)
        is_plain[number[_are_all(plain, places, n)]] = True
    factors = np.ones(len(distinct))
    boilerplate = _boilerplate()
    dull, _ = find_token_ngrams(boilerplate.codes, boilerplate.ends, n, table)
    factors[np.unique(dull)] = DULL
    persons, _ = token_ngrams(np.full(n, PERSON), np.array([0, n]), n)
    factors[distinct == persons[0]] = 0
    more, more_ends = find_token_ngrams(others.codes, others.ends, n, table)
    found = np.r_[number, more], np.r_[ends, more_ends[1:] + ends[-1]]
    return Ngrams(number, places, found, is_plain, factors)


@cache
def _boilerplate() -> Tokens:
    return compared_tokens(*text_bytes(plain_text(pl.Series(BOILERPLATE))))


@cache
def _plain_words() -> Array:
    """PLAIN as n-grams of one token."""
    codes = np.array([token_code(word) for word in PLAIN], np.uint64)
    return token_ngrams(codes, np.arange(len(codes) + 1), 1)[0]


def _enough(texts: int) -> float:
    """In so many of the texts an n-gram is common."""
    return max(32.0, COMMON * texts)


def rarity(counts: Array, texts: int) -> Array:
    """What n-grams in `counts` of so many texts are worth, float64.

    log(1 + c / count), where c is COMMON of the texts, or 32: from there on an n-gram
    is in too many texts to say much.
    """
    weights: Array = np.log1p(_enough(texts) / np.maximum(counts, 1))
    return weights
