"""Pools for bench_keys.py: recorded completions, and simulated models."""

import json
import os
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

DATA = Path(os.environ.get("GOLDSIEVE_DATA", "../shared/data"))
Samples = list[list[str | None]]  # of each model, what each of its samples answered


class Pool(NamedTuple):
    """Right answers, what models answered (None: nothing), and the problems' texts."""

    truths: list[str]
    answers: list[Samples]
    texts: list[str]


def recorded_pools() -> dict[str, Callable[[int], Pool]]:
    """The pools that GOLDSIEVE_DATA has; the same in every run."""
    made = {
        "GSM8K, 4 models × 1": gsm8k,
        "GSM8K, its best model × 1": lambda: _of_models(gsm8k(), [3]),
        "AReaL, 2 models × 32": areal,
    }
    files = "gen_gsm8k_openai", "gen_gsm8k_openai", "gen_areal_rollouts"
    pools: dict[str, Callable[[int], Pool]] = {}
    for (name, read), folder in zip(made.items(), files, strict=True):
        if (DATA / folder).exists():
            pool = read()
            pools[name] = lambda run, pool=pool: pool  # type: ignore[misc]
        else:
            print(f"skipped: {name}: no {folder} in GOLDSIEVE_DATA")
    rates = DATA / "one_shot_rlvr" / "acc_step_500.json"
    if rates.exists():
        accuracies = [a for a in json.loads(rates.read_text()).values() if a]
        early = np.array([np.mean(a[:8]) for a in accuracies])
        late = np.array([np.mean(a[-8:]) for a in accuracies])
        for name, rate in {
            "One-Shot, first visits": early,
            "last visits": late,
        }.items():
            pools[f"{name} × 8"] = lambda run, rate=rate: simulate(  # type: ignore[misc]
                np.random.default_rng(run), [rate], 8
            )
    return pools


def _of_models(pool: Pool, models: list[int]) -> Pool:
    picked = [[samples[m] for m in models] for samples in pool.answers]
    return Pool(pool.truths, picked, pool.texts)


def gsm8k() -> Pool:
    """Four models, one sample each; the answer stands after `A:`."""
    lines = (DATA / "gen_gsm8k_openai" / "example_model_solutions.jsonl").open()
    rows = [json.loads(line) for line in lines]
    models = [name for name in rows[0] if "_" in name and name != "ground_truth"]

    def answer(text: str) -> str | None:
        last = text.rpartition("A:")[2].strip().replace(",", "") if "A:" in text else ""
        return last.removesuffix(".0") or None

    return Pool(
        [answer(row["ground_truth"]) or "" for row in rows],
        [[[answer(row[model]["solution"])] for model in models] for row in rows],
        [row["question"] for row in rows],
    )


def areal() -> Pool:
    """Two models; keys are what rewarded samples answered, so unsolved ones are out."""
    from pipeline.verifiers.math import verify

    found: dict[str, dict[str, list[tuple[str | None, float]]]] = defaultdict(dict)
    for path in sorted((DATA / "gen_areal_rollouts").glob("eval_*.jsonl")):
        model = path.stem.rpartition("-")[2]
        for row in map(json.loads, path.open()):
            text = row["prompt"].split("User｜>")[-1].split("<|im_start|>user\n")[-1]
            text = text.split("<")[0].strip()
            answer = verify("0", row["completion"], {}).extracted
            found[text].setdefault(model, []).append((answer, row["reward"]))
    models = sorted({model for by_model in found.values() for model in by_model})
    truths, answers, texts = [], [], []
    for text, by_model in found.items():
        samples = [pair for pairs in by_model.values() for pair in pairs]
        if right := Counter(answer for answer, reward in samples if reward > 0):
            truths.append(right.most_common(1)[0][0] or "")
            answers.append([_spell(by_model.get(m, []), truths[-1]) for m in models])
            texts.append(text)
    return Pool(truths, answers, texts)


def _spell(samples: list[tuple[str | None, float]], truth: str) -> list[str | None]:
    return [truth if reward > 0 else answer for answer, reward in samples]


def simulated_pools(n: int) -> dict[str, Callable[[int], Pool]]:
    """Pools of `n` problems by name, drawn anew in each run."""

    def of(
        *shapes: tuple[float, float], k: int = 16, size: int = n, **mistakes: Any
    ) -> Callable[[int], Pool]:
        def make(run: int) -> Pool:
            rng = np.random.default_rng(100 + run)
            rates = [rng.beta(*shape, size) for shape in shapes]
            return simulate(rng, rates, k, **mistakes)

        return make

    return {
        "strong, Beta(6, 1) × 16": of((6, 1)),
        "strong × 64": of((6, 1), k=64),
        "strong × 4": of((6, 1), k=4),
        "middle, Beta(3, 2) × 16": of((3, 2)),
        "bimodal, Beta(0.9, 0.3) × 16": of((0.9, 0.3)),
        "weak, Beta(0.5, 2) × 16": of((0.5, 2)),
        "never, Beta(0.2, 6) × 16": of((0.2, 6)),
        "strong and middle × 8": of((6, 1), (1, 1), k=8),
        "tiny: 30 problems, strong × 8": of((6, 1), k=8, size=30),
        "small: 200 problems, strong × 8": of((6, 1), k=8, size=200),
        "8 models, Beta(3, 2) × 1": of(*[(3, 2)] * 8, k=1),
        "4 weak models, Beta(1, 2) × 1": of(*[(1, 2)] * 4, k=1),
        "biased in 5%, strong × 16": of((6, 1), bias=0.05),
        "biased in 20%, strong × 16": of((6, 1), bias=0.2),
        "biased in 20%, beside another model": of((6, 1), (6, 1), k=8, bias=0.2),
        "biased in 5%, 4 models × 1, all": of(*[(3, 2)] * 4, k=1, bias=0.05, misled=4),
        "siblings in 30%, 4 models × 1": of(*[(3, 2)] * 4, k=1, copied=0.3),
        "siblings in 70%, 4 models × 1": of(*[(3, 2)] * 4, k=1, copied=0.7),
    }


def simulate(
    rng: np.random.Generator,
    rates: list[np.ndarray],
    k: int,
    bias: float = 0,
    misled: int = 1,
    copied: float = 0,
) -> Pool:
    """Problems with the `rates` of each model; wrong answers gather more or less.

    The first `misled` models are biased in a share `bias` of the problems: they find
    the answer in at most 15% of the samples, and nine of ten wrong ones are one
    mistake. Every model but the first answers what the first did in a share `copied`.
    """
    truths = [str(int(rng.integers(2, 500))) for _ in rates[0]]
    answers = []
    for number, truth in enumerate(truths):
        n = int(truth)
        wrong = [n + 1, n - 1, 10 * n, -n, *rng.integers(1000, 9999, 26).tolist()]
        wrong = [str(wrong[i]) for i in rng.permutation(30)]
        gathering = np.exp(rng.uniform(np.log(0.1), np.log(20)))
        popular = rng.dirichlet(np.full(30, gathering / 30) + 1e-6)
        is_biased = rng.random() < bias
        samples: Samples = []
        for model, rate in enumerate(rates):
            x, p = rate[number], popular
            if is_biased and model < misled:
                x, p = rng.uniform(0, 0.15), 0.1 * popular
                p[0] += 0.9
            drawn = rng.choice(30, size=k, p=p / p.sum())
            hits = rng.random(k) < x
            pairs = zip(hits, drawn, strict=True)
            given: list[str | None] = [
                truth if hit else wrong[place] for hit, place in pairs
            ]
            is_copy = bool(model) and copied > 0 and rng.random() < copied
            samples.append(samples[0] if is_copy else given)
        answers.append(samples)
    return Pool(truths, answers, truths)
