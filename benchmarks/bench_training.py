"""What reinforcement learning brings on the demo: pass@1 on held-out chains.

    python benchmarks/bench_training.py [--rows grpo,dapo] [--from models/base]

Needs what `make demo` leaves: data/export, data/benchmarks.parquet and models. Every
row trains from the same model with the same number of steps and completions, by the
command that DVC runs; then all models are asked 280 held-out problems 8 times at T = 1
and once greedily. The gain is over the first model, problem by problem, with its 95%
interval. `short` rows take 48 steps of 64 completions, `long` ones 100 of 128; `equal`
ones sample as many completions with refill as without, for three seeds.

`sft-selected` learns the traces that the pipeline chose; `sft-unfiltered` as many
samples of the same model as they came, of problems of the same pool, with wrong ones
among them.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import polars as pl
import yaml

ROOT = Path(__file__).parents[1]
SHORT = {
    "max_steps": 48,
    "per_device_train_batch_size": 64,
    "num_generations": 8,
    "max_completion_length": 72,
    "learning_rate": 3e-4,
    "lr_scheduler_type": "constant_with_warmup",
    "warmup_steps": 5,
    "adam_beta2": 0.99,
}
LONG = SHORT | {"max_steps": 100, "per_device_train_batch_size": 128}
SHUFFLED = {"order": {"by": "shuffled"}, "reward_values": {"overlong_tokens": 8}}
PLAIN = {"strategy": {"refill_rounds": 0}}
CRITIC = {"learning_rate": 1e-3, "minibatches": 1, "epochs": 2}


def row(algorithm: str, trl: dict[str, Any], **params: Any) -> dict[str, Any]:
    return {"algorithm": algorithm, "trl": trl, **SHUFFLED, **params}


def equal(seed: int) -> dict[str, dict[str, Any]]:
    """DAPO with refill, and without for as many completions as that one sampled."""
    return {
        f"refill-{seed}": row("dapo", LONG, seed=seed),
        f"no-refill-{seed}": row("dapo", LONG, seed=seed, **PLAIN),
    }


ROWS: dict[str, dict[str, Any]] = {
    "grpo": row("grpo", SHORT | {"beta": 0.0}),
    "dapo": row("dapo", SHORT),
    "reinforce_pp": row("reinforce_pp", SHORT, strategy={"kl_in_reward": 0.0}),
    "cppo": row("cppo", SHORT),
    # Its optimizer starts anew for each batch, and a new Adam takes large steps: four
    # of them a batch, at a tenth of the rate.
    "kimi": row(
        "kimi",
        SHORT | {"num_iterations": 4, "max_steps": 192, "learning_rate": 3e-5},
    ),
    "ppo": row("ppo", SHORT, critic=CRITIC),
    "vc_ppo": row("vc_ppo", SHORT, critic=CRITIC | {"pretrain_steps": 10}),
    # λ = 1 - 1/(α·length) is 0 for lengths below 1/α: α goes by the length.
    "vapo": row(
        "vapo",
        SHORT,
        critic=CRITIC | {"pretrain_steps": 10, "length_adaptive_alpha": 1.0},
    ),
    "sft-selected": {},
    "sft-unfiltered": {},
    **{name: params for seed in range(3) for name, params in equal(seed).items()},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", default=",".join(ROWS), help="names of rows")
    parser.add_argument("--from", dest="start", default="models/base")
    arguments = parser.parse_args()
    names = arguments.rows.split(",")
    with tempfile.TemporaryDirectory() as name:
        folder = prepare(Path(name), arguments.start)
        outcomes: dict[str, dict[str, Any]] = {}
        for each in names:
            params = dict(ROWS[each])
            if each.startswith("no-refill") and (twin := each[3:]) in outcomes:
                params["trl"] = LONG | {
                    "max_steps": round(outcomes[twin]["sampled"] / 128)
                }
            outcomes[each] = train(folder, each, params)
            print(f"{each}: {outcomes[each]}", flush=True)
        for temperature, samples in ((1.0, 8), (0.0, 1)):
            report(folder, names, outcomes, temperature=temperature, samples=samples)


def prepare(folder: Path, start: str) -> Path:
    """A project whose `models/start` is the model that all rows begin with."""
    (folder / "models").mkdir()
    (folder / "selected").symlink_to(ROOT / "data/export")
    (folder / "unfiltered").mkdir()
    unfiltered().write_parquet(folder / "unfiltered/sft.parquet")
    (folder / "data").symlink_to(ROOT / "data")
    (folder / "dvc.yaml").symlink_to(ROOT / "dvc.yaml")
    (folder / "models/start").symlink_to(ROOT / start)
    return folder


def unfiltered() -> pl.DataFrame:
    """As many traces as were chosen, drawn from all samples, one a problem."""
    samples = pl.read_parquet(ROOT / "data/rollouts/*.parquet")
    chosen = pl.read_parquet(ROOT / "data/export/sft.parquet")
    problems = pl.read_parquet(ROOT / "data/decontaminate.parquet")
    drawn = samples.sample(fraction=1.0, shuffle=True, seed=0).unique(
        "id", keep="first", maintain_order=True
    )
    rows = drawn.join(problems, on="id", maintain_order="left")[: chosen.height]

    def turn(role: str, text: str) -> pl.Expr:
        return pl.concat_list(
            pl.struct(role=pl.lit(role), content=pl.col(text))  # one message
        )

    return rows.select(
        "id", prompt=turn("user", "problem"), completion=turn("assistant", "completion")
    )


def train(folder: Path, name: str, params: dict[str, Any]) -> dict[str, Any]:
    """Train one row; CPU seconds of all its processes, and completions sampled."""
    recipe = yaml.safe_load((ROOT / "params.yaml").read_text())
    recipe |= {"grpo": params} if params else {}
    (folder / "params.yaml").write_text(yaml.safe_dump(recipe))
    before = spent()
    trainer, export = ("grpo", "data/export") if params else name.split("-")
    words = f"--out models/{name} --numbers steps.json {export} models/start"
    run(folder, trainer, words)
    steps = json.loads((folder / "steps.json").read_text())
    batch = params["trl"]["per_device_train_batch_size"] if params else 0
    return {
        "cpu_s": round(spent() - before),
        "steps": len(steps),
        "sampled": round(sum(step.get("refill_sampled") or batch for step in steps)),
    }


def report(
    folder: Path, names: list[str], outcomes: dict[str, Any], **sampling: Any
) -> None:
    """A table of all models at one temperature."""
    recipe = yaml.safe_load((ROOT / "params.yaml").read_text())
    recipe["evaluate"] |= sampling
    (folder / "params.yaml").write_text(yaml.safe_dump(recipe))
    models = " ".join(f"models/{name}" for name in ("start", *names))
    run(folder, "evaluate", f"--out scores.json data/benchmarks.parquet {models}")
    scores = json.loads((folder / "scores.json").read_text())
    print(f"\n{sampling}\n\n| row | pass@1 | gain, 95% | steps | sampled | CPU s |")
    print("|---|---|---|---|---|---|")
    first = scores["models"]["start"]["pass@1"]
    print(f"| start | {first:.3f} | | | | |")
    for name in names:
        gain = scores["gain"][name]
        low, high = gain["interval"]
        numbers = " | ".join(
            str(outcomes[name][k]) for k in ("steps", "sampled", "cpu_s")
        )
        print(
            f"| {name} | {scores['models'][name]['pass@1']:.3f} "
            f"| {gain['pass@1']:+.3f} ({low:+.3f} to {high:+.3f}) | {numbers} |"
        )


def run(folder: Path, trainer: str, words: str) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    subprocess.run(
        [sys.executable, "-m", f"trainers.{trainer}", *words.split()],
        cwd=folder,
        env=environment,
        check=True,
        stderr=subprocess.DEVNULL,
    )


def spent() -> float:
    """CPU seconds of the processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
