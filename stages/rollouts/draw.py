"""The samples of one pass: drawn by an engine, or read where they are recorded.

The samples of a model are numbered on from one pass to the next, so that id, model and
number say which sample is meant, and what an earlier pass drew is not drawn again.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from pipeline.engines.loading import load as load_engine
from pipeline.errors import UserError
from pipeline.models import Model
from pipeline.pass_rates.window import Window
from pipeline.sampling import store
from pipeline.sampling.sampler import Sampler
from pipeline.schema import ROLLOUT
from pipeline.shards import QUEUED_BYTES, Spool, deal, number_ids
from stages.rollouts.replay import read_recordings
from stages.rollouts.ways import Pass

WORDS = "words.txt"  # beside the weights of a model that was trained on little
SPOKEN = "reasoning-gym"  # an origin whose tasks draw words from whole books
MOST = 0.5  # of a source's problems
PART = 1024  # samples in memory at once


@dataclass(frozen=True)
class Drawn:
    """The samples of a pass: `read` gives those of each list of keys, all in one go.

    They are ROLLOUT without ids. `most` is how many a problem has at most, and `taken`
    the number that comes next, by the model's title.
    """

    name: str
    keys: list[str]
    most: int
    taken: dict[str, int]
    read: Callable[[list[list[str]]], Iterator[pl.DataFrame]]

    @property
    def problems(self) -> int:
        """Of so many problems the samples are read at once."""
        return max(1, PART // self.most)


def draw_samples(
    each: Pass,
    problems: pl.DataFrame,
    window: Window,
    model: Model,
    taken: dict[str, int],
) -> Drawn:
    """Have the problems sampled by `model`, as the pass says."""
    refuse_foreign(problems, model)
    first = taken.get(model.title, 0)
    method = each.method
    engine = partial(load_engine, method.engine, model, method.options)
    title = f"rollouts, {each.name}" if each.name else "rollouts"
    sampler = Sampler(method, model, engine, keep=each.batch_size, title=title)
    counts = _sample(each, problems, window, sampler, first)
    sampler.close()
    most = int(counts["samples"].to_numpy().max(initial=1))

    who = {"model": model.title, "pass": each.name or None}
    labels = [pl.lit(value, pl.String).alias(name) for name, value in who.items()]

    def read(parts: list[list[str]]) -> Iterator[pl.DataFrame]:
        for kept in store.load_parts(sampler.folder, parts, samples=first + most):
            table = kept.join(counts, on="key", how="inner", maintain_order="left")
            number = pl.col("sample") - first
            table = table.filter(number >= 0, number < pl.col("samples"))
            table = table.drop("samples").with_columns(labels)
            yield table.sort("sample", maintain_order=True)

    numbers = each.adaptive.most if each.adaptive else each.samples
    keys = counts["key"].to_list()
    return Drawn(each.name, keys, most, {model.title: first + numbers}, read)


def take_recordings(each: Pass, problems: pl.DataFrame, taken: dict[str, int]) -> Drawn:
    """What is recorded of the problems."""
    first = pl.col("model").replace_strict(taken, default=0, return_dtype=pl.Int32)
    schema = pl.Schema({name: ROLLOUT[name] for name in ROLLOUT if name != "id"})
    # Keys and models by numbers: there may be millions of recordings.
    name = number_ids(problems["key"]), pl.col("model").cast(pl.Categorical), "sample"
    spool = Spool(schema, waiting=QUEUED_BYTES)
    light = [schema.to_frame().select(name)]
    for recorded in read_recordings(each.replay, problems):
        labelled = recorded.with_columns(
            pl.lit(each.name or None, pl.String).alias("pass"),
            sample=pl.col("sample").cast(pl.Int32) + first,
            part=pl.lit(0, pl.UInt32),
        )
        spool.add(labelled)
        light.append(labelled.select(name))
    every = pl.concat(light, rechunk=True)
    by_model = every.group_by("model", maintain_order=True).agg(pl.max("sample") + 1)
    most = every.group_by("key").len()["len"].to_numpy().max(initial=1)

    def read(parts: list[list[str]]) -> Iterator[pl.DataFrame]:
        dealt = deal(spool.pieces(0), parts, schema)
        return (table.sort("sample", maintain_order=True) for table in dealt)

    known = problems["key"].unique(maintain_order=True)
    keys = known.gather(every["key"].unique(maintain_order=True)).to_list()
    return Drawn(each.name, keys, int(most), dict(by_model.iter_rows()), read)


def _sample(
    each: Pass,
    problems: pl.DataFrame,
    window: Window,
    sampler: Sampler,
    first: int,
) -> pl.DataFrame:
    """Have samples drawn from number `first` on; (key, samples), how many."""
    if each.adaptive:
        from stages.rollouts.rounds import sample_adaptively

        def draw(wanted: pl.DataFrame) -> Iterator[pl.DataFrame]:
            wanted = wanted.with_columns(pl.col("sample") + first)
            for samples in sampler.samples(wanted, part=PART):
                yield samples.with_columns(pl.col("sample") - first)

        return sample_adaptively(
            problems, each.adaptive, window, draw, timeout_s=each.timeout_s
        )
    if each.name:
        count = f"{problems.height:,} problems, {each.samples} samples of each"
        print(f"rollouts: {each.name}, {count}", file=sys.stderr)
    numbers = range(first, first + each.samples)
    table = pl.DataFrame({"sample": numbers}, {"sample": pl.Int32})
    sampler.sample(problems.select("key", "problem").join(table, how="cross"))
    return problems.select("key", samples=pl.lit(each.samples, pl.Int32))


def refuse_foreign(rows: pl.DataFrame, model: Model) -> None:
    """UserError where `model` lists its words and a source is written in others.

    A toy model answers nonsense to these, every problem leaves as never solved, and
    nothing tells why.
    """
    file = Path(model.load, WORDS)
    if model.kind == "hub" or not file.exists():
        return
    known = file.read_text(encoding="utf-8").split()
    words = pl.col("problem").str.to_lowercase().str.extract_all(r"[^\W\d_]+")
    unknown = words.list.set_difference(known)
    sources = (
        rows.filter(~pl.col("origin").list.contains(SPOKEN))
        .with_columns(unknown=unknown.list.sort())
        .with_columns(is_foreign=pl.col("unknown").list.len() > 0)
        .group_by("source", maintain_order=True)
        .agg(
            pl.len(),
            pl.col("is_foreign").sum().alias("foreign"),
            pl.col("id", "unknown").filter("is_foreign").first(),
        )
        .filter(pl.col("foreign") > MOST * pl.col("len"))
    )
    for source, count, foreign, example, others in sources.iter_rows():
        raise UserError(
            f"{model.name} is a toy and speaks only the demo's generators: "
            f"{foreign:,} of {count:,} problems of {source} have words that it never "
            f"saw ({example}: {', '.join(others[:3])})",
            hint="sample a real model: `model: {kind: packaged}`, which needs no Hub, "
            "or `model: {kind: hub, repo: …, revision: …}`",
        )
