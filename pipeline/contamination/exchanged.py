"""What stands in the place of something else where a text follows an item.

Sums of what two texts share see neither that $x+5$ became $x-5$ nor that the same scene
is asked about green in the place of yellow. So a text is laid beside the item, token by
token, and what was put in the place of what is looked at, between tokens that agree.
What has only moved is no change: `arrangement` looks at that.
"""

from collections import Counter
from difflib import Match, SequenceMatcher
from functools import cache, cached_property
from itertools import pairwise, product, takewhile
from typing import NamedTuple

from pipeline.contamination.items import Part, fillers
from pipeline.kernels.item_entities import PERSON
from pipeline.kernels.latex_vocabulary import NUMBER, SIGN, token_code
from pipeline.kernels.wording import LIGHT, negating_prefixes

FEW, FORMULA = 4, 16  # tokens that may stand for others, and those of a formula
ANCHOR = 2  # tokens that agree, beside what is exchanged
LEAST, ENOUGH = 3, 2  # words of a question, of which one in so many must be there
WHOLE, ENDING = 4, 3  # letters of a word, and those that its forms end with
ORDINAL = "nd", "rd", "th"  # "double" may be "twice"
KIND = 1 << 16  # meanings of words of one kind, such as units, are above
AND = token_code("and")
# Signs that are layout where they stand: a tie, a full stop, a question mark.
LOOSE = frozenset(token_code(sign) for sign in "~.?:;,\\_()[]{}")
STOPS = frozenset(".?:;")  # a sign behind one begins an item of a list
SUMS = frozenset(token_code(sign) for sign in "+-")


class Change(NamedTuple):
    """A stretch of the item, and what stands in its place in the part."""

    first: int
    last: int
    begin: int
    end: int

    def is_within(self, most: int) -> bool:
        return self.last - self.first <= most and self.end - self.begin <= most


class Alignment:
    """A part of a text beside an item, token by token."""

    def __init__(self, part: Part, item: Part) -> None:
        self.part, self.item = part, item
        self.ours, self.theirs = part.codes.tolist(), item.codes.tolist()
        self.blocks = find_blocks(self.theirs, self.ours)

    @cached_property
    def changes(self) -> list[Change]:
        """What differs between tokens that agree; and at the end, if it is little."""
        changes = [
            Change(left.a + left.size, right.a, left.b + left.size, right.b)
            for left, right in pairwise(self.blocks)
            if min(left.size, right.size) >= ANCHOR or left.size + right.size > FEW
        ]
        for last in self.blocks[-1:]:
            a, b = last.a + last.size, last.b + last.size
            size = len(self.theirs) - a
            if 0 < size <= FEW and b < len(self.ours):
                changes.append(Change(a, a + size, b, min(len(self.ours), b + size)))
        return changes

    @cached_property
    def moved_codes(self) -> set[int]:
        """Tokens that are gone in one place and new in another, beside a neighbour."""
        gone, new = set(range(len(self.theirs))), set(range(len(self.ours)))
        for block in self.blocks:
            gone.difference_update(range(block.a, block.a + block.size))
            new.difference_update(range(block.b, block.b + block.size))
        there = {pair for at in gone for pair in _neighbours(self.theirs, at)}
        return {
            self.ours[at]
            for at in new
            if any(pair in there for pair in _neighbours(self.ours, at))
        }

    @cached_property
    def shared_codes(self) -> set[int]:
        """Tokens that stand in both at one place at least."""
        return {
            code
            for block in self.blocks
            for code in self.theirs[block.a : block.a + block.size]
        }

    def breaks_line(self, change: Change) -> bool:
        """Whether a line begins there: its sign or number may be that of a list."""
        starts, stops = self.part.starts, self.part.stops
        first = stops[change.begin - 1] if change.begin else 0
        last = starts[change.end] if change.end < len(starts) else len(self.part.text)
        return b"\n" in self.part.text[first:last]

    def list_new(self, change: Change) -> tuple[list[int], list[int]]:
        """The places of what is gone in the item, and of what is new in the part."""
        return (
            [
                at
                for at in range(*change[:2])
                if self.theirs[at] not in self.moved_codes
            ],
            [at for at in range(*change[2:]) if self.ours[at] not in self.moved_codes],
        )


def find_blocks(left: list[int], right: list[int]) -> list[Match]:
    """Where two lists agree, in order; they mostly begin and end alike."""
    most, begin, end = min(len(left), len(right)), 0, 0
    while begin < most and left[begin] == right[begin]:
        begin += 1
    while end < most - begin and left[-1 - end] == right[-1 - end]:
        end += 1
    middle = left[begin : len(left) - end], right[begin : len(right) - end]
    found = SequenceMatcher(None, *middle, autojunk=False).get_matching_blocks()
    blocks = [Match(0, 0, begin)]
    blocks += [Match(a + begin, b + begin, size) for a, b, size in found]
    blocks += [Match(len(left) - end, len(right) - end, end)]
    return [block for block in blocks if block.size]


def _neighbours(codes: list[int], at: int) -> list[tuple[int, int, int]]:
    """The token at `at` with the one before it, and with the one behind it."""
    before = [(0, codes[at], codes[at - 1])] if at else []
    behind = [(1, codes[at], codes[at + 1])] if at + 1 < len(codes) else []
    return before + behind


def is_exchanged(part: Part, item: Part) -> bool:
    """Whether something of the item gave way to what makes another problem of it."""
    both = Alignment(part, item)
    return _asks_else(both) or any(
        (change.is_within(FORMULA) and _changes_formula(both, change))
        or (
            change.is_within(FEW)
            and (_turns(both, change) or _asks_other(both, change))
        )
        for change in both.changes
    )


def _turns(both: Alignment, change: Change) -> bool:
    """Whether words of other meanings stand for each other, or a negation is new."""
    there, here = both.list_new(change)
    gone, new = (
        Counter(both.item.turns[there].tolist()),
        Counter(both.part.turns[here].tolist()),
    )
    gone, new = gone - new, new - gone
    del gone[0], new[0]
    if gone and new:
        return True
    if change.last < len(both.theirs) and any(turn < 0 for turn in (*gone, *new)):
        return True
    if not len(there) == len(here) == 1:
        return False
    if gone or new:  # for a number, "first" and "third", or a filler, "Monday" and "on"
        kinds = int(both.item.kinds[there[0]]), int(both.part.kinds[here[0]])
        codes = both.theirs[there[0]], both.ours[here[0]]
        is_filler = max([*gone, *new]) > KIND and any(
            code in fillers() and code != PERSON for code in codes
        )
        words = both.item.words(there) + both.part.words(here)
        is_ordinal = any(word.endswith(ORDINAL) for word in words)
        if (NUMBER in kinds and is_ordinal) or is_filler:
            return True
    # A unit of one letter is no word: 36 km, 36 m.
    if both.part.is_letter[here[0]] or both.item.is_letter[there[0]]:
        return any(turn > KIND for turn in (*gone, *new))
    short, long = sorted(both.item.words(there) + both.part.words(here), key=len)
    before = long.lower().removesuffix(short.lower())
    return len(short) >= WHOLE and before in _prefixes()


@cache
def _prefixes() -> frozenset[str]:
    """Those that make the opposite of a word: like, dislike."""
    rows = negating_prefixes()
    return frozenset(bytes(row).rstrip(b"\0").decode() for row in rows) - {"a"}


def _changes_formula(both: Alignment, change: Change) -> bool:
    """Whether numbers, signs or variables of a formula stand for others."""
    there, here = both.list_new(change)
    if not there or not here:
        if not 0 < change.begin <= change.end < len(both.ours):
            return False
        is_only = len(both.changes) == 1 and not both.breaks_line(change)
        return is_only and (_adds_sign(both.item, there) or _adds_sign(both.part, here))
    others, ours = _formula(both.item, there), _formula(both.part, here)
    if others is None or ours is None:
        return False
    if ours[0] != others[0]:
        return True
    if len(there) != len(here):
        return False
    if ours[1] != others[1]:
        return True
    # Another letter throughout is another name of one variable.
    known, pairs = set(both.theirs), zip(there, here, strict=True)
    named = ((both.theirs[a], both.ours[b]) for a, b in pairs)
    return any(a != b and (a in both.shared_codes or b in known) for a, b in named)


def _adds_sign(part: Part, places: list[int]) -> bool:
    """Whether nothing but a plus or a minus is added, amid a formula."""
    if len(places) != 1 or int(part.codes[places[0]]) not in SUMS:
        return False
    before, behind = places[0] - 1, places[0] + 1
    if before < 0 or behind >= part.stem or part.words([before])[0] in STOPS:
        return False
    return _formula(part, [before, behind]) is not None


def _formula(part: Part, places: list[int]) -> tuple[Counter[int], Counter[int]] | None:
    """Numbers and signs of a stretch; None where words are in it."""
    kinds, codes = part.kinds[places], part.codes[places]
    is_word = (kinds != NUMBER) & (kinds != SIGN) & ~part.is_letter[places]
    words = part.words([at for at, word in zip(places, is_word, strict=True) if word])
    if not all(word.startswith("\\") for word in words):
        return None
    signs = Counter(code for code in codes[kinds == SIGN].tolist() if code not in LOOSE)
    return Counter(codes[kinds == NUMBER].tolist()), signs


def _asks_other(both: Alignment, change: Change) -> bool:
    """Whether the question names something else of the item, or less of it."""
    asks, asked = both.item.question
    if not asks < change.first <= change.last <= asked:
        return False
    there, here = both.list_new(change)
    gone, new = both.item.content(there), both.part.content(here)
    added = new - gone
    if added and added <= set(both.theirs) and not _is_inflected(both, there, here):
        return True
    theirs, ours = (
        both.theirs[change.first : change.last],
        both.ours[change.begin : change.end],
    )
    turns = {*both.part.turns[here].tolist()} - {0, *both.item.turns[there].tolist()}
    has_person = PERSON in ours and PERSON not in theirs
    if there:  # in the place of other words; a turn is another word for one of them
        is_other = NUMBER in both.item.kinds[there] or gone <= set(both.ours)
        turns = {turn for turn in turns if not turn & LIGHT}  # in total, together
        adds = (has_person and is_other) or (turns and len(there) + len(here) > 2)
    else:
        adds = turns or NUMBER in both.part.kinds[here]
        adds = adds and len(here) == 1 and not both.breaks_line(change)
    if adds or (AND in ours and not gone and (added or has_person)):
        return True
    return AND in theirs and not new and bool(gone & set(both.theirs[:asks]))


def _is_inflected(both: Alignment, there: list[int], here: list[int]) -> bool:
    """Whether the words are forms of one, as "dumpling", "dumplings" and "DUMPLING"."""
    pairs = product(both.item.words(there), both.part.words(here))
    return any(_are_forms(a.lower(), b.lower()) for a, b in pairs)


def _are_forms(left: str, right: str) -> bool:
    ending = max(len(left), len(right)) - _count_same(left, right)
    return ending == 0 or (min(len(left), len(right)) >= WHOLE and ending <= ENDING)


def _count_same(left: str, right: str) -> int:
    """How many letters two words begin with alike."""
    pairs = zip(left, right, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _asks_else(both: Alignment) -> bool:
    """Whether next to nothing of the item's question is there.

    A text that ends within the question asks for nothing else.
    """
    first, end = both.item.question
    for last in both.blocks[-1:]:
        if last.b + last.size == len(both.ours):
            end = min(end, last.a + last.size)
    asked = both.item.content(range(first, end))
    there = asked.intersection(both.ours)
    return len(asked) >= LEAST and ENOUGH * len(there) < len(asked)
