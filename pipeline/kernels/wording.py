"""What words are to two texts that hardly differ: `wording.toml` as tables.

Some words turn a problem round ("not", "largest", "odd"), some may come and go without
a trace ("the", "please"), and all others are content. Which is which is data, by
language; here the lists become codes that compiled loops look up.
"""

import tomllib
from functools import cache

import numpy as np
from numpy import uint64

from pipeline.kernels.hash_table import Table, build_table, find, may_hold
from pipeline.kernels.hashing import BASIS, fnv1a, spelling_code
from pipeline.kernels.latex_vocabulary import token_code, vocabulary
from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.spelled_words import read_list

# What a word is: of no list, one that turns a problem round, one that may come and go
# but not change, a pronoun, and one that leaves no trace.
CONTENT, TURN, SOFT, PRONOUN, FILLER = 0, 1, 2, 3, 4
PHRASE = 9  # how a problem is told; kernels.edit_words has those between
SHORTEST_STEM = 3  # bytes
KIND_BITS = 16  # above these a meaning has its kind, 0 where it is of none
LIGHT = 1 << 15  # of a meaning that may come and go where a rare answer vouches

# Where words are, where stems are, and then the role and the meaning of each.
Wording = tuple[Table, Array, Array, Table, Array, Array]


@cache
def wording() -> Wording:
    """Words and stems of all languages; of a word in two lists the first counts."""
    lists = tomllib.loads(read_list("wording.toml"))
    words: dict[int, tuple[int, int]] = {}
    stems: dict[int, tuple[int, int]] = {}
    limits = {*" ".join(lists["limits"].values()).split()}
    free = [group for group in lists["turns"]["en"] if not limits & {*group.split()}]
    light = {*" ".join(free).split()}
    meaning = 0
    for section, role in (("turns", TURN), ("soft", SOFT), ("pronouns", PRONOUN)):
        for group in (group for groups in lists[section].values() for group in groups):
            meaning += 1
            here = meaning | LIGHT if light & {*group.split()} else meaning
            for word in group.split():
                is_stem = word.endswith("*")
                codes = _stem_codes(word[:-1]) if is_stem else _codes_of(word)
                for code in codes:
                    (stems if is_stem else words).setdefault(code, (role, here))
    kinds = (group for groups in lists["kinds"].values() for group in groups)
    for number, group in enumerate(kinds, start=1):
        is_light = not limits & {*group.split()}
        kind = number << KIND_BITS | (LIGHT if is_light else 0)
        for word in group.split():
            meaning += 1
            here = kind | meaning
            words.setdefault(_codes_of(word)[0], (TURN, here))
    told = (("instructions", FILLER), ("fillers", FILLER), ("phrases", PHRASE))
    for section, role in told:
        for word in " ".join(lists[section].values()).split():
            for code in _codes_of(word):
                words.setdefault(code, (role, 0))
    return (*_tables_of(words), *_tables_of(stems))


def _codes_of(word: str) -> list[int]:
    """The codes of the tokens that the lexer makes of `word`: "meters" is "m".

    It does not lower other letters than those of ASCII, so that capitals count.
    """
    table, codes, _, _, _ = vocabulary()
    word = word.replace("ß", "ss")  # as layout leaves it
    spellings = [token_code(form) for form in (word, word.capitalize())]
    places = [(code, find(table, uint64(code))) for code in spellings]
    return [code if place < 0 else int(codes[place]) for code, place in places]


def _stem_codes(stem: str) -> list[int]:
    """What `role_of_stem` makes of words that begin with `stem`."""
    stem = stem.replace("ß", "ss")
    return [spelling_code(form) for form in (stem, stem.capitalize())]


def _tables_of(words: dict[int, tuple[int, int]]) -> tuple[Table, Array, Array]:
    roles, meanings = zip(*words.values(), strict=True)
    return (
        build_table(np.array(list(words), uint64)),
        np.array(roles, np.uint8),
        np.array(meanings, np.int32),
    )


@cache
def negating_prefixes() -> Array:
    """Prefixes that make the opposite of a word: bytes uint8 (n, 8), 0 behind each."""
    lists = tomllib.loads(read_list("wording.toml"))
    prefixes = [prefix.encode() for prefix in lists["negations"]["prefixes"].split()]
    out = np.zeros((len(prefixes), 8), np.uint8)
    for row, prefix in enumerate(prefixes):
        out[row, : len(prefix)] = list(prefix)
    return out


@compiled
def role_of(
    data: Array, start: int, stop: int, code: uint64, wording: Wording
) -> tuple[int, int]:
    """(role, meaning) of the word `code` that stands in `data` from `start` to `stop`.

    A word that is in no list is known by the longest stem that it begins with.
    """
    words, word_roles, word_meanings, stems, stem_roles, stem_meanings = wording
    place = find(words, code)
    if place >= 0:
        return word_roles[place], word_meanings[place]
    return role_of_stem(data, start, stop, stems, stem_roles, stem_meanings)


@compiled
def role_of_stem(
    data: Array, start: int, stop: int, stems: Table, roles: Array, meanings: Array
) -> tuple[int, int]:
    """As `role_of`, of a word that is in no list; the last three are those of stems."""
    role, meaning, value, bloom = CONTENT, 0, BASIS, stems[0]
    for position in range(start, stop):
        byte = data[position]
        value = fnv1a(value, byte | 0x20 if 65 <= byte <= 90 else byte)
        if position - start + 1 >= SHORTEST_STEM and may_hold(bloom, value):
            place = find(stems, value)
            if place >= 0:
                role, meaning = roles[place], meanings[place]
    return role, meaning
