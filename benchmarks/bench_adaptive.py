"""Adaptive sampling beside a fixed number: which misclassifies fewer problems.

    python benchmarks/bench_adaptive.py --problems 20000 --runs 3
    python benchmarks/bench_adaptive.py --problems 200 --runs 20 --certainty 0.95

A problem is misclassified when it is decided to be inside the window of pass rates
and is not, or the other way about. Fixed sampling decides by the share of right
samples, as published recipes do; adaptive sampling by its posterior. `as good` is the
least fixed number that is expected to do no worse, under the prior fitted to the
counts of adaptive sampling and decided by the posterior too. Simulated pools have known
rates; with `--certainty` some are never or always solved, windows are open too, and
every problem stops when it is certain. Recorded pools are replayed, their samples in
random order, and the rate of a problem is that of all its samples. `certain` are
decisions with a posterior of 0.95, or of `--certainty`, `accuracy` is theirs.
"""

import argparse
import json
import os
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from pipeline.pass_rates.prior import GRID, fit_prior, posterior_inside
from pipeline.pass_rates.stopping import StoppingGrid, plan_round
from pipeline.pass_rates.window import Window

WINDOW = Window(lo=0.1, hi=0.9)
FIXED = 16
DATA = Path(os.environ.get("GOLDSIEVE_DATA", "../shared/data"))
SHAPES: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "bimodal, Beta(0.3, 0.3)": lambda rng, n: rng.beta(0.3, 0.3, n),
    "bimodal, two humps": lambda rng, n: _either(
        rng, rng.beta(1, 20, n), rng.beta(20, 1, n)
    ),
    "flat": lambda rng, n: rng.random(n),
    "mostly hard, Beta(0.6, 2.4)": lambda rng, n: rng.beta(0.6, 2.4, n),
    "mostly hard, 30% never": lambda rng, n: np.where(
        rng.random(n) < 0.3, 0, rng.beta(0.5, 3, n)
    ),
    "mostly easy, Beta(2.4, 0.6)": lambda rng, n: rng.beta(2.4, 0.6, n),
    "mostly easy, 20% always": lambda rng, n: np.where(
        rng.random(n) < 0.2, 1, rng.beta(3, 0.5, n)
    ),
}

ENDS: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "50% never, 50% always": lambda rng, n: (rng.random(n) < 0.5).astype(float),
    "30% never, flat": lambda rng, n: np.where(rng.random(n) < 0.3, 0, rng.random(n)),
    "70% never, flat": lambda rng, n: np.where(rng.random(n) < 0.7, 0, rng.random(n)),
    "20% never, 20% always": lambda rng, n: _ends(rng.random(n), rng.beta(0.8, 0.8, n)),
    "30% never, Beta(0.5, 3)": SHAPES["mostly hard, 30% never"],
    "flat": SHAPES["flat"],
}
WINDOWS = {
    "(0, 1)": Window(lo=0, hi=1, lo_open=True, hi_open=True),
    "[0.1, 0.9]": WINDOW,
    "(0, 0.9]": Window(lo=0, hi=0.9, lo_open=True),
}
MOST = 32  # samples of a problem that does not get certain
MOST_FIXED = 256  # samples that fixed numbers are followed to


def _ends(shares: np.ndarray, rates: np.ndarray) -> np.ndarray:
    return np.where(shares < 0.2, 0, np.where(shares < 0.4, 1, rates))


def _either(
    rng: np.random.Generator, first: np.ndarray, second: np.ndarray
) -> np.ndarray:
    return np.where(rng.random(len(first)) < 0.5, first, second)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--share", type=float, default=0.6, help="of fixed sampling")
    parser.add_argument("--least-round", type=int, default=256)
    parser.add_argument("--certainty", type=float, help="stop at this, no budget")
    arguments = parser.parse_args()
    if arguments.certainty:
        return compare_certain(arguments)
    shown = Table(
        "pool", "problems", f"misclassified by {FIXED}", "adaptive", "samples",
        "as good", "certain", "accuracy", "rounds",
    )  # fmt: skip
    for name, make in SHAPES.items():
        rng = np.random.default_rng(11)
        runs = []
        for run in range(arguments.runs):
            rates = make(rng, arguments.problems)
            drawn = rng.random((len(rates), 64)) < rates[:, None]
            runs.append(compare(drawn, rates, run, arguments))
        add(shown, name, arguments.problems, runs)
    for name, recorded in {"One-Shot-RLVR": one_shot, "AReaL rollouts": areal}.items():
        samples = recorded()
        if samples:
            add(shown, f"{name}, replayed", len(samples), replay(samples, arguments))
    Console(width=120).print(shown)


def compare_certain(arguments: argparse.Namespace) -> None:
    """How many of the decisions that stopped a problem are right."""
    shown = Table(
        "window", "pool", "problems", "samples", f"misclassified by {FIXED}",
        "adaptive", "certain", "accuracy",
    )  # fmt: skip
    for title, window in WINDOWS.items():
        for name, make in ENDS.items():
            runs = [
                _stop_certain(
                    window, make, arguments.problems, arguments.certainty, run
                )
                for run in range(arguments.runs)
            ]
            agrees, is_certain, drawn, fixed = (
                np.concatenate(part) for part in zip(*runs, strict=True)
            )
            right = f"{agrees[is_certain].mean():.1%}" if is_certain.any() else ""
            shown.add_row(
                title, name, f"{arguments.problems:,}", f"{drawn.mean():.1f}",
                f"{fixed.mean():.2%}", f"{1 - agrees.mean():.2%}",
                f"{is_certain.mean():.1%}", right,
            )  # fmt: skip
    Console(width=120).print(shown)


def _stop_certain(
    window: Window,
    make: Callable[[np.random.Generator, int], np.ndarray],
    problems: int,
    certainty: float,
    seed: int,
) -> tuple[np.ndarray, ...]:
    """By problem: right, certain, samples drawn, whether fixed sampling is wrong."""
    rng = np.random.default_rng(seed)
    rates = make(rng, problems)
    truth = window.holds(rates)
    outcomes = rng.random((problems, MOST)) < rates[:, None]
    drawn = np.full(problems, 2)
    while True:
        right = (outcomes & (np.arange(MOST) < drawn[:, None])).sum(axis=1)
        wrong = drawn - right
        chance = posterior_inside(right, wrong, window, fit_prior(right, wrong, window))
        is_certain = np.maximum(chance, 1 - chance) >= certainty
        more = ~is_certain & (drawn < MOST)
        if not more.any():
            fixed = window.holds(outcomes[:, :FIXED].mean(axis=1)) != truth
            return (chance >= 0.5) == truth, is_certain, drawn, fixed
        drawn = drawn + more


def compare(
    outcomes: np.ndarray, rates: np.ndarray, seed: int, arguments: argparse.Namespace
) -> dict[str, float]:
    """One run on `outcomes` (problems, samples) bool, whose true rates are known."""
    truth = WINDOW.holds(rates)
    fixed = WINDOW.holds(outcomes[:, :FIXED].mean(axis=1)) != truth
    right, wrong, rounds = adaptive(
        outcomes, arguments.share * FIXED, seed, arguments.least_round
    )
    prior = fit_prior(right, wrong, WINDOW)
    chance = posterior_inside(right, wrong, WINDOW, prior)
    agrees = (chance >= 0.5) == truth
    is_certain = np.maximum(chance, 1 - chance) >= 0.95
    expected = np.minimum(chance, 1 - chance).mean()
    as_good = np.flatnonzero(expect_misclassified(prior, WINDOW) <= expected)
    return {
        "fixed": fixed.mean(),
        "adaptive": 1 - agrees.mean(),
        "samples": (right + wrong).mean(),
        "as_good": as_good[0] + 1 if len(as_good) else np.inf,
        "certain": is_certain.mean(),
        "accuracy": agrees[is_certain].mean() if is_certain.any() else np.nan,
        "rounds": rounds,
    }


def expect_misclassified(prior: np.ndarray, window: Window) -> np.ndarray:
    """The share of problems that 1, 2, … MOST_FIXED samples each misclassify.

    It is expected under `prior` (grid,), and the posterior decides.
    """
    held = window.holds(GRID)
    chances = np.ones((1, len(GRID)))  # of each count of right samples, by rate
    shares = np.empty(MOST_FIXED)
    for number in range(1, MOST_FIXED + 1):
        wrong, right = chances * (1 - GRID), chances * GRID
        chances = np.zeros((number + 1, len(GRID)))
        chances[:-1] += wrong
        chances[1:] += right
        within, outside = chances @ (prior * held), chances @ (prior * ~held)
        shares[number - 1] = np.minimum(within, outside).sum()
    return shares


def adaptive(
    outcomes: np.ndarray, budget: float, seed: int, least_round: int
) -> tuple[np.ndarray, np.ndarray, int]:
    problems, most = outcomes.shape
    places = np.arange(most)
    luck = np.random.default_rng(seed).random((problems,))
    right = outcomes[:, :2].sum(axis=1)
    wrong, rounds = 2 - right, 1
    while (left := budget * problems - (right + wrong).sum()) >= 1:
        grid = StoppingGrid(WINDOW, fit_prior(right, wrong, WINDOW), most)
        more = plan_round(grid, right, wrong, left, luck, least_round)
        more = np.minimum(more, most - right - wrong)
        if not more.any():
            break
        drawn = right + wrong
        wanted = (places >= drawn[:, None]) & (places < (drawn + more)[:, None])
        gained = (wanted & outcomes).sum(axis=1)
        right, wrong = right + gained, wrong + more - gained
        rounds += 1
    return right, wrong, rounds


def replay(
    samples: list[np.ndarray], arguments: argparse.Namespace
) -> list[dict[str, float]]:
    rates = np.array([some.mean() for some in samples])
    most = min(64, *map(len, samples))
    runs = []
    for seed in range(10 * arguments.runs):
        rng = np.random.default_rng(seed)
        outcomes = np.stack([rng.permutation(some)[:most] for some in samples])
        runs.append(compare(outcomes, rates, seed, arguments))
    return runs


def one_shot() -> list[np.ndarray]:
    """Samples of 1,209 problems: every recorded accuracy is of eight samples."""
    file = DATA / "one_shot_rlvr" / "acc_step_500.json"
    if not file.exists():
        return []
    accuracies = json.loads(file.read_text())
    return [
        np.repeat([1, 0], [round(8 * sum(some)), 8 * len(some) - round(8 * sum(some))])
        .astype(bool)
        for some in accuracies.values()
    ]  # fmt: skip


def areal() -> list[np.ndarray]:
    """Rewards of the problems that have 24 samples or more."""
    rewards: dict[tuple[str, int], list[bool]] = defaultdict(list)
    for file in sorted((DATA / "gen_areal_rollouts").glob("*.jsonl")):
        for line in file.read_text().splitlines():
            row = json.loads(line)
            rewards[file.stem, row["task_id"]].append(row["reward"] > 0)
    return [np.array(some) for some in rewards.values() if len(some) >= 24]


def add(table: Table, name: str, problems: int, runs: list[dict[str, float]]) -> None:
    # Decisions weigh the same, whichever run they are from.
    is_certain = [run["certain"] for run in runs]
    right = [run["accuracy"] if run["certain"] else 0.0 for run in runs]
    mean = {key: float(np.mean([run[key] for run in runs])) for key in runs[0]}
    is_any = any(is_certain)
    accuracy = np.average(right, weights=is_certain) if is_any else np.nan
    mean["accuracy"] = float(accuracy)
    table.add_row(
        name, f"{problems:,}", f"{mean['fixed']:.2%}", f"{mean['adaptive']:.2%}",
        f"{mean['samples']:.2f}", f"{mean['as_good']:.0f}", f"{mean['certain']:.1%}",
        f"{mean['accuracy']:.1%}", f"{mean['rounds']:.0f}",
    )  # fmt: skip


if __name__ == "__main__":
    main()
