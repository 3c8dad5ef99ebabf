"""What the samples show: pass rates, what they cost, their lengths and ends."""

from typing import Any

import numpy as np
import polars as pl

Facts = dict[str, Any]
BINS = 10  # of pass rates
GROUPS = 12  # that are told apart; the smallest ones share the last place
OTHERS = "all others"
LENGTHS = 24  # bins of lengths, each a constant factor wide
VERDICTS = (("right", True), ("wrong", False))


def gather(rated: pl.DataFrame, grades: pl.DataFrame, rl: pl.DataFrame) -> Facts:
    """`rated` are all problems that difficulty saw."""
    rated = _with_rates(rated, grades)
    grades = grades.join(rated, on="id", how="semi", maintain_order="left")
    return {
        "difficulty": _rates(rated, grades, rl),
        "spent": _spent(rated),
        "lengths": _lengths(grades),
        "spread": _spread(grades),
        "lengths_by_rate": _lengths_by_rate(rated, grades),
        "truncated": _truncated(rated, grades),
    }


def _with_rates(rated: pl.DataFrame, grades: pl.DataFrame) -> pl.DataFrame:
    """`rated` with the rate of the samples where difficulty, being off, has none."""
    sampled = grades.group_by("id").agg(_sampled=pl.col("correct").mean())
    if "pass_rate" not in rated.columns:
        none = pl.lit(None, pl.Float64), pl.lit(0, pl.UInt32)
        rated = rated.with_columns(pass_rate=none[0], n_samples=none[1])
    return (
        rated.join(sampled, on="id", how="left", maintain_order="left")
        .with_columns(pass_rate=pl.coalesce("pass_rate", "_sampled"))
        .select("id", "source", "domain", "pass_rate", "n_samples")
    )


def _rates(rated: pl.DataFrame, grades: pl.DataFrame, rl: pl.DataFrame) -> Facts:
    """Problems in ten bins of pass rate, before selection and after, also by group."""
    before, after = rated.drop_nulls("pass_rate"), rl.drop_nulls("pass_rate")
    per_problem = grades.group_by("id").len()["len"]
    return {
        "bins": [f"{low / BINS:.1f}–{low / BINS + 0.1:.1f}" for low in range(BINS)],
        "before": _binned(before["pass_rate"]),
        "after": _binned(after["pass_rate"]),
        "by": {name: _by(name, before, after) for name in ("source", "domain")},
        "sampled": before.height,
        "unrated": rl["pass_rate"].null_count(),
        "samples": grades.height,
        "k": per_problem.max() or 0,
    }


def _by(column: str, before: pl.DataFrame, after: pl.DataFrame) -> list[Facts]:
    """The same for each value of `column`, those with most problems first."""
    before, after = (_grouped(column, table, before) for table in (before, after))
    names = before[column].unique(maintain_order=True).to_list()
    told = [
        {
            "name": name,
            "before": _binned(before.filter(pl.col(column) == name)["pass_rate"]),
            "after": _binned(after.filter(pl.col(column) == name)["pass_rate"]),
        }
        for name in names
    ]
    return sorted(told, key=lambda one: (one["name"] == OTHERS, -sum(one["before"])))


def _grouped(column: str, table: pl.DataFrame, among: pl.DataFrame) -> pl.DataFrame:
    """`table` with values of `column` that are rare in `among` put together."""
    common = (
        among[column].value_counts().sort("count", column, descending=[True, False])
    )
    if common.height > GROUPS:
        named = common[column].head(GROUPS - 1).to_list()
        kept = pl.when(pl.col(column).is_in(named)).then(column)
        table = table.with_columns(kept.otherwise(pl.lit(OTHERS)).alias(column))
    return table


def _binned(rates: pl.Series) -> list[int]:
    counts = dict(_bin(rates).value_counts().iter_rows())
    return [counts.get(number, 0) for number in range(BINS)]


def _bin(rates: pl.Series) -> pl.Series:
    """The bin of each rate; 0.3 is in that from 0.3, as it reads."""
    return (rates * BINS + 1e-9).floor().clip(0, BINS - 1).cast(pl.Int32)


def _spent(rated: pl.DataFrame) -> Facts:
    """Samples a problem by pass rate."""
    drawn = rated.filter(pl.col("n_samples") > 0)
    drawn = drawn.with_columns(_bin(drawn["pass_rate"]).alias("bin"))
    means = dict(drawn.group_by("bin").agg(pl.col("n_samples").mean()).iter_rows())
    return {
        "bins": [means.get(number) for number in range(BINS)],
        "mean": float(drawn["n_samples"].to_numpy().mean()) if drawn.height else 0.0,
        "total": int(drawn["n_samples"].sum()),
        "problems": drawn.height,
    }


def _lengths(grades: pl.DataFrame) -> list[Facts]:
    """Quantiles of completion length in tokens, right and wrong apart."""
    told = []
    for name, verdict in VERDICTS:
        tokens = _tokens(grades, verdict)
        quantiles = [tokens.quantile(q, "nearest") for q in (0.1, 0.5, 0.9)]
        if tokens.len():
            told.append({"which": name, "samples": tokens.len(), "q": quantiles})
    return told


def _spread(grades: pl.DataFrame) -> Facts:
    """Samples by length, right and wrong apart, in bins a constant factor wide."""
    lengths = {
        name: np.maximum(_tokens(grades, verdict).to_numpy(), 1)
        for name, verdict in VERDICTS
    }
    every = np.concatenate(list(lengths.values()))
    if not len(every):
        return {"edges": [], "right": [], "wrong": []}
    edges = np.geomspace(every.min(), every.max() + 1, LENGTHS + 1)
    # Below a token apart, bins would be empty by turns.
    edges = np.unique(edges.round())
    counts = {name: np.histogram(all_, edges)[0] for name, all_ in lengths.items()}
    told = {name: count.tolist() for name, count in counts.items()}
    return {"edges": edges.astype(int).tolist(), **told}


def _tokens(grades: pl.DataFrame, verdict: bool) -> pl.Series:
    return grades.filter(pl.col("correct") == verdict)["n_tokens"].drop_nulls()


def _lengths_by_rate(rated: pl.DataFrame, grades: pl.DataFrame) -> Facts:
    """Median length of right and of wrong samples in each bin of pass rate."""
    rated = rated.drop_nulls("pass_rate")
    binned = rated.select("id", _bin(rated["pass_rate"]).alias("bin"))
    lengths = grades.select("id", "correct", "n_tokens").drop_nulls()
    medians = lengths.join(binned, on="id").group_by("bin", "correct").agg(
        pl.col("n_tokens").median()
    )  # fmt: skip
    known = {(place, correct): tokens for place, correct, tokens in medians.iter_rows()}
    return {
        name: [known.get((place, verdict)) for place in range(BINS)]
        for name, verdict in VERDICTS
    }


def _truncated(rated: pl.DataFrame, grades: pl.DataFrame) -> list[Facts]:
    """Of each source's samples, how many were cut at max_tokens, or had no room."""
    ended = grades.filter(pl.col("finish_reason").is_not_null())
    ended = ended.join(rated.select("id", "source"), on="id", how="inner")
    cut = pl.col("finish_reason") == "length"
    told = _grouped("source", ended, ended).group_by("source").agg(
        samples=pl.len(),
        cut=cut.sum(),
        cut_right=(cut & pl.col("correct").fill_null(False)).sum(),
        no_room=(pl.col("finish_reason") == "prompt_too_long").sum(),
    )  # fmt: skip
    last = pl.col("source") == OTHERS
    return told.sort(last, -pl.col("samples").cast(pl.Int64), "source").to_dicts()
