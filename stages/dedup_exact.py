"""Drop problems that already appeared, however they are typeset.

Two rows hold the same problem when their keys are equal: `text` is the text with
spaces collapsed, `layout` forgives case too, `latex` (the default) reads the
mathematics: LaTeX layout, case of words, punctuation, quotes, Unicode forms and
brackets that change nothing leave no trace; numbers, operators and brackets that are
needed do. `alphanumeric` is letters and digits alone.

A copy with another answer gets a reason of its own. "Find x." says too little: with
another answer it is another problem.

Published sets often have a row a trace, and the copies of a problem bring different
ones: they join the `solutions` of the row that stays.

Reasons: `exact_duplicate`, `exact_duplicate_other_answer`.
"""

from typing import Literal

import polars as pl

from pipeline.dedup import tables
from pipeline.settings import Settings

COLUMNS = pl.Schema({"other_answers": tables.COLUMNS["other_answers"]})
READS = ("key", "problem", "answer", "solutions", *tables.COLUMNS)


class Params(Settings):
    """What must be equal."""

    key: Literal["text", "layout", "latex", "alphanumeric"] = "latex"


def judge(rows: pl.DataFrame, params: Params) -> pl.DataFrame:
    """Mark every row whose key an earlier row has; `twin` is that row."""
    from pipeline.dedup import survivors
    from pipeline.dedup.equal import find_equal_rows

    pairs = find_equal_rows(rows, params.key)
    judged = survivors.mark_duplicates(rows, pairs, "exact_duplicate").rows
    judged = _pass_on_solutions(judged)
    # Rows with equal keys are no family: what there is came from another stage.
    return judged if "family" in rows.columns else judged.drop("family")


def _pass_on_solutions(rows: pl.DataFrame) -> pl.DataFrame:
    """Add the solutions of copies with the same answer to the row that stays."""
    column = pl.col("solutions")
    copies = rows.filter(pl.col("reason") == "exact_duplicate", column.list.len() > 0)
    if copies.is_empty():
        return rows
    added = copies.select("solutions", id="twin").explode("solutions")
    added = added.group_by("id", maintain_order=True).agg(_added="solutions")
    joined = pl.concat_list(column.fill_null([]), "_added")
    passed = joined.list.unique(maintain_order=True)
    rows = rows.join(added, on="id", how="left", maintain_order="left")
    passed = pl.when(pl.col("_added").is_null()).then(column).otherwise(passed)
    return rows.with_columns(solutions=passed).drop("_added")
