"""Benchmark items as tokens, ready to be compared with the texts of a pool.

Names of persons are one name: whether Aya or Mia has three apples does not matter.
Other words with a capital inside a sentence are entities: Germany is not France.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise

import numpy as np
import polars as pl

from pipeline.kernels import hash_table, item_entities, item_overlap
from pipeline.kernels.characters import plain_text
from pipeline.kernels.latex_tokens import Tokens, tokenise_ranges
from pipeline.kernels.latex_vocabulary import (
    NAME,
    WORD,
    split,
    token_code,
)
from pipeline.kernels.names import person_names
from pipeline.kernels.shards import Array, text_bytes
from pipeline.kernels.splice import cut_spans, text_series
from pipeline.kernels.token_ngrams import find_token_ngrams, token_ngrams
from pipeline.kernels.wording import FILLER, PRONOUN, SOFT, wording

OPTIONS = re.compile(rb"\(?\bA[).:]\s*\S.*?\bB[).:]\s*\S", re.DOTALL)
SENTENCE_END = re.compile(rb"[.?!][\"')\]$]*(?:\s+|\Z)|\n\s*\n")
QUESTION, ASKS = (
    re.compile(rb"\?[\"')\]$\s]*\Z"),
    re.compile(rb"(?i)\b(?:find|compute|determine|calculate|evaluate|what|how many)\b"),
)
DRAWING = re.compile(rb"(?s)\[asy\].*?\[/asy\]")
NEGATIONS = split(
    "not never no without neither except nicht kein nie ohne außer ne pas sans jamais "
    "sauf no nunca sin salvo não sem nunca non senza mai не без никогда кроме"
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


def ngram_places(ends: Array, ngram_ends: Array) -> Array:
    """The tokens where the n-grams of texts begin, in order, from the ends of both."""
    shift = np.repeat(ends[:-1] - ngram_ends[:-1], np.diff(ngram_ends))
    places: Array = shift + np.arange(len(shift))
    return places


@dataclass(frozen=True)
class Part:
    """A stretch of a text as tokens: arrays (tokens,), persons all by one code."""

    text: bytes  # the whole of it
    starts: Array  # where in it each token begins and ends
    stops: Array
    codes: Array
    kinds: Array
    turns: Array  # what `mark_turns` says of each

    @cached_property
    def is_letter(self) -> Array:
        """Tokens of one byte, as a variable is (bool)."""
        is_letter: Array = self.stops - self.starts == 1
        return is_letter

    @cached_property
    def stem(self) -> int:
        """How many tokens are before the first of its options, A) and so on."""
        options = OPTIONS.search(self.text)
        return self._count_before(options.start()) if options else len(self.codes)

    @cached_property
    def question(self) -> tuple[int, int]:
        """The first token of its question, and the one behind it."""
        begin, end = find_question(self.text)
        return (
            min(self._count_before(begin), self.stem),
            min(self._count_before(end), self.stem),
        )

    def words(self, places: Iterable[int]) -> list[str]:
        """The tokens at some places as the text has them."""
        spans = ((self.starts[at], self.stops[at]) for at in places)
        return [self.text[start:stop].decode(errors="replace") for start, stop in spans]

    def content(self, places: Iterable[int]) -> set[int]:
        """Codes of those that say what it is about; persons are left to others."""
        known = fillers()
        return {
            code
            for at in places
            if self.kinds[at] in (WORD, NAME)
            and self.stops[at] - self.starts[at] > 1
            and (code := int(self.codes[at])) not in known
        }

    def _count_before(self, byte: int) -> int:
        return int(np.searchsorted(self.starts, byte))


@dataclass(frozen=True)
class Reading:
    """Texts as they are compared: without brackets, persons by one name."""

    texts: pl.Series  # plain text
    tokens: Tokens
    names: Array  # uint64: the code of a person's own name, 0 for other tokens

    @cached_property
    def marked(self) -> item_overlap.Marked:
        """What `overlap_measures` takes; needs the bytes of the tokens."""
        read = self.tokens
        data, offsets = text_bytes(self.texts)
        places = data, offsets, read.ends, read.starts, read.stops
        entities = item_entities.mark_entities(*places)
        entities[self.names > 0] = 0
        turns = item_entities.mark_turns(
            *places, read.codes, read.kinds, wording(), _negations(), entities
        )
        return read.codes, read.kinds, read.ends, entities, turns

    @cached_property
    def sizes(self) -> Array:
        """How many tokens each text has, int64 (texts,)."""
        return np.diff(self.tokens.ends)

    def cut(self, row: int, begin: int, end: int) -> Part:
        """The tokens of a text from `begin` to `end`."""
        read, first = self.tokens, self.tokens.ends[row]
        span = slice(first + begin, first + end)
        fields = (read.starts, read.stops, read.codes, read.kinds, self.marked[4])
        return Part(self.texts[row].encode(), *(field[span] for field in fields))

    def list_names(self, span: slice, others: Array) -> list[int]:
        """Codes of the persons in `span`; 0 for a capital word not among `others`."""
        names, capitals = self.names[span], self.marked[3][span]
        places = np.flatnonzero((names > 0) | (capitals > 0))
        if not len(places):
            return []
        codes, known = self.tokens.codes[span][places], set(others.tolist())
        listed = zip(names[places].tolist(), codes.tolist(), strict=True)
        return [name for name, code in listed if name or code not in known]

    def quote(self, row: Array, begin: Array, end: Array) -> pl.Series:
        """The text of each `row` from token `begin` to token `end`."""
        data, offsets = text_bytes(self.texts)
        tokens = self.tokens
        first, last = tokens.ends[row] + begin, tokens.ends[row] + end - 1
        is_empty = first > last
        first[is_empty] = last[is_empty] = 0
        starts, stops = tokens.starts[first], tokens.stops[last]
        stops = np.where(is_empty, starts, stops)
        spans = np.stack([offsets[row] + starts, offsets[row] + stops], 1)
        return text_series(*cut_spans(data, spans))


def read_texts(texts: pl.Series) -> Reading:
    """The tokens of texts as they are compared, with their bytes."""
    texts = plain_text(texts)
    data, offsets = text_bytes(texts)
    tokens = tokenise_ranges(
        data, offsets[:-1], offsets[1:], spans=True, drawings=False, brackets=False
    )
    names = np.zeros(len(tokens.codes), np.uint64)
    hide_persons(tokens, names)
    return Reading(texts, tokens, names)


def compared_tokens(data: Array, offsets: Array) -> Tokens:
    """Tokens of plain texts as they are compared: no brackets, persons by one name."""
    begins, ends = offsets[:-1], offsets[1:]
    tokens = tokenise_ranges(data, begins, ends, drawings=False, brackets=False)
    hide_persons(tokens, np.zeros(0, np.uint64))
    return tokens


def hide_persons(tokens: Tokens, names: Array) -> None:
    """Give all persons one code, and note those of their names; see Reading."""
    read = tokens.codes, tokens.kinds, tokens.ends
    item_entities.hide_persons(*read, person_names(), names)


@cache
def _negations() -> Array:
    """The meanings of words that deny, int32."""
    table, _, meanings, *_ = wording()
    places = (hash_table.find(table, np.uint64(token_code(word))) for word in NEGATIONS)
    return np.array([meanings[place] for place in places if place >= 0], np.int32)


@cache
def fillers() -> frozenset[int]:
    """Codes of words that may come and go, and that of persons."""
    (_, keys, values), roles, *_ = wording()
    role = roles[values[values >= 0]]
    codes = keys[values >= 0][np.isin(role, (FILLER, SOFT, PRONOUN))]
    return frozenset([int(item_entities.PERSON), *codes.tolist()])


def find_question(text: bytes) -> tuple[int, int]:
    """Where in an item its question begins and ends: bytes.

    It is the last sentence with a question mark, or that asks for something, or the
    last.
    """
    text = DRAWING.sub(lambda drawing: b" " * len(drawing[0]), text).rstrip()
    ends = [0, *(end.end() for end in SENTENCE_END.finditer(text)), len(text)]
    spans = [(a, b) for a, b in pairwise(ends) if text[a:b].strip()]
    for sign in QUESTION, ASKS:
        for begin, end in reversed(spans):
            if sign.search(text, begin, end):
                return begin, end
    return spans[-1] if spans else (0, 0)


@dataclass(frozen=True)
class Items:
    """Benchmark items, ready to be looked for with n-grams of `n` tokens."""

    reading: Reading
    n: int

    @property
    def tokens(self) -> Tokens:
        """Those of the items."""
        return self.reading.tokens

    def __len__(self) -> int:
        return len(self.tokens)

    @cached_property
    def index(self) -> NgramIndex:
        """Which items hold an n-gram."""
        return index_ngrams(*token_ngrams(self.tokens.codes, self.tokens.ends, self.n))

    @cached_property
    def ngrams(self) -> tuple[Array, Array]:
        """The numbers of the n-grams of each item, and where those of each end."""
        codes, ends = self.tokens.codes, self.tokens.ends
        return find_token_ngrams(codes, ends, self.n, self.index.table)

    @property
    def sizes(self) -> Array:
        """How many tokens each item has, int64 (items,)."""
        return self.reading.sizes

    @cached_property
    def words(self) -> Array:
        """How many words each item has, int64 (items,)."""
        is_word = (self.tokens.kinds == WORD) | (self.tokens.kinds == NAME)
        return np.diff(np.concatenate([[0], np.cumsum(is_word)])[self.tokens.ends])
