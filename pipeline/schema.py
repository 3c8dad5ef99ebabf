"""What the columns of each table are called and what they hold.

From `collect` to `export` one rule holds: columns only grow, rows only shrink. What
columns mean is in the glossary of the data card, `stages/card/facts.toml`.
"""

from typing import Any

import polars as pl
import polars.selectors as cs

SOLUTION = pl.Struct({"text": pl.String, "model": pl.String, "correct": pl.Boolean})

# Who wrote a solution, where no model did: a human, or whom the source does not name.
# A generator's own solutions carry its name: they are right by construction.
HUMAN, UNNAMED = REFERENCE_AUTHORS = ("human", "source")

COLUMNS: dict[str, Any] = {
    "id": pl.String,
    "key": pl.String,
    "source": pl.String,
    "license": pl.String,
    "origin": pl.List(pl.String),
    "domain": pl.String,
    "problem": pl.String,
    "answer": pl.String,
    "verifier": pl.String,
    "verify_info": pl.String,
    "solutions": pl.List(SOLUTION),
    "meta": pl.String,
}
PROBLEM = pl.Schema(COLUMNS)

BENCHMARK = pl.Schema(
    {
        "id": pl.String,
        "key": pl.String,
        "benchmark": pl.String,
        "problem": pl.String,
        "answer": pl.String,
        "verifier": pl.String,
        "verify_info": pl.String,
    }
)

ROLLOUT = pl.Schema(
    {
        "id": pl.String,
        "key": pl.String,
        "sample": pl.Int32,
        "model": pl.String,
        "pass": pl.String,
        "completion": pl.String,
        "n_tokens": pl.Int32,
        "finish_reason": pl.String,
        "seed": pl.Int64,
    }
)

GRADE = pl.Schema(
    {
        "id": pl.String,
        "sample": pl.Int32,
        "model": pl.String,
        "pass": pl.String,
        "verifier": pl.String,
        "correct": pl.Boolean,
        "extracted": pl.String,
        "why": pl.String,
        "n_tokens": pl.Int32,
        "finish_reason": pl.String,
        "rule_correct": pl.Boolean,
        "judge_correct": pl.Boolean,
        "judge_why": pl.String,
    }
)

VERDICT = pl.Schema(
    {
        "reason": pl.String,
        "twin": pl.String,
        "score": pl.Float32,
        "evidence": pl.String,
    }
)


def missing(table: pl.DataFrame, schema: pl.Schema) -> list[str]:
    """Columns of `schema` that `table` lacks or holds in another type."""
    return [name for name, dtype in schema.items() if table.schema.get(name) != dtype]


def conform(table: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """`table` with every column of `schema`, nulls where it had none, others kept."""
    absent = [
        pl.lit(None, dtype).alias(name)
        for name, dtype in schema.items()
        if name not in table.columns
    ]
    typed = [pl.col(name).cast(dtype) for name, dtype in schema.items()]
    others = cs.by_name([name for name in table.columns if name not in schema])
    return table.with_columns(absent).select(*typed, others)


# What came of every problem in reinforcement learning: a row a stage and epoch in
# which it was asked.
RL_HISTORY = pl.Schema(
    {
        "id": pl.String(),
        "stage": pl.Int32(),
        "epoch": pl.Int32(),
        "n_decided": pl.Int32(),
        "n_correct": pl.Int32(),
    }
)
