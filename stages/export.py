"""The training tables, in the columns that TRL (and verl) expect.

rl.parquet has a prompt and what its verifier needs; sft.parquet a prompt and a
completion for every chosen trace. Both are conversational: lists of messages.
"""

import json
from pathlib import Path
from typing import Any, Literal

import polars as pl

from pipeline.prompts import Prompt, messages
from pipeline.settings import Settings

MESSAGES = pl.List(pl.Struct({"role": pl.String, "content": pl.String}))
RL = [
    "id", "source", "license", "domain", "answer", "verifier", "verify_info",
    "pass_rate", "n_samples", "n_correct", "curriculum_rank",
]  # fmt: skip


class Params(Settings):
    """The layouts to write."""

    formats: tuple[Literal["trl", "verl"], ...] = ("trl",)
    prompt: Prompt = Prompt()


def build(params: Params, out: Path, rows: pl.DataFrame) -> dict[str, object]:
    """Write the tables into `out` and count them."""
    out.mkdir(parents=True, exist_ok=True)
    prompts = [messages(text, params.prompt) for text in rows["problem"]]
    rows = rows.with_columns(prompt=pl.Series(prompts, dtype=MESSAGES))
    level = pl.col("meta").str.json_path_match("$.level")
    rl = rows.select("prompt", *RL, level=level).sort("curriculum_rank")
    sft = _sft(rows)
    rl.write_parquet(out / "rl.parquet")
    sft.write_parquet(out / "sft.parquet")
    if "verl" in params.formats:
        _verl(rows).write_parquet(out / "verl.parquet")
    return {"rl": rl.height, "sft": sft.height}


def _sft(rows: pl.DataFrame) -> pl.DataFrame:
    told = rows.explode("chosen", empty_as_null=False).unnest("chosen")
    said = [[{"role": "assistant", "content": text}] for text in told["text"]]
    return told.with_columns(completion=pl.Series(said, dtype=MESSAGES)).select(
        "prompt", "completion", "id", "source", "license", "model", "n_tokens"
    )


def _verl(rows: pl.DataFrame) -> pl.DataFrame:
    """The five columns that verl's loader reads."""
    told: list[dict[str, Any]] = [
        {
            "data_source": row["source"],
            "prompt": row["prompt"],
            "ability": row["domain"],
            "reward_model": {"style": "rule", "ground_truth": row["answer"]},
            "extra_info": {
                "index": number,
                "id": row["id"],
                "verifier": row["verifier"],
                "verify_info": row["verify_info"] or json.dumps({}),
            },
        }
        for number, row in enumerate(rows.iter_rows(named=True))
    ]
    return pl.DataFrame(told, infer_schema_length=None)
