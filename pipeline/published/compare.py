"""Two sets beside each other: which rows differ and why, and which verdicts changed."""

from dataclasses import dataclass

import polars as pl

from pipeline.published.side import Side

VERDICTS = {True: "right", False: "wrong", None: "undecided"}


@dataclass(frozen=True)
class Comparison:
    """What differs between a and b.

    `only_a` and `only_b`: rows of one set with what became of their problem in the
    other: `stage`, `reason`, `twin`, `score`, or the reason `not_collected`.
    `verdicts`: completions that both have and judge in two ways, with the gold answer
    that each had; `shared` is how many both have. `sources`: rows kept of each.
    """

    only_a: pl.DataFrame
    only_b: pl.DataFrame
    verdicts: pl.DataFrame
    shared: int
    sources: pl.DataFrame


def compare(a: Side, b: Side) -> Comparison:
    verdicts, shared = compare_verdicts(a.samples, b.samples)
    counts = [
        side.kept.group_by("source").len(name) for name, side in (("a", a), ("b", b))
    ]
    sources = counts[0].join(counts[1], on="source", how="full", coalesce=True)
    return Comparison(
        explain_absence(a, b),
        explain_absence(b, a),
        verdicts,
        shared,
        sources.with_columns(pl.col("a", "b").fill_null(0)).sort("source"),
    )


def explain_absence(own: Side, other: Side) -> pl.DataFrame:
    """The rows of `own` that `other` has not kept, and what became of them there.

    Of several rows with one text, the one that got furthest says why.
    """
    absent = own.kept.join(other.kept, on="key", how="anti", maintain_order="left")
    why = other.lost.drop("source").unique("key", keep="last", maintain_order=True)
    why = why.rename({"id": "other_id"}).drop_nulls("key")
    rows = absent.join(why, on="key", how="left", maintain_order="left")
    return rows.with_columns(pl.col("reason").fill_null("not_collected"))


def compare_verdicts(a: pl.DataFrame, b: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """(completions whose verdict differs, how many both sides judged)."""
    same = ["key", "text"]
    distinct = [
        table.unique(same, keep="first", maintain_order=True) for table in (a, b)
    ]
    judged = ["correct", "answer", "extracted", "why"]
    joined = distinct[0].join(
        distinct[1].select(*same, *judged), on=same, suffix="_b", maintain_order="left"
    )
    changed = joined.filter(~pl.col("correct").eq_missing(pl.col("correct_b")))
    named = changed.rename({name: f"{name}_a" for name in judged})
    order = ["key", "id", "model", "sample"]
    return named.select(
        *order, *(f"{n}_{s}" for n in judged for s in "ab")
    ), joined.height


def count_changes(verdicts: pl.DataFrame) -> list[tuple[str, int, str]]:
    """(from → to, completions, an id) of verdicts that changed, most frequent first."""
    groups = verdicts.group_by("correct_a", "correct_b").agg(
        n=pl.len(), example=pl.col("id").min()
    )
    return [
        (f"{VERDICTS[before]} → {VERDICTS[after]}", n, example)
        for before, after, n, example in groups.sort(
            ["n", "example"], descending=[True, False]
        ).iter_rows()
    ]


def count_reasons(rows: pl.DataFrame) -> list[tuple[str, str, int, str]]:
    """(stage, reason, rows, an id) of rows that are in one set alone."""
    groups = rows.group_by(pl.col("stage").fill_null("–"), "reason").agg(
        n=pl.len(), example=pl.col("id").min()
    )
    return groups.sort(["n", "reason"], descending=[True, False]).rows()
