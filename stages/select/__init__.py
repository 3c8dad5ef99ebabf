"""Choose what is trained on: traces per problem, topics, quotas, the order of lessons.

Every trace is accounted for too: the table `traces` has a row for each, with the reason
why nobody learns from it, or none.

Reasons: `topic_not_drawn`, `over_quota`, `over_limit`, and those of `where`. Of traces:
`leaks`, `empty`, `wrong`, `undecided`, `other_model`, `spare`, `not_best`,
`problem_left`, and those of `trace_where`.
"""

import re
from functools import partial
from itertools import chain
from typing import Literal, Self

import polars as pl
from pydantic import Field, model_validator

from pipeline.errors import UserError
from pipeline.filter import Judged, drop
from pipeline.models import is_by
from pipeline.schema import VERDICT
from pipeline.settings import Settings
from pipeline.shards import Shards, as_shards, number_ids
from pipeline.sql import Where, drop_unless
from pipeline.stored import join_parts
from pipeline.traces.candidates import (
    CHOSEN,
    IDENTITY,
    KIND,
    SHORT,
    gather_chosen,
    list_candidates,
    mark_spare,
    mark_unusable,
    name_traces,
)
from pipeline.traces.texts import count_chars, read_texts
from stages.select.order import Quota, draw_luck, number_rows, over_quota, rank_lessons
from stages.select.pairs import Pairs, See, gather_pairs
from stages.select.scores import Score, score_traces
from stages.select.topics import Topics, draw_topics

COLUMNS = pl.Schema(
    {
        "chosen": CHOSEN,
        "curriculum_rank": pl.UInt32(),
        # Only where the params ask for them.
        "curriculum_stage": pl.UInt32(),
        "trace_score": pl.Float64(),
        "pairs": pl.List(pl.Struct({"chosen": CHOSEN.inner, "rejected": CHOSEN.inner})),
    }
)
TRACES = pl.Schema({**IDENTITY, "reason": pl.String(), "trace_score": pl.Float64()})
LENGTHS = ("n_chars", "n_tokens")
TABLES = {"traces": TRACES}


class Params(Settings):
    """Which traces of a problem are learnt from, then which problems stay.

    `models` are the models or passes whose samples may be learnt from, all where it is
    empty. `strategy` orders the traces that are left of a problem, and `traces` of them
    are taken; `all` takes all. `order_by` (SQL) is the order in which `quotas` and
    `limit` take rows; without it they take the first.
    """

    models: tuple[str, ...] = ()
    require_correct: bool = True
    trace_where: Where = Field(default_factory=dict)
    use_reference: bool = True
    strategy: Literal["shortest", "longest", "first", "random", "all", "score"] = (
        "shortest"
    )
    score: Score = Field(default_factory=dict)
    traces: int = Field(default=1, ge=0)
    pairs: Pairs | None = None
    where: Where = Field(default_factory=dict)
    topics: Topics | None = None
    order_by: str = ""
    quotas: tuple[Quota, ...] = ()
    limit: int | None = Field(default=None, ge=0)
    curriculum: tuple[str, ...] = ()
    seed: int = 0

    @model_validator(mode="after")
    def _has_a_score(self) -> Self:
        if self.strategy == "score" and not self.score:
            raise ValueError("strategy: score needs `score`")
        return self


def judge(
    rows: pl.DataFrame,
    params: Params,
    hygiene: Shards | pl.DataFrame | None = None,
    rollouts: Shards | pl.DataFrame | None = None,
) -> Judged:
    """Add chosen (traces for SFT), pairs, curriculum_rank; say why traces are not.

    The rollouts are read where hygiene has not measured the traces, or a condition
    asks for their `text`.
    """
    traces = list_candidates(rows)
    hygiene = as_shards(pl.DataFrame() if hygiene is None else hygiene)
    is_measured, measures = hygiene.height > 0, pl.Schema()
    try:
        if is_measured:
            traces = _add_measures(traces, rows["id"], hygiene, params)
            measures = hygiene.schema
        if "n_chars" not in traces.columns:
            traces = traces.with_columns(count_chars(traces, rows, rollouts))
        if _asks_for_texts(params):
            parts = (p.select("text") for p in read_texts(traces, rows, rollouts))
            none = pl.DataFrame(schema={"text": pl.String})
            traces = traces.hstack(join_parts(chain([none], parts)))
        see = partial(_with_problems, rows=rows, measures=measures)
        traces = _judge_traces(traces, see, params)
        if params.pairs:
            pairs = gather_pairs(traces, see, params.pairs, rows.height)
            rows = rows.with_columns(pairs)
    except UserError as error:
        if not is_measured:
            hint = f"{error.hint}; the stage hygiene measures traces, and it has not"
            raise UserError(str(error), hint=hint) from None
        raise
    traces = _choose_traces(traces, rows["id"], params)
    rows = rows.with_columns(chosen=gather_chosen(traces, rows.height))
    if params.score:
        rows = rows.with_columns(_first(traces, rows)["trace_score"])
    rows = _cut_rows(rows, traces, params)
    rows = rank_lessons(rows, params.curriculum)
    has_left = rows["reason"].is_not_null().gather(traces["row"])
    traces = drop(traces, pl.lit(has_left), "problem_left")
    return Judged(rows, {"traces": _trace_table(traces, rows["id"])})


def _asks_for_texts(params: Params) -> bool:
    """Whether a condition, a score or an order names the column `text`."""
    settings = str((params.trace_where, params.score, params.pairs))
    return re.search(r"\btext\b", settings, re.I) is not None


def _judge_traces(traces: pl.DataFrame, see: See, params: Params) -> pl.DataFrame:
    """Every trace with its score, and why it may not be learnt from."""
    traces = mark_unusable(traces, require_correct=params.require_correct)
    if params.models:
        is_sample = pl.col("kind") == "sample"
        traces = drop(traces, is_sample & ~is_by(params.models), "other_model")
    where, setting = params.trace_where, "select.trace_where"
    traces = drop_unless(traces, where, setting=setting, seen=see(traces))
    traces = mark_spare(traces, use_reference=params.use_reference)
    if params.score:
        score = score_traces(traces, see(traces), params.score)
        traces = traces.with_columns(score)
    return traces


def _add_measures(
    traces: pl.DataFrame, ids: pl.Series, hygiene: Shards, params: Params
) -> pl.DataFrame:
    """The traces with those of their measures that the settings name."""
    keys, settings = ["id", "kind", "number"], str(params).lower()
    measures = [
        name
        for name in hygiene.schema
        if name not in IDENTITY and (name.lower() in settings or name in LENGTHS)
    ]
    number, kind = number_ids(ids), pl.col("kind").cast(KIND)
    numbers = ids.to_frame("id").select(number)["id"].gather(traces["row"])
    known = hygiene.select(number, kind, "number", *measures).collect()
    known = known.rename({"n_tokens": "_tokens"})
    traces = traces.with_columns(numbers)
    traces = traces.join(known, on=keys, how="left", maintain_order="left")
    n_tokens = pl.coalesce("_tokens", "n_tokens")
    return traces.with_columns(n_tokens=n_tokens).drop("id", "_tokens")


def _with_problems(
    traces: pl.DataFrame, rows: pl.DataFrame, measures: pl.Schema
) -> pl.LazyFrame:
    """The traces with what is known of their problems, for conditions to read.

    What a trace has itself goes before; lists of texts are left out. Measures that no
    setting names are there by name alone.
    """
    hidden = {*traces.columns, *VERDICT}
    others = {
        name: pl.lit(rows[name]).gather(pl.col("row"))
        for name, of in rows.schema.items()
        if name not in hidden and of != pl.List(pl.Struct)
    }
    unread = {n: pl.lit(None, of) for n, of in measures.items() if n not in hidden}
    return traces.lazy().with_columns(**unread | others)


def _choose_traces(
    traces: pl.DataFrame, ids: pl.Series, params: Params
) -> pl.DataFrame:
    """The traces of each problem, the best first; mark those that are not needed."""
    length = pl.coalesce("n_tokens", "n_chars")
    id = pl.lit(ids).gather(pl.col("row"))
    names = pl.format("{}/{}/{}", id, "kind", "number")
    key = {
        "shortest": length,
        "longest": -length.cast(pl.Int64),
        "random": names.map_batches(
            lambda texts: draw_luck(texts, params.seed), pl.Float64
        ),
        "score": -pl.col("trace_score"),
    }.get(params.strategy, pl.lit(0))
    traces = traces.with_columns(_key=key)
    traces = traces.sort("row", "_key", nulls_last=True, maintain_order=True)
    if params.strategy == "all":
        return traces.drop("_key")
    number = pl.col("reason").is_null().cum_sum().over("row")
    return drop(traces, number > params.traces, "not_best").drop("_key")


def _first(traces: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Of each row the first trace that is learnt from; nulls where there is none."""
    best = traces.filter(pl.col("reason").is_null())
    best = best.unique("row", keep="first", maintain_order=True)
    best = best.with_columns(pl.col(*SHORT).cast(pl.String))
    numbers = rows.with_row_index("row").select("row")
    return numbers.join(best, on="row", how="left", maintain_order="left")


def _cut_rows(rows: pl.DataFrame, traces: pl.DataFrame, params: Params) -> pl.DataFrame:
    """Mark the rows that leave; conditions also see `trace`, the first, and `luck`."""
    hidden = ("row", "text", "leaks", *VERDICT)
    trace = _first(traces, rows).drop(hidden, strict=False).to_struct("trace")
    luck = draw_luck(rows["id"], params.seed).alias("luck")
    view = rows.with_columns(trace, luck)
    view = drop_unless(view, params.where, setting="select.where")
    if params.topics:
        drawn = draw_topics(view, params.topics, params.seed)
        view = drop(view, pl.lit(~drawn), "topic_not_drawn")
    number = number_rows(view, params.order_by)
    for quota in params.quotas:
        view = drop(view, pl.lit(over_quota(view, quota, number)), "over_quota")
    if params.limit is not None:
        whole = Quota(by="true", rows=params.limit)
        view = drop(view, pl.lit(over_quota(view, whole, number)), "over_limit")
    return rows.with_columns(view.select(VERDICT.names()))


def _trace_table(traces: pl.DataFrame, ids: pl.Series) -> pl.DataFrame:
    if "trace_score" not in traces.columns:
        traces = traces.with_columns(trace_score=pl.lit(None, pl.Float64))
    traces = traces.sort("row", "kind", "number")
    judged = traces.select("reason", "trace_score")
    return name_traces(traces, ids).hstack(judged)
