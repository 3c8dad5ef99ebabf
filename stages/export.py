"""The training tables, in the columns that TRL and other frameworks expect.

rl.parquet has a prompt and what its verifier needs; sft.parquet a prompt and a
completion for every chosen trace; preferences.parquet a right trace and a wrong one.
All are conversational: lists of messages. Tables for other frameworks have the rows of
rl.parquet, in the same order of lessons, and in columns of their own; what their
rewards need and have no column for is in one of them. Conversations are also written
as JSON lines, as messages or in ShareGPT's layout, and problems with their answers.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Literal

import polars as pl
from pydantic import Field, PositiveInt

from pipeline.errors import UserError
from pipeline.files import replacing
from pipeline.prompts import Prompt, messages
from pipeline.settings import Settings
from pipeline.shards import Shards, write_parts
from pipeline.thinking import FAMILIES, Family, FamilyName, rewrite
from pipeline.traces.candidates import (
    count_chars,
    gather_chosen,
    list_candidates,
    mark_spare,
    mark_unusable,
    read_texts,
)

MESSAGES = pl.List(pl.Struct({"role": pl.String, "content": pl.String}))
RL = [
    "id", "key", "source", "license", "domain", "problem", "answer", "verifier",
    "verify_info", "pass_rate", "n_samples", "n_correct", "curriculum_rank",
]  # fmt: skip


SFT = pl.Schema(
    {
        "prompt": MESSAGES,
        "completion": MESSAGES,
        **dict.fromkeys(("id", "source", "license", "model"), pl.String()),
        "n_tokens": pl.Int32(),
    }
)
PREFERENCES = pl.Schema(
    {"id": pl.String(), **dict.fromkeys(("prompt", "chosen", "rejected"), MESSAGES)}
)

# What a reward reads of a row beside its answer, and what a curriculum sorts by.
DETAILS = ["id", "problem", "verifier", "verify_info", "pass_rate", "level"]

Format = Literal[
    "trl", "dpo", "messages", "sharegpt", "jsonl", "verl", "openrlhf", "verifiers"
]  # fmt: skip


class Think(Settings):
    """What stands around the thinking and the answer, white space and all."""

    open: str
    close: str
    answer_open: str = ""
    answer_close: str = ""


class Params(Settings):
    """The layouts to write. `dpo` writes the pairs that `select` has chosen.

    `think` is the family whose tags mark the thinking of every trace, by name or in
    full; without it traces stay as they are. `repeat` has how often the rows of a
    source stand in every table, if not once.
    """

    formats: tuple[Format, ...] = ("trl", "verl")
    think: FamilyName | Think | None = None
    repeat: dict[str, PositiveInt] = Field(default_factory=dict)
    prompt: Prompt = Prompt()


def build(
    params: Params | None,
    out: Path,
    rows: pl.DataFrame,
    rollouts: Shards | pl.DataFrame | None = None,
) -> dict[str, object]:
    """Write the tables into `out` and count their rows; none where it is off."""
    if params is None:
        params, rows = Params(), rows.clear()
    out.mkdir(parents=True, exist_ok=True)
    rows = rows.with_columns(_chosen(rows, rollouts))
    rows = _repeat(rows.with_columns(_original="id"), params.repeat)
    prompts = [messages(text, params.prompt) for text in rows["problem"]]
    rows = rows.with_columns(prompt=pl.Series(prompts, dtype=MESSAGES))
    rewritten = _rewriter(params.think)
    n_sft = _write_sft(rows, rollouts, out, params)
    level = pl.col("meta").str.json_path_match("$.level")
    rows = rows.with_columns(level=level).sort("curriculum_rank", maintain_order=True)
    rl = rows.select("prompt", *RL, "level", *_stage_of(rows))
    write(rl, out / "rl.parquet")
    if "dpo" in params.formats:
        pairs = _preferences(rows, rollouts, rewritten)
        write_parts(pairs, PREFERENCES, out / "preferences.parquet")
    for name in FRAMEWORKS.keys() & set(params.formats):
        write(FRAMEWORKS[name](rows), out / f"{name}.parquet")
    if "jsonl" in params.formats:
        write(rows.select("problem", "answer", "source", "id"), out / "problems.jsonl")
    return {"rl": rl.height, "sft": n_sft}


def _write_sft(
    rows: pl.DataFrame,
    rollouts: Shards | pl.DataFrame | None,
    out: Path,
    params: Params,
) -> int:
    """Write the chosen traces, and as conversations; say how many there are."""
    layouts = {
        out / f"{name}.jsonl": CONVERSATIONS[name]
        for name in CONVERSATIONS.keys() & set(params.formats)
    }
    count = 0
    with ExitStack() as stack:
        files = {
            layout: stack.enter_context(stack.enter_context(replacing(file)).open("ab"))
            for file, layout in layouts.items()
        }

        def pass_on() -> Iterator[pl.DataFrame]:
            nonlocal count
            for part in _sft(rows, rollouts, _rewriter(params.think)):
                count += part.height
                for layout, file in files.items():
                    layout(part, params.prompt).write_ndjson(file)
                yield part

        write_parts(pass_on(), SFT, out / "sft.parquet")
    return count


def _stage_of(rows: pl.DataFrame) -> list[str]:
    """The column of curriculum stages, where the recipe has stages."""
    stages = rows.get_column("curriculum_stage", default=pl.Series([None]))
    return ["curriculum_stage"] if stages.is_not_null().any() else []


def _repeat(rows: pl.DataFrame, times: dict[str, int]) -> pl.DataFrame:
    """Rows with copies of those of some sources; a copy has an id of its own, x#2."""
    copies = [
        rows.filter(source=source).with_columns(id=pl.format("{}#{}", "id", number))
        for source, count in times.items()
        for number in map(pl.lit, range(2, count + 1))
    ]
    return pl.concat([rows, *copies])


def write(table: pl.DataFrame, file: Path) -> None:
    """Write the whole table or nothing, as parquet or as lines of JSON."""
    with replacing(file) as draft:
        if file.suffix == ".jsonl":
            table.write_ndjson(draft)
        else:
            table.write_parquet(draft)


def _rewriter(think: FamilyName | Think | None) -> Callable[[str], str]:
    """What marks the thinking of a trace as the recipe wants it."""
    if think is None:
        return str
    if isinstance(think, Think):
        return partial(rewrite, target=Family(**think.model_dump()))
    return partial(rewrite, target=FAMILIES[think])


def _chosen(rows: pl.DataFrame, rollouts: Shards | pl.DataFrame | None) -> pl.Series:
    """The traces to learn from; without `select`, all right ones that leak nothing.

    Solutions that are not known to be wrong serve where there is no such trace.
    """
    by_hand = rows["chosen"]
    if not by_hand.null_count():
        return by_hand
    open_rows = rows.with_columns(
        pl.when(by_hand.is_null()).then(name).alias(name)
        for name in ("traces", "solutions")
        if name in rows.columns
    )
    traces = list_candidates(open_rows)
    traces = traces.with_columns(count_chars(traces, rows, rollouts))
    traces = mark_unusable(traces, require_correct=True)
    usable = gather_chosen(mark_spare(traces, use_reference=True), rows.height)
    return by_hand.zip_with(by_hand.is_not_null(), usable.cast(by_hand.dtype))


def _sft(
    rows: pl.DataFrame,
    rollouts: Shards | pl.DataFrame | None,
    rewritten: Callable[[str], str],
) -> Iterator[pl.DataFrame]:
    """SFT of the rows' chosen traces, part by part."""
    traces = rows.with_row_index("row").select("row", "chosen", id="_original")
    traces = traces.explode("chosen", empty_as_null=False).unnest("chosen")
    about = rows.select("prompt", "id", "source", "license")
    for part in read_texts(traces, rows, rollouts):
        replies = [_reply(rewritten(text)) for text in part["text"]]
        table = about[part["row"]].with_columns(
            part.select("model", "n_tokens"),
            completion=pl.Series(replies, dtype=MESSAGES),
        )
        yield table.select(SFT.names())


def _preferences(
    rows: pl.DataFrame,
    rollouts: Shards | pl.DataFrame | None,
    rewritten: Callable[[str], str],
) -> Iterator[pl.DataFrame]:
    """PREFERENCES: a trace beside one that is liked less, by problem, part by part."""
    if "pairs" not in rows.columns or (rows.height and rows["pairs"].is_null().all()):
        raise UserError(
            "export.formats: dpo needs pairs, and select chooses none",
            hint="`select: {pairs: {}}` pairs right traces with wrong ones",
        )
    pairs = rows.with_row_index("row").select("row", "pairs", id="_original")
    pairs = pairs.explode("pairs", empty_as_null=False)
    sides = pl.concat_list(pl.col("pairs").struct.unnest()).alias("trace")
    traces = pairs.select("row", "id", sides).explode("trace").unnest("trace")
    about = rows.select("id", "prompt")
    for part in read_texts(traces, rows, rollouts):
        replies = [_reply(rewritten(text)) for text in part["text"]]
        texts = pl.Series(replies, dtype=MESSAGES)
        yield about[part["row"].gather_every(2)].with_columns(
            chosen=texts.gather_every(2), rejected=texts.gather_every(2, offset=1)
        )


def _reply(text: str) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": text}]


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
