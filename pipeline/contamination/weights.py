"""What each word of a benchmark item is worth.

A word that few problems hold says much ("incentre"), one that many hold says little
("find"), and the sentences that contest problems end with say next to nothing, no more
than a preamble does that many problems share. What counts is problems, not rows: a text
that is taken for a copy of an item is not counted, so that an item which stands in the
pool twenty times is worth as much as one that stands there once.

An item is undetectable if what is rare in it weighs less than what a clean pool reaches
by chance: "Which of the following is true?" is in many problems.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl

from pipeline.contamination.items import Items, compared_tokens
from pipeline.kernels import hash_table
from pipeline.kernels.item_entities import PERSON
from pipeline.kernels.latex_tokens import Tokens, tokenise
from pipeline.kernels.latex_vocabulary import split, token_code
from pipeline.kernels.shards import Array
from pipeline.kernels.token_ngrams import count_texts, find_token_ngrams, token_ngrams

SAMPLE, SAMPLE_BYTES = 8192, 1 << 22  # texts, and bytes, that words are counted in
COMMON = 0.005  # of the texts: an n-gram in more of them is worth little
SHARED = 0.1  # of that: an n-gram in so many problems is a part of a preamble
STRETCH = 8  # n-grams that an item's own level is the mean of
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
class Background:
    """Texts of the pool that words are counted in: a sample, and their numbers."""

    tokens: Tokens
    numbers: Array

    def without(self, copies: Array) -> Tokens:
        """Those that are not `copies` (bool, of all texts of the pool)."""
        stays = ~copies[self.numbers]
        of_row = np.repeat(stays, np.diff(self.tokens.ends))
        ends = np.concatenate([[0], np.cumsum(np.diff(self.tokens.ends)[stays])])
        codes, kinds = self.tokens.codes[of_row], self.tokens.kinds[of_row]
        none = np.empty(0, np.int32)
        return Tokens(codes, kinds, ends, none, none)


def sample_texts(texts: pl.Series) -> Background:
    """Every so many texts of the pool."""
    step = max(1, len(texts) // SAMPLE)
    sample = texts.gather_every(step).fill_null("")
    sizes = sample.str.len_bytes().cum_sum()
    sample = sample.head(max(1, int((sizes <= SAMPLE_BYTES).sum())))
    tokens, _ = compared_tokens(tokenise(sample, drawings=False))
    return Background(tokens, step * np.arange(len(sample)))


def weigh_items(items: Items, others: Tokens, held: Array, texts: int) -> Weights:
    """Weights of `items` in a pool of so many `texts`, of which `others` are a sample.

    `held` (int, n-grams of the index) says how many texts hold an n-gram.
    """
    known = _join(items.tokens, others)
    tokens, pairs = (_weigh_ngrams(items.tokens, known, size) for size in (1, 2))
    dull = _find_shared(items, held, texts)
    tokens[dull] = 0
    pairs[dull & np.r_[dull[1:], False]] = 0
    enough = _enough(len(known))
    rare = np.maximum(tokens - np.log(2), 0) + np.maximum(pairs - np.log(2), 0)
    sums = np.concatenate([[0], np.cumsum(rare)])[items.tokens.ends]
    return Weights(tokens, pairs, np.diff(sums), CHANCE * np.log1p(enough))


def _join(left: Tokens, right: Tokens) -> Tokens:
    codes, kinds = np.r_[left.codes, right.codes], np.r_[left.kinds, right.kinds]
    ends = np.r_[left.ends, right.ends[1:] + left.ends[-1]]
    none = np.empty(0, np.int32)
    return Tokens(codes, kinds, ends, none, none)


def _find_shared(items: Items, held: Array, texts: int) -> Array:
    """Whether each token is in a stretch of its item that many problems share (bool).

    It is if all n-grams that it stands in are held by as many as SHARED says, and by
    more than three times as many as the item's least known stretch: of an item that is
    in the pool many times, all stretches are known.
    """
    codes, ends, n = items.tokens.codes, items.tokens.ends, items.n
    number, gram_ends = find_token_ngrams(codes, ends, n, items.index.table)
    count = held[number] + np.diff(items.index.ends)[number] - 1
    of_item = np.repeat(np.arange(len(items)), np.diff(gram_ends))
    least = _least_stretches(count, gram_ends)[of_item]
    is_shared = count >= max(3.0, SHARED * _enough(texts + len(items)))
    is_shared &= count > 3 * (least + 1)
    covered, unshared = np.zeros((2, len(codes) + 1), np.int64)
    starts = np.arange(len(number)) + (ends[:-1] - gram_ends[:-1])[of_item]
    for array, chosen in ((covered, starts), (unshared, starts[~is_shared])):
        np.add.at(array, chosen, 1)
        np.add.at(array, chosen + n, -1)
    shared: Array = (np.cumsum(covered) > 0) & (np.cumsum(unshared) == 0)
    return shared[:-1]


def _least_stretches(count: Array, ends: Array) -> Array:
    """The least mean of STRETCH counts in a row, of each item (all of a short one)."""
    sums = np.concatenate([[0], np.cumsum(count)])
    sizes = np.diff(ends)
    stretch = np.minimum(sizes, STRETCH)
    of_item = np.repeat(np.arange(len(sizes)), sizes - stretch + (sizes > 0))
    first = np.concatenate([[0], np.cumsum(sizes - stretch + (sizes > 0))])
    starts = ends[:-1][of_item] + np.arange(len(of_item)) - first[:-1][of_item]
    means = (sums[starts + stretch[of_item]] - sums[starts]) / stretch[of_item]
    least = np.full(len(sizes), np.inf)
    np.minimum.at(least, of_item, means)
    return least


def _weigh_ngrams(items: Tokens, known: Tokens, n: int) -> Array:
    """For each token of the items, what the n-gram that starts there is worth.

    It is the rarity of the n-gram among the `known` texts, a tenth of it for one of
    BOILERPLATE, and nothing for names alone, or where fewer than n tokens are left.
    """
    ngrams, ends = token_ngrams(items.codes, items.ends, n)
    number, distinct = hash_table.group_ids(ngrams)
    table = hash_table.build_table(distinct)
    known_ngrams = find_token_ngrams(known.codes, known.ends, n, table)
    counts = count_texts(*known_ngrams, len(distinct), np.zeros(len(known), bool))
    weights = np.zeros(len(items.codes))
    starts = np.repeat(items.ends[:-1] - ends[:-1], np.diff(ends))
    places = starts + np.arange(len(ngrams))
    plain = np.isin(items.codes, _plain_codes())
    is_plain = np.all([plain[places + step] for step in range(n)], axis=0)
    common = np.zeros(len(distinct), bool)
    common[number[is_plain]] = True
    counts = np.where(common, np.maximum(counts, _enough(len(known))), counts)
    worth = rarity(counts, len(known))
    boilerplate = _boilerplate()
    dull, _ = find_token_ngrams(boilerplate.codes, boilerplate.ends, n, table)
    worth[np.unique(dull)] *= DULL
    names, _ = token_ngrams(np.full(n, PERSON), np.array([0, n]), n)
    worth[distinct == names[0]] = 0
    weights[places] = worth[number]
    return weights


@cache
def _boilerplate() -> Tokens:
    return compared_tokens(tokenise(pl.Series(BOILERPLATE)))[0]


@cache
def _plain_codes() -> Array:
    return np.array([token_code(word) for word in PLAIN], np.uint64)


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
