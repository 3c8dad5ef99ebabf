"""What speaks for a problem, whatever its words: its numbers and its answer.

A paraphrase or a translation keeps them. Programs have the names and the strings of
their tests as well. Answers such as `B` or `yes` are weak: any problem may have them.
`evidence.py` compares what is found here.
"""

import re
from dataclasses import dataclass
from hashlib import blake2b

import polars as pl

from pipeline.dedup.pairs import Array
from pipeline.dedup.quantities import QUANTITIES, find_quantities, read_spelling, weigh

WEAK_ANSWER = re.compile(
    r"[a-z]|yes|no|true|false|none|correct|incorrect|sí|oui|ja|是|否"
)
# snake_case, camelCase, "strings": a program may have them beside without harm.
IDENTIFIER = (
    r"\b[A-Za-z]{3,}(?:_[A-Za-z0-9]+)+\b|\b[a-z]{2,}[A-Z][A-Za-z0-9]+\b|"
    r"[\"'][A-Za-z]{2,20}[\"']"
)


@dataclass(frozen=True)
class Witnesses:
    """What speaks for each text: its QUANTITIES, sorted by row, and its answer.

    `answers` int64 (rows,), 0 where there is none; `bits` float32 (rows,) of them.
    """

    texts: pl.Series
    quantities: pl.DataFrame
    answers: Array
    bits: Array

    @property
    def height(self) -> int:
        """How many texts there are."""
        return len(self.answers)


def find_witnesses(texts: pl.Series, answers: pl.Series) -> Witnesses:
    """The Witnesses of `texts` and of their `answers`, of which some may be null."""
    distinct = answers.unique().drop_nulls().sort()
    read = [read_answer(answer) for answer in distinct]
    table = pl.DataFrame(
        {
            "answer": distinct,
            "code": pl.Series([code for code, _ in read], dtype=pl.Int64),
            "bits": pl.Series([bits for _, bits in read], dtype=pl.Float32),
        }
    )
    known = answers.alias("answer").to_frame()
    known = known.join(table, on="answer", how="left", maintain_order="left")
    quantities = pl.concat([find_quantities(texts), find_identifiers(texts)])
    return Witnesses(
        texts,
        quantities.sort("row", "value", "base"),
        known["code"].fill_null(0).to_numpy(),
        known["bits"].fill_null(0).to_numpy(),
    )


def find_identifiers(texts: pl.Series) -> pl.DataFrame:
    """QUANTITIES for the names of programs in `texts` and for what is in quotes."""
    names = texts.str.extract_all(IDENTIFIER).to_frame("name").with_row_index("row")
    names = names.explode("name").drop_nulls().unique().sort("row", "name")
    code = pl.col("name").replace_strict(
        {name: digest(name.lower()) for name in names["name"].unique()},
        return_dtype=pl.Int64,
        default=None,
    )
    bits = pl.when(pl.col("name").str.contains("_")).then(8.0).otherwise(5.0)
    named = names.select("row", value=code, base=code, bits=bits, cost=pl.lit(0.0))
    return named.cast(QUANTITIES)


def read_answer(answer: str) -> tuple[int, float]:
    r"""The code of an answer and its bits; the code is 0 where there is none.

    `$18`, `18.0` and `18 dollars` have one code, and `\frac{1}{2}` and `0.5`.

    >>> read_answer("$18") == read_answer("18.0"), read_answer("(B)")[1]
    (True, 1.0)
    """
    text = re.sub(r"\\(?:text|mathrm|boxed)\b|[${}\\,()\s]+", " ", answer.lower())
    plain = re.sub(r"(?<=\d),(?=\d{3}\b)|\\[,!]|\{,\}", "", answer.lower())
    numbers = re.fullmatch(
        r"[\s$\\({]*(-?)(\d[\d./]*|\\[dt]?frac\{?\d+\}?\{?\d+\}?)"
        r"[\s)}]*\\?(%|[a-z° ]*)[\s$.)}]*",
        re.sub(r"\\(?:text|mathrm)\{([^}]*)\}", r"\1", plain),
    )
    if numbers:
        values = read_spelling(numbers[2], english=True)
        if len(values) == 1:
            value = -values[0][0] if numbers[1] else values[0][0]
            return hash(value) ^ 1, weigh(abs(value))
    words = text.split()
    if not words:
        return 0, 0.0
    text = " ".join(words).strip(". ")
    if WEAK_ANSWER.fullmatch(text):
        return digest(text), 1.0
    rare = 9.0 if re.search(r"[^\W\d_]{4}", text) else 6.0
    return digest(text), min(16.0, rare + 2 * len(words))


def digest(text: str) -> int:
    """A code int64 for a text, the same in every process."""
    data = blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(data, "little", signed=True)
