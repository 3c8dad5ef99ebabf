"""Several models in turn, each asked only where the last left something open.

A weak model, a strong one, a teacher: a pass says which problems it takes with `where`,
a condition over the problem's columns and the verdicts on the passes before it. Every
pass keeps its samples in the store of its own way of sampling; which problems it takes
rests on kept samples and kept verdicts, so a killed run takes up where it was.
"""

import re
from collections.abc import Callable, Sequence

import polars as pl

from pipeline import sql
from pipeline.grading.workers import Grader, grader
from pipeline.models import Model
from pipeline.pass_rates.window import Window
from stages.rollouts.draw import Drawn, draw_samples, take_recordings
from stages.rollouts.verdicts import judge_samples
from stages.rollouts.ways import Pass

# Signed: what falls below zero would wrap around.
_COUNTED = dict.fromkeys(("n_samples", "n_correct", "n_undecided"), pl.Int64())
_COUNTS = pl.Schema({"key": pl.String(), **_COUNTED})


def draw_passes(
    passes: Sequence[Pass],
    problems: pl.DataFrame,
    window: Window,
    base: Callable[[], Model],
) -> list[Drawn]:
    """The samples of each pass; `base` is the recipe's model.

    `problems` have distinct keys. UserError where a `where` cannot be read, or a model
    is not pinned.
    """
    models = [_find_model(each, number, base) for number, each in enumerate(passes)]
    _check_conditions(passes, problems)
    table, taken, drawn = problems, dict[str, int](), list[Drawn]()
    for number, (each, model) in enumerate(zip(passes, models, strict=True)):
        chosen = _choose(table, each, number).select(problems.columns)
        if model is None:
            samples = take_recordings(each, chosen, taken)
        else:
            samples = draw_samples(each, chosen, window, model, taken)
        drawn.append(samples)
        taken |= samples.taken
        if _is_asked_for(each.name, passes[number + 1 :]):
            table = _add_counts(table, problems, samples, each)
    return drawn


def _find_model(each: Pass, number: int, base: Callable[[], Model]) -> Model | None:
    """The model of a pass; None where its completions are recorded."""
    if each.engine == "replay":
        return None
    if each.model is None:
        return base()
    setting = f"rollouts.passes.{number}.model"
    return each.model.find(is_served=each.engine == "server", setting=setting)


def _check_conditions(passes: Sequence[Pass], problems: pl.DataFrame) -> None:
    """UserError for a mistake in any `where`, before hours are spent on others."""
    for number, each in enumerate(passes):
        _choose(problems, each, number)
        nothing = pl.lit(None, pl.Struct({**_COUNTED, "pass_rate": pl.Float64}))
        problems = problems.with_columns(nothing.alias(each.name))


def _choose(table: pl.DataFrame, each: Pass, number: int) -> pl.DataFrame:
    """The rows that a pass takes."""
    if not each.where:
        return table
    return sql.select(table, each.where, setting=f"rollouts.passes.{number}.where")


def _is_asked_for(name: str, later: Sequence[Pass]) -> bool:
    """Whether a later pass depends on the verdicts on this one."""
    word = re.compile(rf"\b{re.escape(name)}\b", re.I)
    return any(word.search(each.where) for each in later)


def _add_counts(
    table: pl.DataFrame, problems: pl.DataFrame, drawn: Drawn, each: Pass
) -> pl.DataFrame:
    """The table with a struct of the counts of a pass, under its name."""
    with grader(each.timeout_s) as grade:
        counts = count_verdicts(problems, drawn, grade)
    counts = counts.select("key", pl.struct(pl.exclude("key")).alias(each.name))
    return table.join(counts, on="key", how="left", maintain_order="left")


def count_verdicts(problems: pl.DataFrame, drawn: Drawn, grade: Grader) -> pl.DataFrame:
    """(key, n_samples, n_correct, n_undecided, pass_rate) of each problem in a pass.

    Of a problem that was not sampled n_samples is 0 and the others are null; without a
    decided sample pass_rate is.
    """
    parts = [_COUNTS.to_frame()]
    sampled = problems.filter(pl.col("key").is_in(drawn.keys))
    slices = [*sampled.iter_slices(drawn.problems)]
    samples_of = drawn.read([part["key"].to_list() for part in slices])
    for part, samples in zip(slices, samples_of, strict=True):
        judged = judge_samples(part, samples, grade)
        parts.append(
            judged.group_by("key").agg(
                n_samples=pl.len().cast(pl.Int64),
                n_correct=pl.col("correct").sum().cast(pl.Int64),
                n_undecided=pl.col("correct").null_count().cast(pl.Int64),
            )
        )
    decided = pl.col("n_samples") - pl.col("n_undecided")
    counts = problems.select("key").join(
        pl.concat(parts), on="key", how="left", maintain_order="left"
    )
    return counts.with_columns(
        pl.col("n_samples").fill_null(0),
        pass_rate=pl.when(decided > 0).then(pl.col("n_correct") / decided),
    )
