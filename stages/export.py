"""The training tables, in the columns that TRL (and verl) expect.

rl.parquet has a prompt and what its verifier needs; sft.parquet a prompt and a
completion for every chosen trace. Both are conversational: lists of messages.
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


class Params(Settings):
    """The layouts to write."""

    formats: tuple[Literal["trl", "verl"], ...] = ("trl",)
    prompt: Prompt = Prompt()


def build(params: Params | None, out: Path, rows: pl.DataFrame) -> dict[str, object]:
    """Write the tables into `out` and count their rows; none where it is off."""
    if params is None:
        params, rows = Params(), rows.clear()
    out.mkdir(parents=True, exist_ok=True)
    prompts = [messages(text, params.prompt) for text in rows["problem"]]
    rows = rows.with_columns(prompt=pl.Series(prompts, dtype=MESSAGES))
    level = pl.col("meta").str.json_path_match("$.level")
    rl = rows.select("prompt", *RL, level=level)
    rl = rl.sort("curriculum_rank", maintain_order=True)
    sft = _sft(rows.with_columns(_chosen(rows)))
    rl.write_parquet(out / "rl.parquet")
    sft.write_parquet(out / "sft.parquet")
    if "verl" in params.formats:
        _verl(rows).write_parquet(out / "verl.parquet")
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
    return rows.select(
        data_source="source",
        prompt="prompt",
        ability="domain",
        reward_model=pl.struct(style=pl.lit("rule"), ground_truth="answer"),
        extra_info=pl.struct(
            pl.int_range(pl.len()).alias("index"), "id", "verifier", info
        ),
    )
