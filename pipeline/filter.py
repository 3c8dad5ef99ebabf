"""The contract of a filter, and the code that holds a filter to it.

A filter is a module in `stages/` with three names:

    class Params(Settings): ...             its section of params.yaml
    COLUMNS = pl.Schema({...})              the columns it adds
    def judge(rows, params, *others): ...   the same rows, judged

`judge` returns every row it was given, in the order it was given, with any
columns it computed; `COLUMNS` declares them, and those that only some params ask for
may be left out. It never removes a row: it calls `drop` to say why one
should go. `apply` does the removing and the counting, so no filter can lose a
row without saying why.

A filter that measures more than its verdict (pairs, recall) returns `Judged`: the rows
and, beside them, tables by name. Their names stand in the module's `TABLES`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any

import polars as pl

from pipeline.schema import VERDICT, missing

# Several stages add to these, so none of them takes away what the others found. What
# a source had stays what it had, whoever replaces it again.
ACCUMULATED = ("family", "other_answers", "answer_before")


class ContractError(Exception):
    """A filter broke the contract: a bug in the filter, never in the data."""


@dataclass(frozen=True)
class Judged:
    """Judged rows, and tables that show what the verdicts rest on."""

    rows: pl.DataFrame
    tables: dict[str, pl.DataFrame]


@dataclass(frozen=True)
class Outcome:
    """What a stage did to a table: the rows it kept and those it dropped."""

    kept: pl.DataFrame
    dropped: pl.DataFrame
    tables: dict[str, pl.DataFrame] = field(default_factory=dict)

    @property
    def metrics(self) -> dict[str, object]:
        """`{rows_in, rows_out, dropped: {reason: n}}`; in = out + dropped."""
        reasons = self.dropped["reason"].value_counts().sort("reason")
        return {
            "rows_in": self.kept.height + self.dropped.height,
            "rows_out": self.kept.height,
            "dropped": dict(reasons.iter_rows()),
        }


def drop(
    rows: pl.DataFrame,
    where: pl.Expr,
    reason: str | pl.Expr,
    *,
    twin: pl.Expr | None = None,
    score: pl.Expr | None = None,
    evidence: pl.Expr | None = None,
) -> pl.DataFrame:
    """Mark the rows where `where` holds; a row keeps the first reason it got."""
    fresh = pl.col("reason").is_null() & where.fill_null(value=False)
    verdict = {
        "reason": pl.lit(reason) if isinstance(reason, str) else reason,
        "twin": twin,
        "score": score,
        "evidence": evidence,
    }
    return rows.with_columns(
        pl.when(fresh).then(value.cast(VERDICT[name])).otherwise(name).alias(name)
        for name, value in verdict.items()
        if value is not None
    )


def unjudged(rows: pl.DataFrame) -> pl.DataFrame:
    """`rows` with an empty verdict, as `judge` gets them."""
    return rows.with_columns(
        pl.lit(None, dtype).alias(name) for name, dtype in VERDICT.items()
    )


def split(judged: pl.DataFrame) -> Outcome:
    """Part the judged rows by their verdict."""
    stays = pl.col("reason").is_null()
    return Outcome(
        kept=judged.filter(stays).drop(VERDICT.names()),
        dropped=judged.filter(~stays),
    )


def run_stage(
    stage: ModuleType, rows: pl.DataFrame, params: Any, *others: Any
) -> Outcome:
    """Have the filter `stage` judge `rows` with `params`; None means it is off.

    Columns of the stage that the rows bring along are replaced, and so is a verdict. A
    stage that is off keeps every row and adds its columns as nulls, so that the stages
    behind it find the same columns whatever is off. ContractError where `judge` breaks
    the contract or adds a column that `COLUMNS` does not name with that type.
    """
    columns: pl.Schema = stage.COLUMNS
    if params is None:
        absent = missing(rows, columns)
        nulls = [pl.lit(None, columns[name]).alias(name) for name in absent]
        return split(unjudged(rows).with_columns(nulls))
    foreign = missing(rows, columns)
    own = [name for name in columns if name not in ACCUMULATED or name in foreign]
    rows = rows.drop(*own, *VERDICT.names(), strict=False)
    outcome = apply(lambda rows: stage.judge(rows, params, *others), rows)
    added = outcome.kept.drop(rows.columns).schema
    if odd := [name for name, dtype in added.items() if columns.get(name) != dtype]:
        raise ContractError(
            f"{stage.__name__}.COLUMNS does not name "
            + ", ".join(f"{name}: {added[name]}" for name in odd)
        )
    return outcome


def apply(
    judge: Callable[[pl.DataFrame], pl.DataFrame | Judged], rows: pl.DataFrame
) -> Outcome:
    """Have `rows` judged and part them by the verdict.

    Raises ContractError if `judge` removed, reordered or retyped anything.
    """
    result = judge(unjudged(rows))
    judgement = result if isinstance(result, Judged) else Judged(result, {})
    judged = judgement.rows

    if not judged["id"].equals(rows["id"]):
        raise ContractError("judge() must return the rows it was given, in order")
    for what, schema in (("columns", rows.schema), ("the verdict", VERDICT)):
        if changed := missing(judged, schema):
            wanted = ", ".join(f"{name}: {schema[name]}" for name in changed)
            raise ContractError(f"judge() removed or retyped {what}: {wanted}")
    return replace(split(judged), tables=judgement.tables)
