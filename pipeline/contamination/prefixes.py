"""What each line of a stretch begins and ends with, put there by what it stands in.

A comment begins its lines with a sign, a log with a time and a name, a listing of
versions with a hash and a date, a chat with who speaks. Whatever it is, the lines have
its shape in common: the same marks in the same order, between them numbers or a few
words, and words of a text follow. At the end of lines it is the other way round.
"""

import re
from collections.abc import Callable
from functools import lru_cache, partial
from itertools import pairwise
from typing import NamedTuple

# A few words or none, and the mark behind them; `$`, `\` and `&` are of formulas.
FIELD = re.compile(
    r"[ \t]*(?P<words>(?>(?:\w+(?:[./'@_-]+\w+)*(?:[ \t]+(?=\w))?)*))[ \t]*"
    r"(?P<mark>([^\w\s$\\&^])\3*)(?P<blank>[ \t]*)"
)
COLUMN = re.compile(r"[ \t]*[^\s$\\]++(?: [^\s$\\]++){0,2}(?: {3,}|\t)[ \t]*")
GAP = re.compile(r"\S(?:   |\t)")
WORD = re.compile(r"[^\W\d_]{2,}")
LETTER, NAMED = re.compile(r"[^\W\d_]"), re.compile(r"[0-9:<>\[\]|]|   |\t")  # ed>
DIGITS = re.compile(r"[0-9]+")
OPENING, CLOSING, INNER = "([{<", ")]}>", "!?'`="  # no prefix ends with these
ENDINGS = '"#%()[]{<*-/:;@|~ \t'  # what lines may end with beside their text
POINTS = ".,"  # nor with these, unless there is one word before
LISTED = re.compile(r"[ \t]*(?:[-+*](?=[ \t])|\(?\w{1,3}[.)])[ \t]*\Z")  # -, a), (12)
LONGEST = 120  # characters of a line that may be such a prefix
BAR = "|"  # that of a table has one at the other end, and stays
LINES = 3  # that have a shape in common; one less if they differ in numbers alone
RICH = 1  # marks before the last one; they are worth a line
FIELDS = 16  # of a prefix, at most
NAME, MOST = 3, 6  # words between two marks, without a digit and with one
WORDS = 2  # behind a prefix, in the mean of its lines


class Field(NamedTuple):
    """What stands to a mark in a line, and must be so in others, or have its shape."""

    same: str  # up to numbers
    shape: str
    end: int
    is_last: bool  # whether a prefix may end here


def list_bare_lines(text: str) -> list[str]:
    r"""The lines of `text` that begin or end with what those beside them do, without.

    It differs in numbers alone; or it has but the same shape, in three lines at least.

    >>> list_bare_lines("[9:01] <ed> Find the sum\n[9:02] <ed> of all odd dogs.")
    ['Find the sum', 'of all odd dogs.']
    """
    lines = text.split("\n")
    bare = _leave_out(_leave_out(lines, is_same=True), is_same=False)
    pairs = zip(bare, lines, strict=True)
    return [line for line, before in pairs if line != before]


def _leave_out(lines: list[str], *, is_same: bool) -> list[str]:
    if any(GAP.search(line, 0, LONGEST) for line in lines):
        lines = _strip(lines, _read_column, is_same)
    lines = _strip(lines, partial(_read_fields, OPENING), is_same)
    if sum(line[-1:] in ENDINGS for line in lines if line) < 2:
        return lines
    turned = [line[::-1] for line in lines]
    turned = _strip(turned, partial(_read_fields, CLOSING), is_same)
    return [line[::-1] for line in turned]


def _strip(
    lines: list[str], read: Callable[[str, int], list[Field]], is_same: bool
) -> list[str]:
    """`lines` less their prefixes, as `read` reads them: `is_same`, or of one shape."""
    out, stretch, shared = [*lines], dict[int, list[Field]](), list[Field]()
    full = [place for place, line in enumerate(lines) if line and not line.isspace()]
    firsts = [read(lines[place][:LONGEST], 1) for place in full]
    shapes = ["", *(first[0][not is_same] if first else "" for first in firsts), ""]
    if not any(a and a == b for a, b in pairwise(shapes)):
        return out
    fields = [
        read(lines[place][:LONGEST], FIELDS)
        if shapes[at + 1] and shapes[at + 1] in (shapes[at], shapes[at + 2])
        else []
        for at, place in enumerate(full)
    ]
    for place, own, after in zip(full, fields, [*fields[1:], []], strict=False):
        both = _share(shared, own, is_same)
        # A head that happens to begin alike is no line of the stretch.
        is_head = len(stretch) == 1 and len(_share(own, after, is_same)) > 2 * len(both)
        if not both or is_head or (len(both) < len(shared) and len(stretch) > LINES):
            _cut(stretch, shared, out, LINES - is_same)
            stretch, both = {}, own
        stretch[place], shared = own, both
    _cut(stretch, shared, out, LINES - is_same)
    return out


def _share(left: list[Field], right: list[Field], is_same: bool) -> list[Field]:
    """What two lines begin with alike, up to where a prefix may end."""
    both, last = list[Field](), 0
    for a, b in zip(left, right, strict=False):
        if a[not is_same] != b[not is_same]:
            break
        both.append(b._replace(is_last=a.is_last and b.is_last))
        last = len(both) if both[-1].is_last else last
    return both[:last]


@lru_cache(1 << 10)  # the lines of a text are read more than once
def _read_fields(inner: str, line: str, most: int) -> list[Field]:
    """The marks that `line` begins with, as long as few words are between them.

    A prefix does not end with a mark of `inner`.
    """
    fields, at = list[Field](), 0
    while len(fields) < most and (found := FIELD.match(line, at)):
        words, mark = found["words"].split(), found["mark"]
        if len(words) > NAME and (
            len(words) > MOST or sum(map(str.isalpha, words)) > NAME
        ):
            break
        ends = len(words) == 1 if mark[0] in POINTS else mark[0] not in inner + INNER
        ends &= inner == OPENING or bool(found["blank"]) or len(mark) > 1
        at, same = found.end(), DIGITS.sub("0", found[0].strip())
        fields.append(Field(same, " " * (not words) + mark, at, ends))
    return fields


def _read_column(line: str, _: int) -> list[Field]:
    """The words that `line` begins with, if there is a gap behind them."""
    if not (found := COLUMN.match(line)):
        return []
    same = DIGITS.sub("0", found[0].strip())
    return [Field(same, "\t", found.end(), is_last=True)]


def _cut(
    stretch: dict[int, list[Field]], shared: list[Field], out: list[str], least: int
) -> None:
    """Take from lines of `out` what those of a `stretch` share, if words are behind."""
    if len(stretch) < 2 or not shared or len(stretch) + (len(shared) > RICH) < least:
        return
    ends = {place: fields[len(shared) - 1].end for place, fields in stretch.items()}
    words = sum(len(WORD.findall(out[place], end)) for place, end in ends.items())
    first, end = next(iter(ends.items()))
    prefix, rest = out[first][:end], out[first][end:]
    is_prose = LETTER.search(prefix) and not NAMED.search(prefix)
    is_cell = prefix.strip() == BAR and rest.rstrip().endswith(BAR)
    opens_tag = prefix.count("<") > prefix.count(">")
    is_kept = is_prose or is_cell or opens_tag or LISTED.match(prefix)
    if words >= WORDS * len(ends) and not is_kept:
        for place, end in ends.items():
            out[place] = out[place][end:]
