"""What a table of graded samples says about a model, and how surely.

A problem counts once, however often it was sampled: samples of one problem are
alike, so intervals are clustered by problem (Miller, Adding error bars to evals,
2024). Undecided samples count neither way, and their number stands beside.

- pass@1: the mean over problems of the share of right samples. Its 95% interval is
  Wilson's (1927) at the effective number of independent samples, which is what the
  spread between problems leaves of them (Korn and Graubard, 1998): it never leaves
  [0, 1], and never shrinks to a point where every sample is right or wrong.
- avg@k: the same, with undecided samples as wrong ones, as published tables have it.
- pass@k: the unbiased estimator 1 - C(n-c, k) / C(n, k) (Chen et al., Evaluating
  large language models trained on code, 2021), mean over problems.
- maj@k: whether the most frequent answer is right; of equally frequent ones, the
  share of them that is. Samples vote as `pipeline/grading/voting.py` says, undecided
  ones and those without an answer not at all; a problem without a vote has 0.
- Two models are compared problem by problem: mean difference of pass@1 over the
  problems that both were decided on, with the normal 95% interval of its mean. Every
  pair is compared: of twenty intervals of equal models, one leaves out 0 by chance.
"""

from math import comb, sqrt
from typing import Any

import polars as pl

from pipeline.grading.voting import RIGHT
from pipeline.pass_rates.interval import Interval, Z, wilson


def compare(graded: dict[str, pl.DataFrame]) -> dict[str, Any]:
    """The summary of each model's samples, and every model against those before it.

    `models` has each model's scores, whole and by benchmark; `gain` is over the first
    model, `pairs` over each earlier one, whole and by benchmark.
    """
    parts = {name: _by_benchmark(samples) for name, samples in graded.items()}
    rates = {
        name: {each: problems(part) for each, part in by_benchmark.items()}
        for name, by_benchmark in parts.items()
    }
    first, *others = [*graded] or [""]
    pairs = {
        name: {
            earlier: _compare_pair(rates[name], rates[earlier])
            for earlier in (first, *others[:number])
        }
        for number, name in enumerate(others)
    }
    return {
        "models": {
            name: {**summary(samples), **_summarise(parts[name])}
            for name, samples in graded.items()
        },
        "gain": {name: {"over": first, **over[first]} for name, over in pairs.items()},
        "pairs": pairs,
    }


def shorten(samples: pl.DataFrame) -> pl.DataFrame:
    """What scores read of samples, in a few bytes each; all of a problem are there.

    Votes have the same name where they are the same in one problem, and no other sense.
    """
    number = pl.col("vote").rank("dense").over("id").cast(pl.String)
    vote = pl.when(pl.col("vote") == RIGHT).then("vote").otherwise(number)
    names = pl.col("id", "benchmark", "finish_reason"), vote.alias("vote")
    return samples.select(
        *(each.cast(pl.Categorical) for each in names), "correct", "n_tokens"
    )


def points(models: dict[str, Any]) -> list[dict[str, Any]]:
    """One point a model and benchmark, from the scores of `compare`."""
    return [
        {
            "model": name,
            "benchmark": benchmark,
            "pass@1": scored["pass@1"],
            "low": scored["pass@1_interval"][0],
            "high": scored["pass@1_interval"][1],
        }
        for name, model in models.items()
        for benchmark, scored in model["benchmarks"].items()
    ]


def summary(samples: pl.DataFrame) -> dict[str, Any]:
    """The scores of one model on `samples`, a table as `evaluate` keeps it.

    avg@k and maj@k are there where every problem has k samples. k of pass@k is each
    power of two up to the fewest samples of a problem, and that number.
    """
    per_problem = problems(samples)
    counts: list[int] = samples.group_by("id").len()["len"].to_list() or [1]
    k = min(counts)
    powers = {2**power for power in range(1, k.bit_length())} | ({k} - {1})
    scores: dict[str, Any] = {
        "problems": per_problem.height,
        "samples": samples.height,
        "undecided": samples["correct"].null_count(),
        **_lengths(samples),
        "pass@1": _rounded(per_problem["rate"].mean()),
        "pass@1_interval": list(map(_rounded, interval(per_problem))),
        **{f"pass@{n}": _rounded(pass_at(n, per_problem)) for n in sorted(powers)},
    }
    if k == max(counts):
        scores[f"avg@{k}"] = _rounded(samples["correct"].fill_null(False).mean())
        scores[f"maj@{k}"] = _rounded(per_problem["majority"].mean())
    return scores


def _lengths(samples: pl.DataFrame) -> dict[str, Any]:
    """Tokens of right and wrong samples, and how many were cut at the limit."""
    n_tokens, correct = samples["n_tokens"], samples["correct"]
    is_cut = samples["finish_reason"] == "length"
    return {
        "truncated": is_cut.sum(),
        "truncated_share": _rounded(is_cut.mean()),
        "mean_tokens": _rounded(n_tokens.mean()),
        "mean_tokens_right": _rounded(n_tokens.filter(correct).mean()),
        "mean_tokens_wrong": _rounded(n_tokens.filter(~correct).mean()),
    }


def problems(samples: pl.DataFrame) -> pl.DataFrame:
    """One row a problem: n decided samples, c right ones, rate and majority."""
    decided = samples.filter(pl.col("correct").is_not_null())
    counts = decided.group_by("id", maintain_order=True).agg(
        n=pl.len(), c=pl.col("correct").sum()
    )
    counts = counts.with_columns(rate=pl.col("c") / pl.col("n"))
    shares = _majority_share(decided)
    counts = counts.join(shares, on="id", how="left", maintain_order="left")
    return counts.with_columns(pl.col("majority").fill_null(0.0))


def interval(per_problem: pl.DataFrame) -> Interval:
    """The 95% interval of pass@1; the module says how."""
    rate, count = per_problem["rate"], per_problem.height
    if count == 0:
        return 0.0, 1.0
    mean = float(rate.mean())  # type: ignore[arg-type]
    spread = float(rate.var() or 0.0) / count  # type: ignore[arg-type]
    most = count if mean in (0.0, 1.0) else int(per_problem["n"].sum())
    effective = min(mean * (1 - mean) / spread, most) if spread else most
    return wilson(mean, effective)


def pass_at(k: int, per_problem: pl.DataFrame) -> float | None:
    """Unbiased pass@k over the problems with at least k decided samples."""
    counts = per_problem.select("n", "c").rows()
    estimates = [1 - comb(n - c, k) / comb(n, k) for n, c in counts if n >= k]
    return sum(estimates) / len(estimates) if estimates else None


def difference(model: pl.DataFrame, base: pl.DataFrame) -> dict[str, Any]:
    """How much higher pass@1 is in `model`, over the problems that both tables have.

    `higher` and `lower` count the problems whose rate is so. There is no interval of
    fewer than two problems, nor where all of them differ alike.
    """
    paired = model.join(base, on="id", suffix="_base", maintain_order="left")
    gain = paired["rate"] - paired["rate_base"]
    mean: Any = gain.mean()
    spread: Any = gain.std()
    half = Z * spread / sqrt(paired.height) if spread else None
    return {
        "problems": paired.height,
        "higher": (gain > 0).sum(),
        "lower": (gain < 0).sum(),
        "pass@1": _rounded(mean),
        "interval": half and [_rounded(mean - half), _rounded(mean + half)],
    }


def _compare_pair(
    model: dict[str, pl.DataFrame], base: dict[str, pl.DataFrame]
) -> dict[str, Any]:
    """The difference over all problems and by benchmark, from tables of `problems`."""
    return {
        **difference(pl.concat(model.values()), pl.concat(base.values())),
        "benchmarks": {each: difference(model[each], base[each]) for each in model},
    }


def _summarise(parts: dict[str, pl.DataFrame]) -> dict[str, Any]:
    """The scores by benchmark, and their mean, in which benchmarks weigh alike."""
    by_benchmark = {name: summary(part) for name, part in parts.items()}
    rates = [scored["pass@1"] for scored in by_benchmark.values()]
    mean = None if None in rates else _rounded(sum(rates) / len(rates))
    return {"pass@1_mean_of_benchmarks": mean, "benchmarks": by_benchmark}


def _by_benchmark(samples: pl.DataFrame) -> dict[str, pl.DataFrame]:
    parts = samples.partition_by("benchmark", maintain_order=True)
    return {part["benchmark"][0]: part for part in parts}


def _majority_share(decided: pl.DataFrame) -> pl.DataFrame:
    """How right the most frequent answers are, of problems with a vote."""
    voted = decided.filter(pl.col("vote").is_not_null())
    counts = voted.group_by("id", "vote").agg(votes=pl.len())
    most = counts.filter(pl.col("votes") == pl.col("votes").max().over("id"))
    return most.group_by("id").agg(majority=(pl.col("vote") == RIGHT).mean())


def _rounded(value: Any) -> float | None:
    return None if value is None else round(float(value), 4)
