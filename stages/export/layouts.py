"""Rows with their prompt, and conversations, in the columns of frameworks."""

import polars as pl

from pipeline.prompts import Prompt

MESSAGES = pl.List(pl.Struct({"role": pl.String, "content": pl.String}))

# What a reward reads of a row beside its answer, and what a curriculum sorts by.
DETAILS = ["id", "problem", "verifier", "verify_info", "pass_rate", "level"]


def _messages(sft: pl.DataFrame, prompt: Prompt) -> pl.DataFrame:
    """`messages`: system, user and assistant, as chat templates take them."""
    whole = pl.concat_list("prompt", "completion")
    return sft.select(whole.alias("messages"), *ORIGIN)


def _sharegpt(sft: pl.DataFrame, prompt: Prompt) -> pl.DataFrame:
    """`system` and `conversations` of {from, value}, as OpenThoughts-114k has them."""
    turn = pl.struct(
        pl.element().struct.field("role").alias("from"),
        pl.element().struct.field("content").alias("value"),
    )
    turns = pl.concat_list("prompt", "completion").list.eval(
        turn.filter(pl.element().struct.field("role") != "system")
    )
    system = pl.lit(prompt.system).alias("system")
    return sft.select(system, turns.alias("conversations"), *ORIGIN)


CONVERSATIONS = {"messages": _messages, "sharegpt": _sharegpt}
ORIGIN = "id", "source", "license", "model"


def _verl(rows: pl.DataFrame) -> pl.DataFrame:
    """The five columns that verl's loader reads."""
    info = pl.col("verify_info").fill_null("").replace("", "{}")
    return rows.with_columns(info).select(
        data_source="source",
        prompt="prompt",
        ability="domain",
        reward_model=pl.struct(style=pl.lit("rule"), ground_truth="answer"),
        extra_info=pl.struct("index", *DETAILS),
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
