"""The contract of a filter, and the code that holds a filter to it.

A filter is a module in `stages/` with two names:

    class Params(Settings): ...             its section of params.yaml
    def judge(rows, params, *others): ...   the same rows, judged

`judge` returns every row it was given, in the order it was given, with any
columns it computed. It never removes a row: it calls `drop` to say why one
should go. `apply` does the removing and the counting, so no filter can lose a
row without saying why.

A filter that measures more than its verdict (pairs, clusters, what a threshold
would change) returns `Judged`: the rows and, beside them, tables by name. Their
names stand in the module's `TABLES`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import polars as pl

from pipeline.schema import VERDICT, missing

# All filters, in the order in which rows meet them; `collect` is before them.
FILTERS = (
    "pool",
    "quality",
    "dedup_exact",
    "dedup_ngram",
    "dedup_embedding",
    "decontaminate",
    "difficulty",
    "verify",
    "decontaminate_traces",
    "select",
)


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
    said = {
        "reason": pl.lit(reason) if isinstance(reason, str) else reason,
        "twin": twin,
        "score": score,
        "evidence": evidence,
    }
    return rows.with_columns(
        pl.when(fresh).then(value.cast(VERDICT[name])).otherwise(name).alias(name)
        for name, value in said.items()
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


def apply(
    judge: Callable[[pl.DataFrame], pl.DataFrame | Judged], rows: pl.DataFrame
) -> Outcome:
    """Have `rows` judged and part them by the verdict.

    Raises ContractError if `judge` removed, reordered or retyped anything.
    """
    made = judge(unjudged(rows))
    judged, beside = (
        (made.rows, made.tables) if isinstance(made, Judged) else (made, {})
    )

    if not judged["id"].equals(rows["id"]):
        raise ContractError("judge() must return the rows it was given, in order")
    if changed := missing(judged, rows.schema):
        raise ContractError(f"judge() removed or retyped columns: {changed}")
    if changed := missing(judged, VERDICT):
        raise ContractError(f"judge() removed or retyped the verdict: {changed}")
    return replace(split(judged), tables=beside)
