"""Names of persons, the only ones that can stand for each other in a problem.

"Tom has 3 apples" with Tom replaced by Bob is the same problem; "the capital of
Germany" with France in its place is another. What is a person's name is a list, made
by hand, of given names over many cultures, and of family names, which count after a
title: "Mr. Smith", and not "smith".
"""

import tomllib
from functools import cache
from pathlib import Path

import numpy as np

from pipeline.kernels.hash_table import Table, build_table, find
from pipeline.kernels.latex_vocabulary import NAME, token_code
from pipeline.kernels.shards import Array, compiled, inlined

Names = tuple[Table, Table, Table]  # given names, family names, titles


@cache
def person_names() -> Names:
    """The tables of token codes that `is_person` looks in."""
    lists = tomllib.loads(Path(__file__).with_name("names.toml").read_text("utf-8"))
    given, family, titles = (
        _table_of(lists[name].split()) for name in ("given", "family", "titles")
    )
    return given, family, titles


def _table_of(words: list[str]) -> Table:
    codes = [token_code(word) for word in dict.fromkeys(words)]
    return build_table(np.array(codes, np.uint64))


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
def find_persons(codes: Array, kinds: Array, ends: Array, names: Names) -> Array:
    """Whether each token names a person (bool), for the texts of a `Tokens`."""
    out = np.zeros(len(codes), np.bool_)
    for row in range(len(ends) - 1):
        for position in range(ends[row], ends[row + 1]):
            out[position] = is_person(codes, kinds, position, ends[row], names)
    return out
