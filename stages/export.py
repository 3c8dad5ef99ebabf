"""The training tables, in the columns that TRL and other frameworks expect.

rl.parquet has a prompt and what its verifier needs; sft.parquet a prompt and a
completion for every chosen trace. Both are conversational: lists of messages. Tables
for other frameworks have the rows of rl.parquet, in the same order of lessons, and in
columns of their own; what their rewards need and have no column for is in one of them.
"""

from pathlib import Path
from typing import Literal

import polars as pl

from pipeline.prompts import Prompt, messages
from pipeline.settings import Settings
from pipeline.traces import right_traces, usable_solutions

MESSAGES = pl.List(pl.Struct({"role": pl.String, "content": pl.String}))
RL = [
    "id", "source", "license", "domain", "answer", "verifier", "verify_info",
    "pass_rate", "n_samples", "n_correct", "curriculum_rank",
]  # fmt: skip


# What a reward reads of a row beside its answer, and what a curriculum sorts by.
DETAILS = ["id", "problem", "verifier", "verify_info", "pass_rate", "level"]


class Params(Settings):
    """The layouts to write."""

    formats: tuple[Literal["trl", "verl", "openrlhf", "verifiers"], ...] = ("trl",)
    prompt: Prompt = Prompt()


def build(params: Params | None, out: Path, rows: pl.DataFrame) -> dict[str, object]:
    """Write the tables into `out` and count their rows; none where it is off."""
    if params is None:
        params, rows = Params(), rows.clear()
    out.mkdir(parents=True, exist_ok=True)
    prompts = [messages(text, params.prompt) for text in rows["problem"]]
    rows = rows.with_columns(prompt=pl.Series(prompts, dtype=MESSAGES))
    sft = _sft(rows.with_columns(_chosen(rows)))
    level = pl.col("meta").str.json_path_match("$.level")
    rows = rows.with_columns(level=level).sort("curriculum_rank", maintain_order=True)
    rl = rows.select("prompt", *RL, "level")
    rl.write_parquet(out / "rl.parquet")
    sft.write_parquet(out / "sft.parquet")
    for name in set(params.formats) & FRAMEWORKS.keys():
        FRAMEWORKS[name](rows).write_parquet(out / f"{name}.parquet")
    return {"rl": rl.height, "sft": sft.height}


def _chosen(rows: pl.DataFrame) -> pl.Series:
    """The traces to learn from; without `select`, all right ones that leak nothing.

    Solutions that are not known to be wrong serve where there is no such trace.
    """
    names = "chosen", "traces", "leaking_traces", "solutions"
    chosen = [
        right_traces(traces, leaks) or usable_solutions(solutions)
        if chosen is None
        else chosen
        for chosen, traces, leaks, solutions in rows.select(names).rows()
    ]
    return pl.Series("chosen", chosen, dtype=rows.schema["chosen"])


def _sft(rows: pl.DataFrame) -> pl.DataFrame:
    traces = rows.explode("chosen", empty_as_null=False).unnest("chosen")
    replies = [[{"role": "assistant", "content": text}] for text in traces["text"]]
    return traces.with_columns(completion=pl.Series(replies, dtype=MESSAGES)).select(
        "prompt", "completion", "id", "source", "license", "model", "n_tokens"
    )


def _verl(rows: pl.DataFrame) -> pl.DataFrame:
    """The five columns that verl's loader reads."""
    info = pl.col("verify_info").fill_null("").replace("", "{}")
    index = pl.int_range(pl.len()).alias("index")
    return rows.with_columns(info).select(
        data_source="source",
        prompt="prompt",
        ability="domain",
        reward_model=pl.struct(style=pl.lit("rule"), ground_truth="answer"),
        extra_info=pl.struct(index, *DETAILS),
    )


def _openrlhf(rows: pl.DataFrame) -> pl.DataFrame:
    """`input` and `label`: its reward sees the label alone, so all is in there."""
    label = pl.struct("answer", *DETAILS).struct.json_encode()
    return rows.select(input="prompt", label=label, datasource="source")


def _verifiers(rows: pl.DataFrame) -> pl.DataFrame:
    """`prompt`, `answer` and the rest as JSON in `info`, for Prime's environments."""
    info = pl.struct(DETAILS).struct.json_encode()
    return rows.select("prompt", "answer", info=info)


FRAMEWORKS = {"verl": _verl, "openrlhf": _openrlhf, "verifiers": _verifiers}
