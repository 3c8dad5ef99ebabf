"""Pairs in one notation and without remarks: what is left, the guard compares.

Data sets take problems from one another and write them anew: formulas in another
notation, options behind other labels, a greeting in front, an instruction behind. The
guard reads such a pair as two problems. So where answers do not speak against it, the
texts are written plainly (`notations`), less what one has beside and asks nothing
(`remarks`), and only if that makes them other texts they are judged once more.
"""

import re
from unicodedata import normalize

import numpy as np
import polars as pl

from pipeline.dedup.answers import are_rare, tell
from pipeline.dedup.notations import write_plainly
from pipeline.dedup.pairs import Array, Pairs
from pipeline.dedup.remarks import ALONE, drop_alone, drop_remarks, drop_titles
from pipeline.dedup.respelling_rules import LONGEST
from pipeline.dedup.spellings import UMLAUT, UMLAUTS

# Letters and digits of a sentence by which a text is known again.
PIECE = (
    r"[^.?!:。？！：\n]{12,}|"
    r"[\p{Han}\p{Hangul}\p{Hiragana}\p{Katakana}\p{N}]{10,}"
)
SHORT = 600
ACCENT = "[áàâéèêíìîóòôúùûñçÁÀÂÉÈÊÍÌÎÓÒÔÚÙÛÑÇ]"
CROWD = 8  # rows with one sentence that a row is compared with


def find_shared_sentences(texts: pl.Series) -> tuple[Array, Array]:
    """(earlier, later) texts that share a sentence which few others have."""
    pieces = texts.str.to_lowercase().str.replace_all(
        r"[^\p{L}\p{N}.?!:。？！：\n]", ""
    )
    pieces = pieces.str.extract_all(PIECE)
    rows = pieces.to_frame("piece").with_row_index("row").explode("piece")
    rows = rows.drop_nulls().select("row", pl.col("piece").hash()).unique()
    rows = rows.filter(pl.len().over("piece").is_between(2, CROWD)).sort("row")
    pairs = rows.join(rows, on="piece", suffix="_later")
    pairs = pairs.filter(pl.col("row") < pl.col("row_later"))
    pairs = (
        pairs.select("row", "row_later")
        .unique()
        .sort("row", "row_later")
        .cast(pl.Int32)
    )
    return pairs["row"].to_numpy(), pairs["row_later"].to_numpy()


def write_short(texts: pl.Series) -> pl.Series:
    """`texts` of which those up to SHORT bytes are in one notation, less ALONE.

    Of a longer one, a formula in another notation leaves most n-grams as they are.
    """
    from pipeline.kernels.splice import change_where

    def write(part: pl.Series) -> pl.Series:
        plain = (re.sub(ALONE, "", write_plainly(text)) for text in part)
        return pl.Series([*plain], dtype=pl.String)

    is_short = (texts.str.len_bytes() <= SHORT).fill_null(False)
    return change_where(texts, is_short.to_numpy(), write)


def judge_plainly(rows: pl.DataFrame, pairs: Pairs, relation: Array) -> Array:
    """`relation` of `pairs`, uint8, where siblings are copies if they are read plainly.

    Only where answers are the same or absent, and one text has all digits of the other.
    """
    from pipeline.dedup.same_problem import classify_pairs
    from pipeline.kernels.answer_codes import answer_codes
    from pipeline.kernels.relations import COPY, SIBLING

    codes = answer_codes(rows["answer"])
    left, right = codes[pairs.first], codes[pairs.second]
    agree = (left == right) | (left == 0) | (right == 0)
    trust = ((left == right) & (left != 0)).astype(np.int8)
    answers = rows["answer"].gather(pairs.first[trust > 0])
    trust[trust > 0] = tell(answers) * (1 + are_rare(answers))
    asked = (relation == SIBLING) & agree
    asked[asked] = _have_nested_digits(
        rows["problem"], pairs.first[asked], pairs.second[asked]
    )
    places: list[int] = []
    texts: list[str] = []
    for pair in np.flatnonzero(asked):
        both = [
            rows["problem"][int(side[pair])] for side in (pairs.first, pairs.second)
        ]
        new = read_alike(both[0], both[1], int(trust[pair]))
        if list(new) != both:
            places.append(int(pair))
            texts += new
    if not places:
        return relation
    sides = np.stack([pairs.first[places], pairs.second[places]], 1).ravel()
    read = rows[sides].with_columns(problem=pl.Series(texts, dtype=pl.String))
    even = np.arange(0, len(texts), 2, dtype=np.int32)
    judged = classify_pairs(
        read, Pairs(even, even + 1, pairs.score[places]), guard=True
    )
    relation = relation.copy()
    relation[np.array(places)[judged == COPY]] = COPY
    return relation


def read_alike(left: str, right: str, trust: int = 0) -> tuple[str, str]:
    r"""Both texts in one notation, less remarks; `trust` is that of `drop_remarks`.

    >>> read_alike("Hello! Simplify √(8) + 1.", "Simplify $\\sqrt{8} + 1$.")[0]
    'Simplify \\sqrt{8} + 1.'
    """
    left, right = _spell_accents(write_plainly(left), write_plainly(right))
    left, right = _raise_powers(left, right), _raise_powers(right, left)
    left, right = _read_commas(left, right), _read_commas(right, left)
    left, right = drop_titles(*drop_remarks(left, right, trust))
    return drop_alone(left, right)


def _spell_accents(left: str, right: str) -> tuple[str, str]:
    """Both texts without umlauts, or other accents, if one has fewer."""
    for accents, spell in (
        (UMLAUT, lambda found: UMLAUTS[found[0]]),
        (ACCENT, lambda found: normalize("NFD", found[0])[0]),
    ):
        if len(re.findall(accents, left)) != len(re.findall(accents, right)):
            left, right = re.sub(accents, spell, left), re.sub(accents, spell, right)
    return left, right


def _raise_powers(text: str, other: str) -> str:
    """`text` with x^2 for x2, where the other has only that."""

    def raise_power(found: re.Match[str]) -> str:
        raised = rf"{found[1]}(?:\^\{{?{found[2]}|{'²³'[int(found[2]) - 2]})"
        is_raised = re.search(raised, other) and found[0] not in other
        return f"{found[1]}^{found[2]}" if is_raised else found[0]

    return re.sub(r"(?<![\w\\])([a-z])([23])(?!\w)", raise_power, text)


def _read_commas(text: str, other: str) -> str:
    """`text` with `84, 120` for `84,120`, or 2.5 for 2,5, where the other has that."""

    def read(found: re.Match[str]) -> str:
        is_whole = len(found[2]) == 3 and found[1] != "0"
        other_way = f"{found[1]}{', ' if is_whole else '.'}{found[2]}"
        is_there = re.search(rf"(?<!\d){re.escape(other_way)}(?!\d)", other)
        return other_way if is_there and found[0] not in other else found[0]

    return re.sub(r"(?<![\d,.])(\d+),(\d+)(?![\d,])", read, text)


def _have_nested_digits(texts: pl.Series, first: Array, second: Array) -> Array:
    """Whether one text of a pair has all digits of the other, and both are short."""
    involved, places = np.unique(np.stack([first, second]), return_inverse=True)
    read = texts.gather(pl.Series(involved, dtype=pl.UInt32)).fill_null("")
    counts = np.column_stack(
        [
            read.str.count_matches(str(digit), literal=True).to_numpy()
            for digit in range(10)
        ]
    ).astype(np.int64)
    sizes = read.str.len_bytes().to_numpy()
    left, right = places.reshape(2, -1)
    beside = counts[left] - counts[right]
    nested = (beside >= 0).all(axis=1) | (beside <= 0).all(axis=1)
    is_short = np.maximum(sizes[left], sizes[right]) <= LONGEST
    return np.asarray(nested & is_short)
