"""What a table of graded samples says about a model, and how surely.

A problem counts once, however often it was sampled: samples of one problem are
alike, so intervals are clustered by problem (Miller, Adding error bars to evals,
2024). An undecided sample counts neither way, and its number is told beside.

- pass@1: the mean over problems of the share of right samples. Its 95% interval is
  Wilson's (1927) at the effective number of independent samples, which is what the
  spread between problems leaves of them (Korn and Graubard, 1998): it never leaves
  [0, 1], and never shrinks to a point where every sample is right or wrong.
- pass@k: the unbiased estimator 1 - C(n-c, k) / C(n, k) (Chen et al., Evaluating
  large language models trained on code, 2021), mean over problems.
- maj@k: whether the most frequent answer is right; of equally frequent ones, the
  share of them that is. Samples vote as `pipeline/grading/voting.py` says, undecided
  ones and those without an answer not at all; a problem without a vote has 0.
- Two models are compared problem by problem: mean difference of pass@1 over the
  problems that both were decided on, with the normal 95% interval of its mean.
"""

from math import comb, sqrt
from typing import Any

import polars as pl

from pipeline.grading.voting import RIGHT, count_votes

Z = 1.959964  # the normal distribution holds 95% within so many deviations

Interval = tuple[float, float]


def summary(samples: pl.DataFrame) -> dict[str, Any]:
    """The scores of one model on `samples`, a table as `evaluate` keeps it."""
    per_problem = problems(samples)
    rate = per_problem["rate"]
    k = max(samples["sample"], default=0) + 1
    powers = [2**power for power in range(1, k.bit_length())]  # 2, 4, 8 … up to k
    return {
        "problems": per_problem.height,
        "samples": samples.height,
        "undecided": samples["correct"].null_count(),
        "truncated": (samples["finish_reason"] == "length").sum(),
        "mean_tokens": _rounded(samples["n_tokens"].mean()),
        "pass@1": _rounded(rate.mean()),
        "pass@1_interval": list(map(_rounded, interval(per_problem))),
        **{f"pass@{n}": _rounded(pass_at(n, per_problem)) for n in powers},
        f"maj@{k}": _rounded(per_problem["majority"].mean()),
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


def wilson(mean: float, n: float) -> Interval:
    """Wilson's 95% interval of a share `mean` of `n` independent draws."""
    centre = (mean + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * sqrt(mean * (1 - mean) / n + Z**2 / (4 * n**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def pass_at(k: int, per_problem: pl.DataFrame) -> float | None:
    """Unbiased pass@k over the problems with at least k decided samples."""
    counts = per_problem.select("n", "c").rows()
    estimates = [1 - comb(n - c, k) / comb(n, k) for n, c in counts if n >= k]
    return sum(estimates) / len(estimates) if estimates else None


def difference(model: pl.DataFrame, base: pl.DataFrame) -> dict[str, Any]:
    """How much higher pass@1 is in `model`, over the problems that both tables have."""
    paired = model.join(base, on="id", suffix="_base", maintain_order="left")
    gain = paired["rate"] - paired["rate_base"]
    if paired.height < 2:
        return {"problems": paired.height, "pass@1": None, "interval": None}
    mean = float(gain.mean())  # type: ignore[arg-type]
    half = Z * float(gain.std()) / sqrt(paired.height)  # type: ignore[arg-type]
    return {
        "problems": paired.height,
        "pass@1": _rounded(mean),
        "interval": [_rounded(mean - half), _rounded(mean + half)],
    }


def _majority_share(decided: pl.DataFrame) -> pl.DataFrame:
    """How right the most frequent answers are, of problems with a vote."""
    counts = count_votes(decided)
    most = counts.filter(pl.col("votes") == pl.col("votes").max().over("id"))
    return most.group_by("id").agg(majority=(pl.col("vote") == RIGHT).mean())


def _rounded(value: Any) -> float | None:
    return None if value is None else round(float(value), 4)
