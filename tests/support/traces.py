"""Rows with traces: their names in the rows, their texts in rollouts."""

from typing import Any

import polars as pl

from pipeline.schema import ROLLOUT
from stages.verify import TRACE

Traces = list[dict[str, Any]]


def trace(text: str, **fields: Any) -> dict[str, Any]:
    """A right trace of the model m, of as many tokens as words."""
    given = {"model": "m", "n_tokens": len(text.split()), "correct": True, "why": ""}
    return {"completion": text, **given, **fields}


def with_traces(
    rows: pl.DataFrame, traces_of: list[Traces]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`rows` with `traces`, those of each row numbered, and the rollouts of all."""
    numbered = [
        [trace | {"sample": number} for number, trace in enumerate(traces or ())]
        for traces in traces_of
    ]
    samples = [
        {"id": id, "key": "", "finish_reason": "stop", "seed": 0, **trace}
        for id, traces in zip(rows["id"], numbered, strict=True)
        for trace in traces
    ]
    columns = pl.Series(numbered, dtype=pl.List(TRACE))
    return rows.with_columns(traces=columns), pl.DataFrame(samples, schema=ROLLOUT)


def texts_of(
    rows: pl.DataFrame, rollouts: pl.DataFrame, column: str = "chosen"
) -> list[list[Any]]:
    """The texts that references in a column of lists stand for."""
    keys = rollouts.select("id", "model", "sample").rows()
    texts = dict(zip(keys, rollouts["completion"], strict=True))

    def read(row: dict[str, Any], trace: dict[str, Any]) -> Any:
        if "kind" not in trace:
            return {name: read(row, side) for name, side in trace.items()}
        if trace["kind"] == "solution":
            return row["solutions"][trace["number"]]["text"]
        return texts[row["id"], trace["model"], trace["sample"]]

    return [[read(row, trace) for trace in row[column]] for row in rows.to_dicts()]
