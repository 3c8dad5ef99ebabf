"""Drop problems that already appeared, however they are typeset.

Two rows hold the same problem when their keys are equal: `text` is the text with
spaces collapsed, `layout` forgives case too, `latex` (the default) reads the
mathematics: LaTeX layout, case, punctuation, quotes and Unicode forms leave no
trace, numbers and operators do. `alphanumeric` is letters and digits alone.

A copy with another answer gets a reason of its own. Where only brackets differ,
another answer means another problem, and both stay.

Reasons: `exact_duplicate`, `exact_duplicate_other_answer`.
"""

from typing import Literal

import numpy as np
import polars as pl

from pipeline.dedup import survivors, tables
from pipeline.dedup.pairs import Pairs
from pipeline.filter import Judged
from pipeline.settings import Settings

COLUMNS = pl.Schema({"other_answers": survivors.ANSWERS})
TABLES = {"clusters": tables.CLUSTERS}


class Params(Settings):
    """What must be equal, and which of equals survives."""

    key: Literal["text", "layout", "latex", "alphanumeric"] = "latex"
    survivor: survivors.Survivor = "first"


def judge(rows: pl.DataFrame, params: Params) -> Judged:
    """Mark every row whose key an earlier row has; `twin` is that row."""
    priority = survivors.ranks(rows, params.survivor)
    pairs = equal(rows, params, priority)
    judged = survivors.mark(rows, pairs, "exact_duplicate", priority=priority)
    # No pair is of siblings here that anyone would call a family.
    before = rows.select(pl.col("^family$"))
    judged_rows = judged.rows.drop("family").with_columns(before)
    return Judged(judged_rows, {"clusters": judged.tables["clusters"]})


def equal(
    rows: pl.DataFrame, params: Params, priority: np.ndarray | None = None
) -> Pairs:
    """Each row with the first of its key, and the first that agrees in more."""
    from pipeline.kernels import relations as kernels
    from pipeline.kernels.answer_codes import answer_codes

    loose, strict = keys(rows["problem"], rows["key"], params.key)
    answers = answer_codes(rows["answer"])
    place = np.arange(rows.height) if priority is None else priority
    seconds = np.arange(rows.height, dtype=np.int32)
    firsts = [
        _first(place, *names) for names in ((loose,), (loose, strict), (loose, answers))
    ]
    first, second = np.concatenate(firsts), np.tile(seconds, 3)
    apart = first != second
    first, second = first[apart], second[apart]
    unknown = (answers[first] == 0) | (answers[second] == 0)
    same = unknown | (answers[first] == answers[second])
    relation = np.where(
        same,
        kernels.COPY,
        np.where(
            strict[first] == strict[second], kernels.OTHER_ANSWER, kernels.SIBLING
        ),
    ).astype(np.uint8)
    return Pairs(first, second, np.ones(len(first)), relation=relation)


def keys(text: pl.Series, key: pl.Series, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """(loose, strict) uint64 of each text; strict ones tell brackets apart."""
    if kind == "latex":
        from pipeline.kernels.latex_tokens import tokenise
        from pipeline.kernels.relations import quantity_hash

        tokens = tokenise(text)
        said = (tokens.codes, tokens.kinds, tokens.ends)
        loose, strict = (
            quantity_hash(*said, True, False),
            quantity_hash(*said, True, True),
        )
        mute = np.diff(tokens.ends) == 0
        loose[mute] = strict[mute] = key.hash().to_numpy()[mute]
        return loose, strict
    if kind == "text":
        code = key.hash().to_numpy()
        return code, code
    folded = text.fill_null("").str.to_lowercase()
    if kind == "layout":
        folded = folded.str.normalize("NFC").str.replace_all(r"\s+", " ")
        folded = folded.str.strip_chars()
    else:
        folded = folded.str.normalize("NFKC").str.replace_all(r"[^\p{L}\p{N}]", "")
    code = folded.hash().to_numpy()
    return code, code


def _first(place: np.ndarray, *names: np.ndarray) -> np.ndarray:
    """For each row, the row of lowest place that is equal in all names."""
    columns = {f"name{number}": name for number, name in enumerate(names)}
    table = pl.DataFrame({"place": place, **columns}).with_row_index("row")
    first = pl.col("row").sort_by("place").first().over(list(columns))
    return table.select(first.cast(pl.Int32)).to_series().to_numpy()
