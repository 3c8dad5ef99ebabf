r"""Are two near copies one problem, or two problems of one template?

"Tom has 3 apples" and "Tom has 4 apples" share nearly all their words, and so do "how
many play" and "how many do not play": any measure of similarity takes them for copies.
They are siblings: good data, each with an answer of its own. So a near pair is one
problem only if its numbers, operators, relation signs and needed brackets agree, one
after the other, however they are spelt (`\frac12` is 1/2, "twelve" is 12), and if what
differs in its words says nothing. Where it may say something, the answers decide: two
problems seldom share a rare one.
"""

import re

import numpy as np
import polars as pl

from pipeline.dedup.answers import are_rare, find_equal_values, tell
from pipeline.dedup.changes import compare_texts
from pipeline.dedup.options import have_same_options
from pipeline.dedup.pairs import Array, Pairs
from pipeline.dedup.programs import have_same_programs
from pipeline.dedup.respellings import may_misread, respell_pairs
from pipeline.kernels.shards import map_threads, split_shards

# Below this similarity, another answer means another problem: word puzzles of one
# template differ in words, and have no numbers to tell them apart.
DISPUTED_FROM = 0.9


def classify_pairs(
    rows: pl.DataFrame,
    pairs: Pairs,
    *,
    guard: bool,
    texts: pl.Series | None = None,
    complete: bool = False,
) -> Array:
    """What each pair is, uint8: SIBLING, COPY or OTHER_ANSWER of `kernels.relations`.

    Numbers, signs and needed brackets agree in order, and the words do but for
    articles and spelling: a copy, or one problem with two answers. With other names,
    or with words moved, a copy if the answers agree; names may have none. With other
    words, or numbers beside, only if the answer that agrees is rare. Without `guard`,
    all are one problem. `texts` are the problems without layout, if they are at hand.
    Where the pairs are `complete`, those that can send no row away are siblings.
    """
    from pipeline.kernels.answer_codes import answer_codes
    from pipeline.kernels.relations import COPY, OTHER_ANSWER, SIBLING

    rows, first, second = _rows_of(rows, pairs.first, pairs.second, texts)
    answers = answer_codes(rows["answer"])
    is_known = (answers[first] != 0) & (answers[second] != 0)
    same = is_known & (answers[first] == answers[second])
    if not guard:
        return np.where(is_known & ~same, OTHER_ANSWER, COPY).astype(np.uint8)
    differ = is_known & ~same
    equal = np.zeros(len(first), bool)
    equal[differ] = find_equal_values(rows["answer"], first[differ], second[differ])
    # Of the others with another answer the words are not read: they are siblings.
    asked = ~differ | equal | (pairs.score >= DISPUTED_FROM)
    relation = np.full(len(first), SIBLING, np.uint8)
    stays = np.full(rows.height, complete)  # what has no earlier row near to it
    stays[second] = False
    matters = np.ones(len(first), bool)
    for part in _split_rounds(asked, stays[first]):
        part &= matters
        relation[part] = _judge_words(
            rows, first[part], second[part], pairs.score[part], is_known[part],
            same[part], equal[part],
        )  # fmt: skip
        # What copies a row that stays goes: neither what is near to it, nor what it is
        # less near to, need be looked at.
        copies = (relation == COPY) & stays[first]
        copied = np.zeros(rows.height)
        np.maximum.at(copied, second[copies], pairs.score[copies])
        matters = (copied[first] == 0) & (pairs.score > copied[second])
    siblings = np.flatnonzero((relation == SIBLING) & matters)
    sorted_ = have_same_options(rows, first[siblings], second[siblings])
    relation[siblings[sorted_]] = COPY
    siblings = siblings[(~differ | equal)[siblings] & ~sorted_]
    said = (first, second, pairs.score, is_known, same, equal)
    relation[siblings] = _judge_respelt(rows, *(part[siblings] for part in said))
    return relation


def _judge_respelt(
    rows: pl.DataFrame, first: Array, second: Array, score: Array, is_known: Array,
    same: Array, equal: Array,
) -> Array:  # fmt: skip
    """As `_judge_words`, of pairs whose texts can be written alike, else SIBLING."""
    from pipeline.kernels.layout import strip_layout
    from pipeline.kernels.relations import SIBLING

    relation = np.full(len(first), SIBLING, np.uint8)
    asked, texts = respell_pairs(rows["problem"], first, second, same | equal)
    if len(asked):
        sides = np.stack([first[asked], second[asked]], 1).ravel()
        respelt, problem = rows.select("answer")[sides], pl.Series(texts)
        respelt = respelt.with_columns(problem=problem, text=strip_layout(problem))
        said = (part[asked] for part in (score, is_known, same, equal))
        even = np.arange(0, len(texts), 2)
        relation[asked] = _judge_words(respelt, even, even + 1, *said)
    return relation


def _split_rounds(asked: Array, early: Array) -> list[Array]:
    """The pairs `asked` for: `early` ones, and those that may be settled by these.

    All in one round where there are few of the latter.
    """
    late = asked & ~early
    worth = early.any() and 8 * late.sum() > asked.sum()
    return [asked & early, late] if worth else [asked]


def _judge_words(
    rows: pl.DataFrame, first: Array, second: Array, score: Array, is_known: Array,
    same: Array, equal: Array,
) -> Array:  # fmt: skip
    """As `classify_pairs`, by what differs in the words.

    Answers are all there where `is_known`, written alike where `same`, and one number
    where `equal`.
    """
    from pipeline.kernels.edit_rest import EQUAL, MOVED, PHRASED, RENAMED, REWORDED
    from pipeline.kernels.relations import COPY, OTHER_ANSWER, SIBLING

    change = compare_texts(rows["text"], first, second, same)
    same = same | equal
    vouched = same & ((change == REWORDED) | (change == PHRASED))
    answers = rows["answer"].gather(first[vouched])
    is_enough = np.where(change[vouched] == REWORDED, are_rare(answers), tell(answers))
    vouched[vouched] = is_enough
    least = np.where(is_known, EQUAL, RENAMED)
    least[same] = MOVED
    least[vouched] = REWORDED
    relation = np.where(change >= least, COPY, SIBLING).astype(np.uint8)
    relation[is_known & ~same] = SIBLING
    disputed = is_known & ~same & (change == EQUAL) & (score >= DISPUTED_FROM)
    disputed[disputed] = say_much(rows["problem"].gather(first[disputed]))
    disputed[disputed] = ~may_misread(
        rows["problem"], first[disputed], second[disputed]
    )
    relation[disputed] = OTHER_ANSWER
    bare = ~is_known & (relation == COPY)  # "Find x.", and nothing vouches for it
    misread = bare.copy()
    misread[bare] = may_misread(rows["problem"], first[bare], second[bare])
    relation[misread] = SIBLING
    bare &= ~misread
    problems = [rows["problem"].gather(side[bare]) for side in (first, second)]
    bare[bare] = (problems[0] != problems[1]).to_numpy() & ~say_much(problems[0])
    relation[bare] = SIBLING
    one = np.flatnonzero(relation != SIBLING)
    differ = ~have_same_programs(rows["problem"], first[one], second[one])
    relation[one[differ]] = SIBLING
    return relation


def all_agree(
    rows: pl.DataFrame, first: Array, second: Array, texts: pl.Series | None = None
) -> Array:
    """Whether all that counts, and the answers, of pairs of `rows` agree (bool)."""
    from pipeline.kernels.answer_codes import answer_codes
    from pipeline.kernels.edit_rest import EQUAL

    rows, first, second = _rows_of(rows, first, second, texts)
    never = np.zeros(len(first), bool)
    agree = compare_texts(rows["text"], first, second, never) == EQUAL
    agree[agree] = have_same_programs(rows["problem"], first[agree], second[agree])
    agree[agree] = ~may_misread(rows["problem"], first[agree], second[agree])
    left, right = (rows["answer"].gather(side) for side in (first, second))
    same = left.eq_missing(right).to_numpy().copy()
    codes = answer_codes(pl.concat([left.filter(~same), right.filter(~same)]))
    same[~same] = np.equal(*np.split(codes, 2))
    return np.asarray(agree & same)


def _rows_of(
    rows: pl.DataFrame, first: Array, second: Array, texts: pl.Series | None
) -> tuple[pl.DataFrame, Array, Array]:
    """(problem, answer, text) of the rows in pairs; the pairs as places among them."""
    from pipeline.kernels.layout import strip_layout

    involved = np.zeros(rows.height, bool)
    involved[first] = involved[second] = True
    number = np.cumsum(involved) - 1
    which = pl.Series(involved)
    rows = rows.select("problem", "answer").filter(which)
    text = strip_layout(rows["problem"]) if texts is None else texts.filter(which)
    return rows.with_columns(text=text), number[first], number[second]


def hash_quantities(text: pl.Series) -> Array:
    """A uint64 for the numbers and signs of each text, in order.

    >>> left, right = hash_quantities(pl.Series(["$3 × x > 1,200$", "3*x>1200"]))
    >>> bool(left == right)
    True
    """
    from pipeline.kernels.latex_tokens import tokenise
    from pipeline.kernels.relations import quantity_hash

    tokens = tokenise(text)
    return quantity_hash(tokens.codes, tokens.kinds, tokens.ends, False, False)


def hash_variables(text: pl.Series) -> Array:
    """A uint64 for the variables of each text, in order and in their case."""
    from pipeline.kernels.characters import plain_text
    from pipeline.kernels.latex_tokens import tokenise_ranges
    from pipeline.kernels.shards import text_bytes
    from pipeline.kernels.variables import variables_hash

    def hash_part(part: pl.Series) -> Array:
        data, offsets = text_bytes(plain_text(part))
        tokens = tokenise_ranges(data, offsets[:-1], offsets[1:], spans=True)
        spans = tokens.ends, tokens.starts, tokens.stops
        return variables_hash(data, offsets[:-1], offsets[1:], *spans)

    parts = list(map_threads(hash_part, split_shards(text)))
    return np.concatenate([np.zeros(0, np.uint64), *parts])


# A number or a sign, or three words; so many bytes are as good in any script.
LONG = 64
STATEMENT = r"[\d+*/=<>^\\-]|[\p{Sm}\p{So}]|\p{Han}{3}|\w\W+\w+\W+\w"
# The same of texts in ASCII; polars takes longer to compile the other than to use it.
PLAIN_STATEMENT = re.compile(r"(?a)[\d+*/=<>^\\|~-]|\w\W+\w+\W+\w")


def say_much(text: pl.Series) -> Array:
    """Whether a text says what to do (bool): "Find x." has lost the rest."""
    much = (text.str.len_bytes() >= LONG).fill_null(False).to_numpy().copy()
    rest = []
    for row in np.flatnonzero(~much):
        short = text[int(row)] or ""
        if short.isascii():
            much[row] = PLAIN_STATEMENT.search(short) is not None
        else:
            rest.append(row)
    if rest:
        much[rest] = text[rest].str.contains(STATEMENT).to_numpy()
    return np.asarray(much)
