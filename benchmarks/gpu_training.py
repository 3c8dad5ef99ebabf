"""GRPO on a real model on a GPU: pass@1 before and after, tokens a second, GPU use.

    python benchmarks/gpu_training.py --colocate            # a GPU, 15 to 20 minutes
    python benchmarks/gpu_training.py --engine transformers --problems 24 --samples 2 \
        --steps 2 --batch 8 --group 4 --max-tokens 24 --lowest 0 --highest 1    # a CPU

Problems of our generators are put to the packaged model (`--model`: another folder).
Those that it solves in 10% to 60% of its samples are divided into two halves. One is
trained on by `trainers.grpo` with the loss of DAPO, and `trainers.evaluate` samples
the other before and after. The commands are those of the pipeline, so what is timed
is what a recipe runs: `trained s` has the start of Python and the model's loading in
it. On a GPU, `--colocate` has vLLM generate inside the trainer. It was not run whole
there: the minutes are those of its parts (a step of 6 to 9 s, vLLM up in 75 s).
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import polars as pl
import yaml
from bench_rollouts import Utilisation
from rich.console import Console
from rich.table import Table

from pipeline.models import describe
from pipeline.prompts import Prompt, messages
from pipeline.schema import BENCHMARK
from pipeline.text import fingerprint
from stages.sources import arithmetic, gym, words

TASKS = ["gcd", "products"]
PROMPT: dict[str, Any] = {"suffix": "Put the final answer in \\boxed{}."}


def main() -> None:
    arguments = parse()
    folder = Path(tempfile.mkdtemp(prefix="goldsieve-gpu-"))
    base = folder / "base"
    if arguments.model:
        load = str(arguments.model.resolve())
        describe(base, kind="path", name=arguments.model.name, load=load)
    else:
        from stages.model import Params, build

        build(Params(kind="packaged"), base)
    write_recipe(folder, arguments)
    pool = draw(arguments.problems)

    before = evaluate(folder, pool, ["base"])["samples"]
    right = pl.col("correct").fill_null(False)
    rates = before.group_by("id").agg(rate=right.mean())
    in_range = pl.col("rate").is_between(arguments.lowest, arguments.highest)
    chosen = pool.join(rates.filter(in_range), on="id", maintain_order="left")
    half = chosen.height // 2
    print(f"{chosen.height} of {pool.height} problems are in the range", flush=True)

    write_export(folder / "export", chosen[:half])
    with Utilisation() as busy:
        start = time.perf_counter()
        run(
            folder, "grpo", "--out", "grpo", "--numbers", "steps.json", "export", "base"
        )
        seconds = time.perf_counter() - start
    steps = json.loads((folder / "steps.json").read_text())
    heldout = chosen[half:].select(BENCHMARK.names())
    # Samples that chose the problems would flatter the model before: the seed is new.
    write_recipe(folder, arguments, seed=1)
    scored = evaluate(folder, heldout, ["base", "grpo"])
    show(arguments, scored, steps, seconds, busy.mean)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, help="a model folder")
    parser.add_argument("--engine", default="vllm", choices=["vllm", "transformers"])
    parser.add_argument("--colocate", action="store_true", help="vLLM in the trainer")
    parser.add_argument("--problems", type=int, default=1200)
    parser.add_argument("--samples", type=int, default=8)
    parser.add_argument("--lowest", type=float, default=0.1)
    parser.add_argument("--highest", type=float, default=0.6)
    parser.add_argument("--steps", type=int, default=80)
    parser.add_argument("--batch", type=int, default=256, help="completions a step")
    parser.add_argument("--group", type=int, default=8)
    parser.add_argument("--max-tokens", type=int, default=160)
    parser.add_argument("--learning-rate", type=float, default=1e-5)
    return parser.parse_args()


def draw(count: int) -> pl.DataFrame:
    """`count` problems of our generators as a table of BENCHMARK, shuffled.

    Most are chains: of the others a model of this size solves few.
    """
    few = count // 8
    chains = arithmetic.generate(count - 2 * few, 7, [1, 2])
    drawn = {
        "chains": map(arithmetic.adapt, chains),
        "words": map(words.adapt, words.generate(few, 5)),
        "gym": map(gym.adapt, gym.generate(TASKS, few, 3)),
    }
    rows = [
        {"id": f"{name}/{number:05d}", "benchmark": name, **row}
        for name, adapted in drawn.items()
        for number, row in enumerate(adapted)
        if isinstance(row, dict)
    ]
    table = pl.DataFrame(
        {
            "id": [row["id"] for row in rows],
            "benchmark": [row["benchmark"] for row in rows],
            "problem": [row["problem"] for row in rows],
            "answer": [row["answer"] for row in rows],
            "verifier": [row["verifier"] for row in rows],
            "verify_info": [json.dumps(row.get("verify_info", {})) for row in rows],
        }
    )
    table = table.with_columns(key=fingerprint(pl.col("problem")))
    table = table.unique("key", maintain_order=True).select(BENCHMARK.names())
    return table.sample(fraction=1, shuffle=True, seed=0)


def write_recipe(folder: Path, arguments: argparse.Namespace, seed: int = 0) -> None:
    """The sections that the two trainers read, as `params.yaml` in `folder`."""
    trl: dict[str, Any] = {
        "max_steps": arguments.steps,
        "per_device_train_batch_size": arguments.batch,
        "num_generations": arguments.group,
        "max_completion_length": arguments.max_tokens,
        "learning_rate": arguments.learning_rate,
        "lr_scheduler_type": "constant_with_warmup",
        "warmup_steps": 5,
    }
    if arguments.colocate:
        colocate = {"use_vllm": True, "vllm_mode": "colocate"}
        trl |= colocate | {"vllm_gpu_memory_utilization": 0.3}
    options = {"max_model_len": 1024} if arguments.engine == "vllm" else {}
    sections = {
        "prompt": PROMPT,
        "benchmarks": {},
        "evaluate": {
            "samples": arguments.samples,
            "max_tokens": arguments.max_tokens,
            "engine": arguments.engine,
            "options": options,
            "seed": seed,
        },
        "grpo": {"algorithm": "dapo", "rewards": {"correct": 1.0}, "trl": trl},
    }
    (folder / "params.yaml").write_text(yaml.safe_dump(sections))


def write_export(folder: Path, rows: pl.DataFrame) -> None:
    """`rl.parquet` as the stage `export` writes it, of `rows` with their `rate`."""
    folder.mkdir()
    asked = [messages(text, Prompt(**PROMPT)) for text in rows["problem"]]
    rows.select(
        "id", "answer", "verifier", "verify_info",
        prompt=pl.Series(asked),
        source="benchmark",
        domain=pl.lit("math"),
        pass_rate="rate",
        curriculum_rank=pl.int_range(pl.len(), dtype=pl.UInt32),
        level=pl.lit(None, pl.String),
    ).write_parquet(folder / "rl.parquet")  # fmt: skip


def evaluate(folder: Path, table: pl.DataFrame, models: list[str]) -> dict[str, Any]:
    """What `trainers.evaluate` says of the models on `table`, and every sample."""
    table.write_parquet(folder / "benchmarks.parquet")
    start = time.perf_counter()
    files = ["--out", "scores.json", "--samples", "samples.parquet"]
    run(folder, "evaluate", *files, "benchmarks.parquet", *models)
    samples = pl.read_parquet(folder / "samples.parquet")
    scored: dict[str, Any] = json.loads((folder / "scores.json").read_text())
    per_s = int(samples["n_tokens"].sum()) / (time.perf_counter() - start)
    return {**scored, "samples": samples, "tokens/s": per_s}


def run(folder: Path, trainer: str, *arguments: str) -> None:
    code = Path(__file__).resolve().parents[1]
    command = [sys.executable, "-m", f"trainers.{trainer}", *arguments]
    environment = {**os.environ, "PYTHONPATH": f"{code}:{os.environ.get('PYTHONPATH')}"}
    subprocess.run(command, cwd=folder, env=environment, check=True)


def show(
    arguments: argparse.Namespace,
    scored: dict[str, Any],
    steps: list[dict[str, float]],
    seconds: float,
    busy: float,
) -> None:
    k = f"pass@{arguments.samples}"
    table = Table("model", "pass@1", "95% interval", "gain, paired", k, "truncated")
    for name, model in scored["models"].items():
        low, high = model["pass@1_interval"]
        gain = scored["gain"].get(name, {"pass@1": None})
        table.add_row(
            name,
            f"{model['pass@1']:.3f}",
            f"{low:.3f} to {high:.3f}",
            f"{gain['pass@1']:+.3f} {gain['interval']}" if gain["pass@1"] else "",
            f"{model[k]:.3f}",
            f"{model['truncated'] / model['samples']:.1%}",
        )
    Console(width=110).print(table)
    # Refill samples more than a step trains on.
    counts = [step.get("refill_sampled") or arguments.batch for step in steps]
    tokens = sum(n * step["tokens"] for n, step in zip(counts, steps, strict=True))
    print(f"evaluation: {scored['tokens/s']:,.0f} tokens/s, loading in it")
    print(
        f"training: {len(steps)} steps, trained s {seconds:,.0f}, "
        f"{tokens / seconds:,.0f} sampled tokens/s, GPU {busy:.0f}%"
    )
    rewards = [step["reward"] for step in steps]
    print("reward by tenth:", [round(r, 3) for r in rewards[:: -(-len(rewards) // 10)]])


if __name__ == "__main__":
    main()
