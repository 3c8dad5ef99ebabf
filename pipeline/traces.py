"""Which texts a model may learn from: right samples first, else reference solutions."""

from typing import Any

import polars as pl

CHOSEN = pl.List(
    pl.Struct({"text": pl.String, "model": pl.String, "n_tokens": pl.Int32})
)
Trace = dict[str, Any]


def right_traces(traces: list[Trace] | None, leaks: list[int] | None) -> list[Trace]:
    """CHOSEN of the right traces but those that recite a benchmark item (`leaks`)."""
    return [
        {"text": t["completion"], "model": t["model"], "n_tokens": t["n_tokens"]}
        for number, t in enumerate(traces or [])
        if t["correct"] and number not in (leaks or ())
    ]


def wrong_traces(traces: list[Trace] | None) -> list[Trace]:
    """The traces that are wrong, where `verify` keeps them (`keep_wrong`)."""
    return [trace for trace in traces or [] if trace["correct"] is False]


def usable_solutions(solutions: list[Trace] | None) -> list[Trace]:
    """CHOSEN of the solutions that are not known to be wrong."""
    return [
        {"text": solution["text"], "model": solution["model"], "n_tokens": None}
        for solution in solutions or []
        if solution["correct"] is not False and solution["text"]
    ]
