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

    READS = ("problem", "answer")           the columns that it gets, beside the id
                                            and those that its settings name

is a fourth, for filters whose table may be larger than memory: the other columns are
never in memory as a whole. Without it, or with a condition `where`, which may name any
column, `judge` gets them all.

A filter that measures more than its verdict (pairs, recall) returns `Judged`: the rows
and, beside them, tables by name. Their names stand in the module's `TABLES`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
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

    def parts(self) -> "JudgedParts":
        """The same as judged rows, the kept ones first."""
        schema = self.dropped.schema
        return JudgedParts(
            schema, [unjudged(self.kept).select(schema.names()), self.dropped]
        )


@dataclass(frozen=True)
class JudgedParts:
    """Judged rows that come in parts, and may be too many for memory.

    `schema` is that of every part; the verdict is in it.
    """

    schema: pl.Schema
    parts: Iterable[pl.DataFrame]

    def outcome(self) -> Outcome:
        """The same, split, in memory."""
        return split(pl.concat([self.schema.to_frame(), *self.parts]))


@dataclass(frozen=True)
class Decision:
    """What a filter did to a table of which it read some columns.

    `rows` are these columns of all rows, the verdict and what the filter added.
    `passed` are the columns that it did not read, and `schema` is that of the judged
    table.
    """

    rows: pl.DataFrame
    passed: Sequence[str]
    schema: pl.Schema
    tables: dict[str, pl.DataFrame]

    def judged(self, parts: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """The judged table, part by part, from parts of `passed` columns."""
        start = 0
        for part in parts:
            own = self.rows[start : start + part.height]
            yield part.with_columns(own).select(self.schema.names())
            start += part.height


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
    marked = []
    for name, value in verdict.items():
        if value is not None:
            given = pl.when(fresh).then(value.cast(VERDICT[name]))
            # To keep nulls alone is to keep nothing, and far faster.
            is_empty = rows[name].null_count() == rows.height
            marked.append((given if is_empty else given.otherwise(name)).alias(name))
    return rows.with_columns(marked)


def unjudged(rows: pl.DataFrame) -> pl.DataFrame:
    """`rows` with an empty verdict, as `judge` gets them."""
    return rows.with_columns(
        pl.lit(None, dtype).alias(name) for name, dtype in VERDICT.items()
    )


def split(judged: pl.DataFrame) -> Outcome:
    """Part the judged rows by their verdict."""
    stays = judged["reason"].is_null()
    return Outcome(
        kept=judged.drop(VERDICT.names()).filter(stays),
        dropped=judged.filter(~stays),
    )


def run_stage(
    stage: ModuleType, rows: pl.DataFrame, params: Any, *others: Any
) -> Outcome:
    """Have the filter `stage` judge `rows` with `params`; None means it is off.

    As `decide`, with the whole table at hand.
    """
    decision = decide(stage, rows.schema, rows.select, params, *others)
    (judged,) = decision.judged([rows.select(decision.passed)])
    return replace(split(judged), tables=decision.tables)


def decide(
    stage: ModuleType,
    schema: pl.Schema,
    read: Callable[[Sequence[str]], pl.DataFrame],
    params: Any,
    *others: Any,
) -> Decision:
    """Have the filter `stage` judge the table of which `read` gives columns.

    Columns of the stage that the table brings along are replaced, and so is a verdict.
    A stage that is off keeps every row and adds its columns as nulls, so that the
    stages behind it find the same columns whatever is off. ContractError where `judge`
    breaks the contract or adds a column that `COLUMNS` does not name with that type.
    """
    columns: pl.Schema = stage.COLUMNS
    foreign = [name for name, of in columns.items() if schema.get(name) != of]
    if params is None:
        nulls = [pl.lit(None, columns[name]).alias(name) for name in foreign]
        rows = unjudged(read(["id"])).with_columns(nulls)
        return _as_decision(rows, {}, [n for n in schema if n not in VERDICT], schema)
    own = [name for name in columns if name not in ACCUMULATED or name in foreign]
    left = [name for name in schema if name not in {*own, *VERDICT}]
    reads = left
    if hasattr(stage, "READS") and not getattr(params, "where", None):
        names, settings = {"id", *stage.READS}, str(params).lower()
        reads = [name for name in left if name in names or name.lower() in settings]
    rows = read(reads)
    judged = _judge(lambda rows: stage.judge(rows, params, *others), rows)
    added = judged.rows.drop(rows.columns, *VERDICT).schema
    if odd := [name for name, dtype in added.items() if columns.get(name) != dtype]:
        raise ContractError(
            f"{stage.__name__}.COLUMNS does not name "
            + ", ".join(f"{name}: {added[name]}" for name in odd)
        )
    return _as_decision(judged.rows, judged.tables, left, schema)


def _as_decision(
    rows: pl.DataFrame,
    tables: dict[str, pl.DataFrame],
    left: Sequence[str],
    schema: pl.Schema,
) -> Decision:
    """The Decision where `left` of the table's columns stay in it."""
    types = {name: schema[name] for name in left} | dict(rows.schema)
    passed = [name for name in left if name == "id" or name not in rows.columns]
    return Decision(rows, passed, pl.Schema(types), tables)


def apply(
    judge: Callable[[pl.DataFrame], pl.DataFrame | Judged], rows: pl.DataFrame
) -> Outcome:
    """Have `rows` judged and part them by the verdict.

    Raises ContractError if `judge` removed, reordered or retyped anything.
    """
    judged = _judge(judge, rows)
    return replace(split(judged.rows), tables=judged.tables)


def _judge(
    judge: Callable[[pl.DataFrame], pl.DataFrame | Judged], rows: pl.DataFrame
) -> Judged:
    result = judge(unjudged(rows))
    judgement = result if isinstance(result, Judged) else Judged(result, {})
    judged = judgement.rows
    if not judged["id"].equals(rows["id"]):
        raise ContractError("judge() must return the rows it was given, in order")
    for what, schema in (("columns", rows.schema), ("the verdict", VERDICT)):
        if changed := missing(judged, schema):
            wanted = ", ".join(f"{name}: {schema[name]}" for name in changed)
            raise ContractError(f"judge() removed or retyped {what}: {wanted}")
    return judgement
