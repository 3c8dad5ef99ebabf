"""Fenced blocks of code in what a model wrote, as CommonMark reads them.

A fence is a line of its own: three or more backticks or tildes, with a name behind
those that open. It ends at a line with as many of the same sign and nothing else, or
with the text. Backticks inside a line, or inside a program, are no fences. What stands
indented, in a list, loses as much indentation as its fence has. A fence with a name
that ends a line of other words counts too, as models write sometimes.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

OPENING = re.compile(r"(?P<indent>[ \t>]*)(?P<fence>`{3,}(?=[^`]*$)|~{3,})(?P<info>.*)")
NAME = re.compile(r"\s*\{?\.?([\w+#-]*)")
BEHIND_WORDS = re.compile(r"^([ \t>]*[^`\s>][^`\n]*)(`{3,}[\w+#-]+[ \t]*)$", re.M)


class Block(NamedTuple):
    """The name behind a fence, in lower case, and the code; `is_closed` by a fence."""

    name: str
    code: str
    is_closed: bool


def find_blocks(text: str) -> list[Block]:
    """The fenced blocks of `text`, in order; in linear time."""
    text = text.replace("\r\n", "\n").replace("\ufeff", "")
    return list(_scan(BEHIND_WORDS.sub(r"\1\n\2", text)))


def _scan(text: str) -> Iterator[Block]:
    lines = iter(text.split("\n"))
    for line in lines:
        if not line.lstrip(" \t>").startswith(("```", "~~~")):
            continue
        if opening := OPENING.fullmatch(line):
            yield _read_block(lines, opening)


def _read_block(lines: Iterator[str], opening: re.Match[str]) -> Block:
    """The block that `opening` begins; `lines` go on behind it."""
    fence, indent = opening["fence"], len(opening["indent"])
    name = NAME.match(opening["info"])
    blank = " \t>" if ">" in opening["indent"] else " \t"
    code = []
    is_closed = False
    for line in lines:
        bare = line.strip(" \t>")
        if bare.startswith(fence) and not bare.strip(fence[0]):
            is_closed = True
            break
        lead = len(line) - len(line.lstrip(blank))
        code.append(line[min(indent, lead) :])
    return Block(
        name[1].lower() if name else "",
        "\n".join([*code, ""] if is_closed else code),
        is_closed,
    )
