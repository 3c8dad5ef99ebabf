"""What differs between two texts that are nearly the same, and how much it weighs.

The words of a pair are aligned (longest common subsequence, Wagner and Fischer, 1974).
What has no partner is judged by the lists of `wording`: a word that turns the problem
round on one side only, a person's or a variable's name that stands for another all
through, words moved elsewhere, other words, or nothing but articles and spelling.
"""

import numpy as np
from numpy import uint8, uint64

from pipeline.kernels.alignment import align, is_one_to_one
from pipeline.kernels.edit_rest import (
    EQUAL,
    PARTIAL,
    RENAMED,
    TURNED,
    is_renamed,
    judge_rest,
    judge_turns,
)
from pipeline.kernels.edit_words import (
    ENTITY,
    GONE,
    NONE,
    PERSON,
    QUANTITY,
    VARIABLE,
    fill_roles,
    read_words,
)
from pipeline.kernels.names import Names
from pipeline.kernels.relations import has_capital
from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.spelling import (
    is_opposite,
    is_same_product,
    is_variant,
    joins_to,
)
from pipeline.kernels.variables import (
    are_other_in_case,
    is_in_capitals,
    is_in_small,
)
from pipeline.kernels.wording import FILLER, TURN, Wording

ANY = 0  # no letter: whether there is one


@compiled
def judge_edits(
    data: Array, begins: Array, finishes: Array, codes: Array, kinds: Array,
    ends: Array, starts: Array, stops: Array, wording: Wording, names: Names,
    prefixes: Array, pairs: Array, agree: Array, partial: bool,
) -> Array:  # fmt: skip
    """What differs in the words of text 2 * i and the next, for each i of `pairs`.

    uint8, TURNED to EQUAL. The tokens are those of `Tokens`, with spans; text i is in
    `data` from `begins[i]` to `finishes[i]`. If the tokens are a `partial` reading, of
    what differs, PARTIAL is for those that need all. Numbers and signs are not compared
    here: whether they `agree` (bool), for each of `pairs`, is known.
    """
    out = np.zeros(len(pairs), uint8)
    total, room = 0, 0
    for pair in pairs:
        for text in (2 * pair, 2 * pair + 1):
            total += ends[text + 1] - ends[text]
            room = max(room, ends[text + 1] - ends[text])
    # Words of all pairs, one text after the other: where each text's begin.
    words = np.zeros(2 * len(pairs) + 1, np.int64)
    place, partner = np.empty(total, np.int64), np.empty(total, np.int64)
    first, last = np.empty(total, np.int64), np.empty(total, np.int64)
    identity, role = np.empty(total, uint64), np.empty(total, uint8)
    meaning = np.empty(total, np.int64)
    for number in range(len(pairs)):
        left, right = 2 * pairs[number], 2 * pairs[number] + 1
        in_capitals, in_small = False, False
        if has_capital(
            data, begins[left], ends[left], ends[left + 1], starts, stops
        ) or has_capital(
            data, begins[right], ends[right], ends[right + 1], starts, stops
        ):
            for text in (left, right):
                in_capitals |= is_in_capitals(data, begins[text], finishes[text])
                in_small |= is_in_small(data, begins[text], finishes[text])
        for side in range(2):
            text, used = left + side, words[2 * number + side]
            words[2 * number + side + 1] = used + read_words(
                data, begins[text], finishes[text], codes, kinds, ends[text],
                ends[text + 1], starts, stops, place[used:], identity[used:],
                first[used:], last[used:], in_capitals, in_small,
            )  # fmt: skip
        begin, middle, end = words[2 * number : 2 * number + 3]
        if align(
            identity[begin:middle], identity[middle:end], partner[begin:middle],
            partner[middle:end],
        ):  # fmt: skip
            out[number] = EQUAL
    fill_roles(
        data, begins, finishes, codes, kinds, ends, starts, stops, pairs, words, place,
        first, last, partner, wording, names, role, meaning,
    )  # fmt: skip
    identities, partners = np.empty((2, room), uint64), np.empty((2, room), np.int64)
    roles, meanings = np.empty((2, room), uint8), np.empty((2, room), np.int64)
    firsts, lasts = np.empty((2, room), np.int64), np.empty((2, room), np.int64)
    sizes, letters = np.zeros(2, np.int64), np.zeros(256, uint8)
    turns, rest = np.empty((2, 3, room), np.int64), np.empty((2, room), uint64)
    for number in range(len(pairs)):
        if out[number] == EQUAL:
            continue
        for side in range(2):
            begin = words[2 * number + side]
            sizes[side] = words[2 * number + side + 1] - begin
            for word in range(sizes[side]):
                identities[side, word] = identity[begin + word]
                partners[side, word] = partner[begin + word]
                roles[side, word] = role[begin + word]
                meanings[side, word] = meaning[begin + word]
                firsts[side, word] = first[begin + word]
                lasts[side, word] = last[begin + word]
        out[number] = _judge(
            data, identities, roles, meanings, firsts, lasts, partners, sizes, prefixes,
            letters, turns, rest, agree[number], partial,
        )  # fmt: skip
    return out


@compiled
def _judge(
    data: Array, identity: Array, role: Array, meaning: Array, first: Array,
    last: Array, partner: Array, sizes: Array, prefixes: Array, letters: Array,
    turns: Array, rest: Array, agree: bool, partial: bool,
) -> int:  # fmt: skip
    """TURNED to EQUAL, or PARTIAL, from the words that have no partner.

    `letters`, of the left variable the right one, is zeros; it, `turns` and `rest` are
    room for work.
    """
    level = EQUAL
    for attempt in range(2):  # products of variables come after the variables
        if attempt == 1 and not letters[ANY]:
            break
        i, j = 0, 0
        while i < sizes[0] or j < sizes[1]:
            begin, other_begin = i, j
            while i < sizes[0] and partner[0, i] < 0:
                i += 1
            while j < sizes[1] and partner[1, j] < 0:
                j += 1
            if i > begin and j > other_begin:
                found = _pair_up(
                    data, role, meaning, first, last, partner, begin, i,
                    other_begin, j, prefixes, letters, attempt == 1,
                )  # fmt: skip
                level = min(level, found)
            i, j = i + 1, j + 1
    if letters[ANY]:
        letters[:] = 0
    if level != TURNED:
        found = judge_turns(identity, role, meaning, partner, sizes, agree, turns)
        level = min(level, found)
    if level == TURNED:
        return TURNED
    if partial and is_renamed(identity, partner, sizes):
        return PARTIAL
    if not is_one_to_one(identity, role, partner, sizes):
        return TURNED
    return min(level, judge_rest(identity, role, partner, sizes, rest))


@compiled
def _pair_up(
    data: Array, role: Array, meaning: Array, first: Array, last: Array,
    partner: Array, begin: int, end: int, other_begin: int, other_end: int,
    prefixes: Array, letters: Array, products: bool,
) -> int:  # fmt: skip
    """Give partners to words of two runs that have none; what that says of the texts.

    Words of one meaning and names of one kind are partners. If words of both sides are
    left that must be partners, the text says something else.
    """
    level = EQUAL
    for i in range(begin, end):
        for j in range(other_begin, other_end):
            if partner[0, i] != NONE:
                break
            if partner[1, j] != NONE or QUANTITY in (role[0, i], role[1, j]):
                continue
            what, other = role[0, i], role[1, j]
            here, stop = first[0, i], last[0, i]
            there, other_stop = first[1, j], last[1, j]
            if products:
                if is_same_product(data, here, stop, there, other_stop, letters):
                    partner[0, i], partner[1, j] = GONE, GONE
                    level = min(level, RENAMED)
            elif what == other == VARIABLE or (
                what in (PERSON, ENTITY)
                and other in (PERSON, ENTITY)
                and PERSON in (what, other)
            ):
                partner[0, i], partner[1, j] = j, i
                level = min(level, RENAMED)
                if what == VARIABLE and stop - here == other_stop - there == 1:
                    letters[data[here]], letters[ANY] = data[there], 1
            elif what == other == TURN and meaning[0, i] == meaning[1, j]:
                partner[0, i], partner[1, j] = GONE, GONE  # largest, greatest
            elif what in (TURN, FILLER) and other in (TURN, FILLER):
                continue
            elif _is_joined(data, first, last, partner, 0, i, end, there, other_stop):
                partner[1, j] = GONE  # "some thing", and d x
            elif _is_joined(data, first, last, partner, 1, j, other_end, here, stop):
                partner[0, i] = GONE
            elif VARIABLE in (what, other):
                continue
            elif are_other_in_case(data, here, stop, there, other_stop):
                return TURNED
            elif is_variant(data, here, stop, there, other_stop):
                partner[0, i], partner[1, j] = GONE, GONE
            elif what == other == ENTITY or is_opposite(
                data, here, stop, there, other_stop, prefixes
            ):
                return TURNED
    return level


@compiled
def _is_joined(
    data: Array, first: Array, last: Array, partner: Array, side: int, word: int,
    end: int, start: int, stop: int,
) -> bool:  # fmt: skip
    """Whether a word and the one behind it are one word of the other text."""
    if word + 1 >= end or partner[side, word + 1] != NONE:
        return False
    if not joins_to(
        data, first[side, word], last[side, word], first[side, word + 1],
        last[side, word + 1], start, stop,
    ):  # fmt: skip
        return False
    partner[side, word], partner[side, word + 1] = GONE, GONE
    return True
