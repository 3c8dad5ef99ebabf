"""Put questions to models about every row; keep, drop or rewrite rows by the answers.

One mechanism for what published recipes let models decide: whether a problem is valid
or can be solved, how hard it is, what it is about, whether its answer can be guessed,
and how it reads without its choices, in English, or with an integer for an answer. An
answer is JSON with named fields; votes are summed up by field in the column `ask`, and
`where` cuts by them in SQL.

Reasons: the names in `where`; `not_asked`, where the budget was spent before all votes
were in; `answer_unreadable`, where the verifier of a rewritten row cannot read its gold
answer.
"""

import json
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from typing import Annotated, Any, get_args

import polars as pl
from pydantic import Field

from pipeline.endpoint.client import Budget, Endpoint
from pipeline.filter import drop
from pipeline.grading.workers import Grader, find_unreadable, grader
from pipeline.settings import Settings
from pipeline.sql import Where, drop_unless, select
from pipeline.verifiers.judge import Judge
from stages.ask.gathering import gather_votes
from stages.ask.questions import NAME, Column, Poll
from stages.ask.rewrites import choose_vote, rewrite
from stages.ask.votes import Votes, grade_answers, sum_up, summary_type

COLUMNS = pl.Schema(
    {
        "ask": pl.String(),
        # Only where something was rewritten.
        **{f"{column}_before": pl.String() for column in get_args(Column)},
    }
)
GOLD = ("verifier", "answer", "verify_info")

EVIDENCE = pl.col("ask").struct.json_encode()

Summary = dict[str, Any]
OpenGrader = Callable[[], Grader]


class Params(Settings):
    """The questions, in the order in which they are put, and which rows then stay.

    `endpoint` is where the models are, its `max_requests` the budget of all questions
    together. `where` is a condition in SQL, or several by reason: rows that do not
    fulfil one leave with its reason. `timeout_s` bounds a verdict on an answer that is
    judged; `judge` judges those whose verifier is a model.
    """

    endpoint: Endpoint = Endpoint()
    questions: dict[Annotated[str, Field(pattern=NAME)], Poll] = Field(
        default_factory=dict
    )
    where: Where = Field(default_factory=dict)
    seed: int = 0
    timeout_s: float = Field(default=20.0, gt=0)
    judge: Judge | None = None


def judge(rows: pl.DataFrame, params: Params) -> pl.DataFrame:
    """Add ask and what is rewritten; mark what `where` cuts."""
    original = rows.select(GOLD)
    budget = Budget(params.endpoint.max_requests)
    with ExitStack() as stack:

        @cache
        def open_grader() -> Grader:
            return stack.enter_context(grader(params.timeout_s, params.judge))

        for name, poll in params.questions.items():
            chosen = _choose(name, poll, rows)
            polled = gather_votes(
                name, rows[chosen], poll, params.endpoint, params.seed, budget
            )
            is_unpaid = _spread(chosen, ["budget" in v for v in polled], rows.height)
            rows = _add_answers(rows, name, poll, chosen, polled, open_grader)
            rows = drop(rows, pl.lit(is_unpaid), "not_asked", evidence=EVIDENCE)
    rows = drop_unless(rows, params.where, setting="ask.where")
    rows = _drop_unreadable(rows, original, params.timeout_s)
    text = EVIDENCE if params.questions else pl.lit("{}")
    return rows.with_columns(ask=text)


def _choose(name: str, poll: Poll, rows: pl.DataFrame) -> list[int]:
    """Numbers of the rows that a question is about: those still in, by its `where`."""
    rows = rows.with_row_index("#number").filter(pl.col("reason").is_null())
    if poll.where:
        rows = select(rows, poll.where, setting=f"ask.questions.{name}.where")
    return rows["#number"].to_list()


def _add_answers(
    rows: pl.DataFrame,
    name: str,
    poll: Poll,
    chosen: list[int],
    polled: list[Votes],
    open_grader: OpenGrader,
) -> pl.DataFrame:
    """Rows with one more field of `ask` (struct), and rewritten where that is agreed.

    The field is null where the question was not put.
    """
    polled, verdicts = _grade(rows[chosen], polled, poll, open_grader)
    summaries = [
        sum_up(votes, poll) | counts
        for votes, counts in zip(polled, verdicts, strict=True)
    ]
    before = [pl.col("ask").struct.field("*")] if "ask" in rows.columns else []
    column = _spread(chosen, summaries, rows.height, summary_type(poll)).alias(name)
    rows = rows.with_columns(ask=pl.struct(*before, column))
    if not poll.rewrite:
        return rows
    values = [
        choose_vote(votes, summary, poll)
        for votes, summary in zip(polled, summaries, strict=True)
    ]
    return rewrite(rows, dict(zip(chosen, values, strict=True)), poll)


def _grade(
    rows: pl.DataFrame, polled: list[Votes], poll: Poll, open_grader: OpenGrader
) -> tuple[list[Votes], list[Summary]]:
    """Votes in one spelling, and verdicts counted, for fields that are an answer."""
    counts: list[Summary] = [{} for _ in polled]
    for field in (name for name, kind in poll.fields.items() if kind.type == "answer"):
        polled, verdicts = grade_answers(rows, polled, field, open_grader())
        counts = [own | new for own, new in zip(counts, verdicts, strict=True)]
    return polled, counts


def _spread(
    numbers: list[int], values: list[Any], height: int, dtype: Any = None
) -> pl.Series:
    """A column with `values` in the rows of these numbers, and nulls between them."""
    column: list[Any] = [None] * height
    for number, value in zip(numbers, values, strict=True):
        column[number] = value
    return pl.Series(column, dtype=dtype or pl.Boolean)


def _drop_unreadable(
    rows: pl.DataFrame, original: pl.DataFrame, timeout_s: float
) -> pl.DataFrame:
    """Drop rewritten rows whose gold answer their verifier cannot read."""
    golds = rows.select(GOLD).rows()
    is_new = [new != old for new, old in zip(golds, original.rows(), strict=True)]
    stays = rows["reason"].is_null() & rows["verifier"].is_not_null()
    changed = (stays & pl.Series(is_new, dtype=pl.Boolean)).arg_true().to_list()
    if not changed:
        return rows
    distinct = list(dict.fromkeys(golds[i] for i in changed))
    whys = dict(zip(distinct, find_unreadable(distinct, timeout_s), strict=True))
    details: list[str | None] = [None] * rows.height
    for i in changed:
        details[i] = (why := whys[golds[i]]) and json.dumps({"detail": why})
    detail = pl.lit(pl.Series(details, dtype=pl.String))
    return drop(rows, detail.is_not_null(), "answer_unreadable", evidence=detail)
