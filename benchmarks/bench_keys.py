"""Wrong keys planted in pools: who finds them, and is the chance calibrated?

    python benchmarks/bench_keys.py --runs 3 --out DIR   # keys.svg and keys.json
    python benchmarks/bench_keys.py --best 20000    # what could be known at best
    python benchmarks/bench_keys.py --show 10       # suspects where none was planted

Keys are spoilt in 1%, 5% and 20% of the problems, half of them by a near miss (off by
one or ten, a digit more, another sign), half by another problem's answer. Beside
`key_wrong_p` at 0.8 stand the rules that it replaces and those of recipes: a majority
of 60% of four samples or more for one other answer, a majority that is not the key,
none of the samples agrees (Nemotron-Math-v2), none of the first three does (DeepMath),
fewer than half do (AceReason). Intervals are Jeffreys's, over all runs.

Recorded pools have real completions of several models (GSM8K with one sample each,
AReaL's with up to 32). The rates of One-Shot-RLVR are real, its wrong answers are
simulated. `biased` models give one wrong answer to a share of the problems, nine times
of ten; `siblings` answer what the first model did. Public sets hold wrong keys of their
own, which count as false alarms here. `--best` judges by the true chance of a pattern
of votes (for the key and the two answers that are given most beside it), which takes
knowing how the pool was made.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from key_plots import reliability_rows, write_plots
from key_pools import Pool, Samples, recorded_pools, simulated_pools
from rich.console import Console
from rich.table import Table

from pipeline.pass_rates.interval import jeffreys_interval
from stages.verify.likelihood import ANSWERS, Ballots
from stages.verify.posterior import truth_chances
from stages.verify.reliability import bound_by_reliability, measure_reliability

CUT = 0.8
NOISES = (0.01, 0.05, 0.2)


class Judged(NamedTuple):
    """Of each problem: is its key wrong, the chance, and what each rule says."""

    wrong: np.ndarray
    chance: np.ndarray
    rules: dict[str, np.ndarray]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--problems", type=int, default=1000)
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("--best", type=int, default=0)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    if arguments.best:
        return show_best(arguments.best)
    pools = {**recorded_pools(), **simulated_pools(arguments.problems)}
    if arguments.show:
        return show_suspects(recorded_pools(), arguments.show)
    shown = Table("pool", "rule", *(f"{noise:.0%}" for noise in NOISES), "all")
    every: dict[str, list[Judged]] = {}
    for name, make in pools.items():
        by_noise = {
            noise: [
                judge(make(run), noise, np.random.default_rng(run))
                for run in range(arguments.runs)
            ]
            for noise in NOISES
        }
        every[name] = [judged for runs in by_noise.values() for judged in runs]
        add_rules(shown, name, by_noise)
    console = Console(width=150)
    console.print("precision [95%] / recall [95%] (keys held to be wrong)")
    console.print(shown)
    by_title = {
        title: [run for name in every if is_hard(name) == hard for run in every[name]]
        for title, hard in (("all but biased and siblings", False), ("these", True))
    }
    bins = [
        {"pools": title, **row}
        for title, runs in by_title.items()
        for row in reliability_rows(
            np.concatenate([run.chance for run in runs]),
            np.concatenate([run.wrong for run in runs]),
        )
    ]
    console.print(reliability_table(bins))
    if arguments.out:
        write_plots(arguments.out, bins, _score_rows(every))


def is_hard(name: str) -> bool:
    return name.startswith(("biased", "siblings"))


def judge(pool: Pool, noise: float, rng: np.random.Generator) -> Judged:
    """The chances of a pool with planted keys, and the rules."""
    wrong = rng.random(len(pool.truths)) < noise
    keys = [
        spoil(truth, pool.truths, rng) if is_wrong else truth
        for truth, is_wrong in zip(pool.truths, wrong, strict=True)
    ]
    votes = [[a for model in samples for a in model] for samples in pool.answers]
    pairs = list(zip(votes, keys, strict=True))
    rules = {
        "share of 60%": np.array([_has_majority(v, key, 0.6, 4) for v, key in pairs]),
        "majority": np.array([_has_majority(v, key, 0.0, 1) for v, key in pairs]),
        "none agrees": np.array([key not in v for v, key in pairs]),
        "none of three": np.array([key not in v[:3] for v, key in pairs]),
        "fewer than half": np.array([2 * v.count(key) < len(v) for v, key in pairs]),
    }
    chance = chances(pool.answers, keys)
    return Judged(wrong, chance, {"key_wrong_p": chance >= CUT, **rules})


def chances(answers: list[Samples], keys: list[str], noise: float = 0.02) -> np.ndarray:
    """key_wrong_p of each problem, all of one source."""
    ballots = count_ballots(answers, keys)
    strata = np.zeros((len(keys), 1), np.int64)
    truths, shares = truth_chances(ballots, strata, noise)
    reliability = measure_reliability(ballots, strata, shares)
    wrong: np.ndarray = 1 - bound_by_reliability(truths, ballots, reliability)[:, 0]
    return wrong


def count_ballots(answers: list[Samples], keys: list[str]) -> Ballots:
    n, n_models = len(keys), len(answers[0])
    votes = np.zeros((n, 1 + ANSWERS, n_models), np.int64)
    scattered = np.zeros((n, n_models), np.int64)
    for row, (samples, key) in enumerate(zip(answers, keys, strict=True)):
        counts = [Counter(a for a in model if a is not None) for model in samples]
        total = sum(counts, Counter())
        others = [answer for answer, _ in total.most_common() if answer != key]
        for rank, answer in enumerate([key, *others[:ANSWERS]]):
            votes[row, rank] = [count[answer] for count in counts]
        for answer in others[ANSWERS:]:
            scattered[row] += [count[answer] for count in counts]
    return Ballots(votes, scattered, np.ones((n, 2 + ANSWERS)))


def spoil(truth: str, others: list[str], rng: np.random.Generator) -> str:
    """A near miss, or the answer of another problem."""
    while True:
        if rng.random() < 0.5 and truth.lstrip("-").isdigit():
            n = int(truth)
            near = (n + 1, n - 1, n + 10, n - 10, 10 * n, -n, 2 * n)
            key = str(near[rng.integers(len(near))])
        else:
            key = others[rng.integers(len(others))]
        if key != truth:
            return key


def _has_majority(votes: list[str | None], key: str, share: float, least: int) -> bool:
    given = Counter(a for a in votes if a is not None)
    if len(votes) < least or not given:
        return False
    answer, most = given.most_common(1)[0]
    return answer != key and most >= share * len(votes)


def add_rules(shown: Table, name: str, by_noise: dict[float, list[Judged]]) -> None:
    """A line a rule: precision and recall at each noise and in all."""
    for rule in by_noise[NOISES[0]][0].rules:
        cells = [_score(runs, rule) for runs in by_noise.values()]
        every = [judged for runs in by_noise.values() for judged in runs]
        shown.add_row(name, rule, *cells, _score(every, rule))
        name = ""
    shown.add_section()


def _score(runs: list[Judged], rule: str) -> str:
    held = sum(int(run.rules[rule].sum()) for run in runs)
    right = sum(int((run.rules[rule] & run.wrong).sum()) for run in runs)
    wrong = sum(int(run.wrong.sum()) for run in runs)
    return f"{_share(right, held)} / {_share(right, wrong)} ({held})"


def _share(part: int, whole: int) -> str:
    if not whole:
        return "–"
    lo, hi = jeffreys_interval(np.array([part]), np.array([whole - part]))
    return f"{part / whole:.2f} [{lo[0]:.2f}, {hi[0]:.2f}]"


def _score_rows(every: dict[str, list[Judged]]) -> list[dict[str, object]]:
    """Precision and recall of each pool at each share of wrong keys, for the plot."""
    rows: list[dict[str, object]] = []
    for name, runs in every.items():
        of_noise = np.array_split(np.arange(len(runs)), len(NOISES))
        for noise, numbers in zip(NOISES, of_noise, strict=True):
            held = np.concatenate([runs[i].rules["key_wrong_p"] for i in numbers])
            wrong = np.concatenate([runs[i].wrong for i in numbers])
            n, hits = int(held.sum()), int((held & wrong).sum())
            rows.append(
                {
                    "pool": name,
                    "noise": noise,
                    "suspects": n,
                    "precision": hits / n if n else None,
                    "recall": hits / max(1, int(wrong.sum())),
                }
            )
    return rows


def reliability_table(bins: list[dict[str, Any]]) -> Table:
    shown = Table("pools", "chance", "keys", "mean", "wrong [95%]", "")
    for row in bins:
        few = "fewer than 20 keys" if row["keys"] < 20 else ""
        wrong = "{wrong:.3f} [{lo:.3f}, {hi:.3f}]".format(**row)
        cells = "{pools}|{bin}|{keys:,}|{mean:.3f}".format(**row).split("|")
        shown.add_row(*cells, wrong, few)
    return shown


def show_best(n: int) -> None:
    """Precision and recall if each pattern's share of wrong keys were known."""
    for name, make in simulated_pools(n).items():
        pool, rng = make(0), np.random.default_rng(0)
        size = len(pool.truths)
        keys = [spoil(truth, pool.truths, rng) for truth in pool.truths]
        right, wrong = (
            Counter(map(_pattern, pool.answers, by)) for by in (pool.truths, keys)
        )
        cells = []
        for noise in NOISES:
            odds = {p: (noise * n, (1 - noise) * right[p]) for p, n in wrong.items()}
            held = [(w, r) for w, r in odds.values() if w >= CUT * (w + r)]
            hits, suspects = sum(w for w, _ in held), sum(w + r for w, r in held)
            precision = f"{hits / suspects:.2f}" if held else "–"
            cells.append(f"{precision} / {hits / noise / size:.2f}")
        print(f"{name:40}", *cells, sep="  ")


def _pattern(samples: Samples, key: str) -> tuple[tuple[int, ...], ...]:
    given = Counter(a for model in samples for a in model if a is not None)
    others = [answer for answer, _ in given.most_common(3) if answer != key][:2]
    return tuple(tuple(m.count(a) for a in [key, *others]) for m in samples)


def show_suspects(pools: dict[str, Callable[[int], Pool]], most: int) -> None:
    """The keys most likely to be wrong where nothing was planted."""
    for name, pool in _unplanted(pools):
        chance = chances(pool.answers, pool.truths)
        print(f"== {name}: {int((chance >= CUT).sum())} of {len(chance)} suspect")
        for row in np.argsort(-chance)[:most]:
            print(f"{chance[row]:.2f} key {pool.truths[row]} votes {pool.answers[row]}")
            print(f"     {pool.texts[row][:400]}")


def _unplanted(pools: dict[str, Callable[[int], Pool]]) -> Iterator[tuple[str, Pool]]:
    return ((name, make(0)) for name, make in pools.items() if "One" not in name)


if __name__ == "__main__":
    main()
