"""Names of persons, the only ones that can stand for each other in a problem.

"Tom has 3 apples" with Tom replaced by Bob is the same problem; "the capital of
Germany" with France in its place is another. What is a person's name is a list, made
by hand, of given names over many cultures, and of family names, which count after a
title: "Mr. Smith", and not "smith".
"""

import tomllib
from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np
from numpy import uint64

from pipeline.kernels.hash_table import Table, build_table, find
from pipeline.kernels.latex_brackets import is_in
from pipeline.kernels.latex_vocabulary import NAME, NUMBER, WORD, token_code
from pipeline.kernels.shards import Array, compiled, inlined
from pipeline.kernels.spelled_words import read_list

# Given names, family names, titles; names beyond ASCII; Chinese given and family names.
Names = tuple[Table, Table, Table, Table, Table, Table]

# 小明, 老王, and 张老师, 王先生, 李女士, 陈师傅, 刘同学, 赵阿姨.
BEFORE_HAN, BEHIND_HAN, SAN = (
    np.array([token_code(character) for character in characters], uint64)
    for characters in ("小老阿", "小老先女师同阿叔", "さくちん")
)


@cache
def person_names() -> Names:
    """The tables of token codes that `is_person` and `is_named` look in."""
    lists = tomllib.loads(read_list("names.toml"))
    given, family, titles = (
        _table_of(lists[name].split()) for name in ("given", "family", "titles")
    )
    others = _table_of(_decline(lists["beyond"]))
    han, han_family = (_table_of(lists[name].split()) for name in ("han", "han_family"))
    return given, family, titles, others, han, han_family


def _table_of(words: Iterable[str]) -> Table:
    codes = [token_code(word) for word in dict.fromkeys(words)]
    return build_table(np.array(codes, np.uint64))


def _decline(groups: list[dict[str, Any]]) -> list[str]:
    """Every form of each name: its stem between `prefixes` and `endings`."""
    return [
        prefix + name[: len(name) - int(group.get("cut", 0))] + ending
        for group in groups
        for name in group["names"].split()
        for prefix in ("", *group.get("prefixes", "").split())
        for ending in ("", *group.get("endings", "").split())
    ]


@inlined
def is_person(
    codes: Array, kinds: Array, position: int, begin: int, names: Names
) -> bool:
    """Whether token `position` of the text that begins at token `begin` names a person.

    `codes` uint64 and `kinds` uint8 are those of `latex_tokens.Tokens`. A given name
    must be capitalised; a family name must follow a title or a given name too.
    """
    if kinds[position] != NAME:
        return False
    if find(names[0], codes[position]) >= 0:
        return True
    if position == begin or find(names[1], codes[position]) < 0:
        return False
    before = codes[position - 1]
    return bool(find(names[2], before) >= 0 or find(names[0], before) >= 0)


@compiled
def is_named(
    codes: Array, kinds: Array, starts: Array, stops: Array, position: int, begin: int,
    end: int, names: Names,
) -> bool:  # fmt: skip
    """As `is_person`, also by what is right beside, up to token `end`.

    Any capital word behind a given name is a family name (Tom Reed); a family name may
    stand before the given one (Li Wei), a title before either.
    """
    code, kind = codes[position], kinds[position]
    if kind == WORD:
        if find(names[3], code) >= 0:
            return True
        if stops[position] - starts[position] == 3:  # bytes of an ideograph
            return _is_han_name(
                codes, kinds, starts, stops, position, begin, end, names
            )
        return False
    if is_person(codes, kinds, position, begin, names):
        return True
    if kind != NAME:
        return False
    if position > begin and kinds[position - 1] == NAME:
        is_beside = starts[position] - stops[position - 1] == 1
        if is_beside and find(names[0], codes[position - 1]) >= 0:
            return True
    if position + 1 == end or kinds[position + 1] != NAME:
        return False
    gap = starts[position + 1] - stops[position]
    if gap <= 2 and find(names[2], code) >= 0:  # Mr. Smith, Mrs Smith
        return True
    return bool(
        gap == 1
        and find(names[1], code) >= 0
        and find(names[0], codes[position + 1]) >= 0
    )


@compiled
def _is_han_name(
    codes: Array, kinds: Array, starts: Array, stops: Array, position: int, begin: int,
    end: int, names: Names,
) -> bool:  # fmt: skip
    """Whether an ideograph is one of 小明, 李华, 张老师, or of a name before さん."""
    code = codes[position]
    behind = position + 1 < end and starts[position + 1] == stops[position]
    if position > begin and stops[position - 1] == starts[position]:
        before = codes[position - 1]
        if find(names[4], code) >= 0 and (
            is_in(before, BEFORE_HAN) or find(names[5], before) >= 0
        ):
            return True
    if find(names[5], code) >= 0 and behind:
        counts = position > begin and kinds[position - 1] == NUMBER  # 三张纸
        after = codes[position + 1]
        if not counts and (is_in(after, BEHIND_HAN) or find(names[4], after) >= 0):
            return True
    for place in range(position + 1, min(position + 4, end - 1)):
        if starts[place] != stops[place - 1]:
            return False
        if codes[place] in (SAN[0], SAN[1]) and codes[place + 1] == SAN[3]:
            return True
    return False


@compiled
def find_persons(codes: Array, kinds: Array, ends: Array, names: Names) -> Array:
    """Whether each token names a person (bool), for the texts of a `Tokens`."""
    out = np.zeros(len(codes), np.bool_)
    for row in range(len(ends) - 1):
        for position in range(ends[row], ends[row + 1]):
            out[position] = is_person(codes, kinds, position, ends[row], names)
    return out
