"""What each line of a stretch begins and ends with, put there by what it stands in.

A comment begins its lines with a sign, a log with a time and a name, subtitles with a
time, a table or a quotation with a bar; a spoiler has bars at both ends. Whatever it
is, lines beside each other have it in common but for its numbers, and words follow.
"""

import re
from itertools import groupby, pairwise

DIGITS = re.compile(r"[0-9]+")
WORD = re.compile(r"[^\W\d_]{2,}")
# A sign, with what may stand behind it; signs of formulas and lists begin no prefix.
PREFIX = re.compile(r"[ \t]*(?![-+*&({\[]?[ \t])(?:[^\\$]*[^\w\s\\$&\"'(]+[ \t]*)?")
LETTER, NAMES = re.compile(r"[^\W\d_]"), re.compile(r"[0-9:<>\[\]|]")  # ed>, log:
PROSE = re.compile(r"[^\W\d_]{2,} [^\W\d_]{2,}|\A\s*[a-z]")
SUFFIX = re.compile(r"[^\w\s.?!,;:$\\)\]}]{2,}[ \t]*\Z")
LONGEST = 120  # characters of a line that may be such a prefix
BAR = "|"
WORDS = 2  # behind a prefix, in the mean of its lines


def leave_out_prefixes(text: str) -> str:
    r"""`text` less what lines beside each other begin and end with.

    >>> leave_out_prefixes("[9:01] <ed> Find the sum\n[9:02] <ed> of all odd dogs.")
    'Find the sum\nof all odd dogs.'
    """
    lines = text.split("\n")
    begins = "\n".join(line[:LONGEST] for line in lines)
    masks = DIGITS.sub("0", begins).split("\n")
    shared = [""]
    for a, b in pairwise(masks):
        shared.append(_find_prefix([a, b]) if a[:2] == b[:2] else "")
    # A line is of the stretch before it while the prefix is the same.
    stretches = [0]
    for before, here in pairwise(shared):
        goes_on = here and before in ("", here)
        stretches.append(stretches[-1] + (not goes_on))
    out = list[str]()
    for _, places in groupby(range(len(lines)), key=stretches.__getitem__):
        out += _strip([*places], lines, masks)
    return "\n".join(out)


def _find_prefix(masks: list[str]) -> str:
    first, last = min(masks), max(masks)  # what these share, all do
    size = next(
        (at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b),
        min(len(first), len(last)),
    )
    found = PREFIX.match(first[:size])
    prefix = found[0] if found else ""
    opens_tag = prefix.count("<") > prefix.count(">")
    is_prose = LETTER.search(prefix) and (
        not NAMES.search(prefix) or PROSE.search(prefix)
    )
    if prefix.isspace() or opens_tag or is_prose:
        return ""
    return prefix


def _strip(places: list[int], lines: list[str], masks: list[str]) -> list[str]:
    """The lines at `places`, without their prefix if words are behind it."""
    whole = [lines[place] for place in places]
    if len(whole) < 2:  # most stretches of a long text
        return whole
    prefix = _find_prefix([masks[place] for place in places])
    if not prefix:
        return whole
    if prefix.strip() == BAR and whole[0].rstrip().endswith(BAR):  # a table
        return whole
    pattern = re.escape(prefix).replace("0", "[0-9]+")
    rest = [re.sub(rf"\A{pattern}", "", line) for line in whole]
    if sum(len(WORD.findall(line)) for line in rest) < WORDS * len(rest):
        return whole
    ends = {found[0].strip() if (found := SUFFIX.search(line)) else "" for line in rest}
    return [SUFFIX.sub("", line) for line in rest] if len(ends) == 1 else rest
