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
from pipeline.shards import Shards, as_shards, write_parts
from pipeline.stored import ROWS, writing
from pipeline.thinking import FAMILIES, Family, FamilyName, rewrite
from pipeline.traces.candidates import (
    gather_chosen,
    list_candidates,
    mark_spare,
    mark_unusable,
)
from pipeline.traces.texts import count_chars, read_texts
from stages.export.layouts import CONVERSATIONS, FRAMEWORKS, MESSAGES

RL = [
    "id", "key", "source", "license", "domain", "problem", "answer", "verifier",
    "verify_info", "pass_rate", "n_samples", "n_correct", "curriculum_rank",
]  # fmt: skip
# Columns of the rows that are read.
READ = [*RL, "meta", "solutions", "pairs", "curriculum_stage"]
Layout = Callable[[pl.DataFrame], pl.DataFrame]

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
    rows: Shards | pl.DataFrame,
    rollouts: Shards | pl.DataFrame | None = None,
) -> dict[str, object]:
    """Write the tables into `out` and count their rows; none where it is off."""
    shards = as_shards(rows)
    if params is None:
        params, shards = Params(), Shards((shards.schema.to_frame().lazy(),))
    out.mkdir(parents=True, exist_ok=True)
    table = shards.select(f"^({'|'.join(READ)})$").collect()
    table = table.with_columns(_chosen(shards, rollouts), _original="id")
    table = _repeat(table, params.repeat)
    n_sft = _write_sft(table.drop("pairs", strict=False), rollouts, out, params)
    level = pl.col("meta").str.json_path_match("$.level")
    table = table.with_columns(level=level).drop("meta", "chosen")
    table = table.sort("curriculum_rank", maintain_order=True)
    if "dpo" in params.formats:
        pairs = _preferences(table, rollouts, params)
        write_parts(pairs, PREFERENCES, out / "preferences.parquet")
    _write_problems(table.drop("solutions", "pairs", strict=False), out, params)
    return {"rl": table.height, "sft": n_sft}


def _write_problems(rows: pl.DataFrame, out: Path, params: Params) -> None:
    """Write the tables that have a row a problem, ROWS at a time."""
    columns = ["prompt", *RL, "level", *_stage_of(rows)]
    layouts: dict[Path, Layout] = {
        out / f"{name}.parquet": FRAMEWORKS[name]
        for name in FRAMEWORKS.keys() & set(params.formats)
    }
    layouts[out / "rl.parquet"] = lambda part: part.select(columns)
    rows = rows.with_row_index("index").with_columns(pl.col("index").cast(pl.Int64))
    empty = _ask(rows.clear(), params.prompt)
    with ExitStack() as stack:
        files = [
            (layout, stack.enter_context(writing(file, layout(empty).schema)))
            for file, layout in layouts.items()
        ]
        for part in rows.iter_slices(ROWS):
            asked = _ask(part, params.prompt)
            for layout, write in files:
                write(layout(asked))
    if "jsonl" in params.formats:
        lines = rows.select("problem", "answer", "source", "id")
        with replacing(out / "problems.jsonl") as draft:
            lines.write_ndjson(draft)


def _ask(rows: pl.DataFrame, prompt: Prompt) -> pl.DataFrame:
    """Rows with the `prompt` that their problem becomes."""
    prompts = [messages(text, prompt) for text in rows["problem"]]
    return rows.with_columns(prompt=pl.Series(prompts, dtype=MESSAGES))


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
            for part in _sft(rows, rollouts, params):
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


def _rewriter(think: FamilyName | Think | None) -> Callable[[str], str]:
    """What marks the thinking of a trace as the recipe wants it."""
    if think is None:
        return str
    if isinstance(think, Think):
        return partial(rewrite, target=Family(**think.model_dump()))
    return partial(rewrite, target=FAMILIES[think])


def _chosen(rows: Shards, rollouts: Shards | pl.DataFrame | None) -> pl.Series:
    """The traces to learn from; without `select`, all right ones that leak nothing.

    Solutions that are not known to be wrong serve where there is no such trace.
    """
    by_hand = rows.select("chosen").collect()["chosen"]
    if not by_hand.null_count():
        return by_hand
    table = rows.select("^(id|traces|solutions|leaking_traces)$").collect()
    open_rows = table.with_columns(
        pl.when(by_hand.is_null()).then(name).alias(name)
        for name in ("traces", "solutions")
        if name in table.columns
    )
    traces = list_candidates(open_rows)
    traces = traces.with_columns(count_chars(traces, table, rollouts))
    traces = mark_unusable(traces, require_correct=True)
    usable = gather_chosen(mark_spare(traces, use_reference=True), table.height)
    return by_hand.zip_with(by_hand.is_not_null(), usable.cast(by_hand.dtype))


def _sft(
    rows: pl.DataFrame, rollouts: Shards | pl.DataFrame | None, params: Params
) -> Iterator[pl.DataFrame]:
    """SFT of the rows' chosen traces, part by part."""
    traces = rows.with_row_index("row").select("row", "chosen")
    traces = traces.explode("chosen", empty_as_null=False).unnest("chosen")
    about = rows.select("id", "source", "license", "problem")
    for part, completion in _read_replies(traces, rows, rollouts, params):
        asked = _ask(about[part["row"]], params.prompt)
        table = asked.hstack([part["model"], part["n_tokens"], completion])
        yield table.select(SFT.names())


def _preferences(
    rows: pl.DataFrame, rollouts: Shards | pl.DataFrame | None, params: Params
) -> Iterator[pl.DataFrame]:
    """PREFERENCES: a trace beside one that is liked less, by problem, part by part."""
    if "pairs" not in rows.columns or (rows.height and rows["pairs"].is_null().all()):
        raise UserError(
            "export.formats: dpo needs pairs, and select chooses none",
            hint="`select: {pairs: {}}` pairs right traces with wrong ones",
        )
    pairs = rows.with_row_index("row").select("row", "pairs")
    pairs = pairs.explode("pairs", empty_as_null=False)
    sides = pl.concat_list(pl.col("pairs").struct.unnest()).alias("trace")
    traces = pairs.select("row", sides).explode("trace").unnest("trace")
    about = rows.select("id", "problem")
    for part, texts in _read_replies(traces, rows, rollouts, params):
        asked = _ask(about[part["row"].gather_every(2)], params.prompt)
        table = asked.with_columns(
            chosen=texts.gather_every(2), rejected=texts.gather_every(2, offset=1)
        )
        yield table.select(PREFERENCES.names())


def _read_replies(
    traces: pl.DataFrame,
    rows: pl.DataFrame,
    rollouts: Shards | pl.DataFrame | None,
    params: Params,
) -> Iterator[tuple[pl.DataFrame, pl.Series]]:
    """Traces part by part, and their texts as the `completion` of a conversation."""
    rewritten = _rewriter(params.think)
    originals = rows.select("solutions", id="_original")
    for part in read_texts(traces, originals, rollouts):
        replies = [_reply(rewritten(text)) for text in part["text"]]
        yield part, pl.Series("completion", replies, MESSAGES)


def _reply(text: str) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": text}]
