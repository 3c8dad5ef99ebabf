"""What becomes of near copies: merged, kept as siblings of one template, or split.

A pair of similar texts is a copy only if the numbers, operators and relation
signs agree, one after the other; or all of them agree in another order and so
do the answers. Else the two are siblings of one template: same words, other
numbers. Siblings are good data. They stay, and `family` names the first of them.

A row is compared with kept rows only: nobody is dropped for resembling a row
that is itself dropped.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable

import polars as pl

from pipeline.text import clean
from pipeline.verdict import drop

Pair = tuple[int, int, float]  # earlier row, later row, similarity in [0, 1]

# Below this similarity, another answer means another problem: word puzzles of one
# template differ in words, and have no numbers to tell them apart.
CONFLICT = 0.9

# A hyphen between two letters joins words; anywhere else it is a minus.
QUANTITY = re.compile(
    r"\d[\d,]*\.?\d*|(?<![A-Za-z])[-−]|[-−](?![A-Za-z])"
    r"|[+*/=<>^×÷·≤≥≠±√]|\\(?:times|cdot|div|le|leq|ge|geq|neq?|pm|sqrt|lt|gt)\b"
)
SIGNS = {
    "−": "-",
    "×": "*",
    "·": "*",
    "÷": "/",
    "\\times": "*",
    "\\cdot": "*",
    "\\div": "/",
    "≤": "\\leq",
    "\\le": "\\leq",
    "≥": "\\geq",
    "\\ge": "\\geq",
    "≠": "\\neq",
    "\\ne": "\\neq",
    "\\lt": "<",
    "\\gt": ">",
    "±": "\\pm",
    "√": "\\sqrt",
}


def quantities(text: str) -> list[str]:
    """Numbers, operators and relation signs of `text`, in order, in one spelling.

    >>> quantities("If $3 × x > 1,200$, find x.")
    ['3', '*', '>', '1200']
    """
    found = [sign.replace(",", "").rstrip(".") for sign in QUANTITY.findall(text)]
    return [SIGNS.get(sign, sign) for sign in found]


def mark(
    rows: pl.DataFrame, pairs: Iterable[Pair], reason: str, *, guard: bool = True
) -> pl.DataFrame:
    """Mark later copies with `reason` (or `<reason>_other_answer`); add `family`.

    `pairs` are row numbers of similar rows, the earlier first. Without `guard`
    every pair is a copy, as in the published recipes.
    """
    problems = rows["problem"].to_list()
    answers = rows.select(clean(pl.col("answer")))["answer"].to_list()
    earlier: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for first, second, score in pairs:
        earlier[second].append((first, score))

    twins: dict[int, tuple[int, float]] = {}
    family: dict[int, int] = {}
    for later in sorted(earlier):
        kept = [pair for pair in sorted(earlier[later]) if pair[0] not in twins]
        copies: list[tuple[int, float]] = []
        siblings: list[tuple[int, float]] = []
        for first, score in kept:
            same = answers[first] == answers[later]
            is_copy = not guard or (
                (same or score >= CONFLICT)
                and _is_copy(problems[first], problems[later], same)
            )
            (copies if is_copy else siblings).append((first, score))
        if copies:
            twins[later] = max(copies, key=lambda pair: pair[1])
        elif siblings:
            first = siblings[0][0]
            family[later] = family.setdefault(first, first)
    return _marked(rows, twins, family, answers, reason)


def _is_copy(first: str, second: str, same_answer: bool) -> bool:
    ours, theirs = quantities(first), quantities(second)
    return ours == theirs or (same_answer and sorted(ours) == sorted(theirs))


def _marked(
    rows: pl.DataFrame,
    twins: dict[int, tuple[int, float]],
    family: dict[int, int],
    answers: list[str | None],
    reason: str,
) -> pl.DataFrame:
    ids, problems = rows["id"], rows["problem"]
    found = pl.DataFrame(
        [
            (
                later,
                ids[first],
                score,
                answers[first] != answers[later],
                json.dumps(
                    {"kept_problem": problems[first], "kept_answer": answers[first]}
                ),
            )
            for later, (first, score) in twins.items()
        ],
        schema={
            "_row": pl.UInt32,
            "_twin": pl.String,
            "_score": pl.Float64,
            "_disagrees": pl.Boolean,
            "_evidence": pl.String,
        },
        orient="row",
    )
    named = pl.DataFrame(
        {"_row": list(family), "_family": [ids[first] for first in family.values()]},
        schema={"_row": pl.UInt32, "_family": pl.String},
    )
    rows = rows.with_row_index("_row")
    for table in (found, named):
        rows = rows.join(table, on="_row", how="left", maintain_order="left")
    before = [pl.col("family")] if "family" in rows.columns else []
    rows = rows.with_columns(family=pl.coalesce([*before, "_family"]))
    said = {"twin": pl.col("_twin"), "score": pl.col("_score").round(4)}
    said["evidence"] = pl.col("_evidence")
    rows = drop(rows, pl.col("_disagrees"), f"{reason}_other_answer", **said)
    rows = drop(rows, pl.col("_twin").is_not_null(), reason, **said)
    return rows.drop("_row", "_twin", "_score", "_disagrees", "_evidence", "_family")
