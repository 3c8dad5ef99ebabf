"""`trainers.sft` and `trainers.grpo` beside TRL alone: seconds a step, GPU use, memory.

    python benchmarks/bench_trl.py sft data/export models/base --trl \
        '{"per_device_train_batch_size": 4, "max_length": 4096, "packing": true}'
    python benchmarks/bench_trl.py grpo data/export models/base --trl \
        '{"use_vllm": true, "per_device_train_batch_size": 256}'

Both train the same rows with the same options, in turn, each run in a process of its
own; without arguments, by SFT on what `make demo` leaves. `stage` is the command that
DVC runs, `bare` TRL's trainer with the options of DAPO and the same rewards; neither
refills. Steps behind the first `--skip` are timed, with the GPU's work in them.
`outside` is all else that the trainer does: to load, to make tokens, and, for the
stage, to save the model, which `bare` does not.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import yaml
from bench_rollouts import Utilisation
from rich.console import Console
from rich.table import Table

from pipeline.models import resolve

REWARDS = {"correct": 1.0}
# Methods of GRPOTrainer: `sampled` has all that comes before the update.
PARTS = {
    "rollout_s": "_generate_single_turn",
    "rewards_s": "_calculate_rewards",
    "sampled_s": "_generate_and_score_completions",
}


def main() -> None:
    arguments = parse()
    if arguments.way:
        print(json.dumps(run(arguments)))
        return
    runs: dict[str, list[dict[str, Any]]] = {"stage": [], "bare": []}
    for number in range(arguments.runs):
        for way in list(runs)[:: -1 if number % 2 else 1]:
            command = [sys.executable, *sys.argv, "--way", way]
            done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
            runs[way].append(json.loads(done.stdout.splitlines()[-1]))
            print(way, runs[way][-1], flush=True)
    table = Table("median of runs", *runs["bare"][0])
    for way, found in runs.items():
        columns = zip(*(each.values() for each in found), strict=True)
        table.add_row(way, *(f"{median(column):,.2f}" for column in columns))
    Console(width=110).print(table)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("trainer", choices=["sft", "grpo"], nargs="?", default="sft")
    parser.add_argument("export", type=Path, nargs="?", default="data/export")
    parser.add_argument("model", type=Path, nargs="?", default="models/base")
    parser.add_argument("--trl", type=json.loads, default={}, help="TRL's options")
    parser.add_argument("--steps", type=int, default=24)
    parser.add_argument("--skip", type=int, default=8)
    parser.add_argument("--runs", type=int, default=3, help="of each kind")
    parser.add_argument("--way", choices=["stage", "bare"], help=argparse.SUPPRESS)
    return parser.parse_args()


def run(arguments: argparse.Namespace) -> dict[str, float]:
    """Train once in this process, and say what the timed steps took."""
    import torch
    from transformers import Trainer
    from trl import GRPOTrainer

    torch.set_num_threads(1)  # as the stage does
    clock = Clock()
    Trainer.train = clock.watch_training(Trainer.train)
    for part, method in PARTS.items():
        timed = clock.time_calls(part, getattr(GRPOTrainer, method))
        setattr(GRPOTrainer, method, timed)
    export, model = arguments.export.resolve(), arguments.model.resolve()
    trl = {"max_steps": arguments.steps, "seed": 0, **arguments.trl}
    train = train_stage if arguments.way == "stage" else train_bare
    start = time.perf_counter()
    with TemporaryDirectory(prefix="goldsieve-bench-") as folder:
        os.chdir(folder)
        os.environ["GOLDSIEVE_CACHE"] = folder
        train(arguments.trainer, export, model, trl)
        os.chdir("/")
    whole = time.perf_counter() - start
    found = clock.read(arguments.skip)
    if torch.cuda.is_available():
        found |= {"GiB": torch.cuda.max_memory_allocated() / 2**30, "GPU %": clock.busy}
    return found | {"outside_s": whole - (clock.ends[-1] - clock.ends[0])}


def train_stage(
    trainer: str, export: Path, model: Path, options: dict[str, Any]
) -> None:
    from trainers import grpo, sft

    section: dict[str, Any] = {"trl": options, "max_cut_share": 1.0}
    if trainer == "grpo":
        section = {
            "trl": options,
            "algorithm": "dapo",
            "strategy": {"refill_rounds": 0},
            "rewards": REWARDS,
        }
    Path("params.yaml").write_text(yaml.safe_dump({trainer: section}))
    sys.argv = [trainer, "--out", "out", str(export), str(model)]
    (sft if trainer == "sft" else grpo).main()


def train_bare(
    trainer: str, export: Path, model: Path, options: dict[str, Any]
) -> None:
    from trl import GRPOConfig, GRPOTrainer, SFTConfig, SFTTrainer

    from pipeline.grading.remote import reward_grader
    from pipeline.grading.rewards import Values
    from trainers.algorithms import ALGORITHMS
    from trainers.rewards import rewards
    from trainers.training import configure, dataset

    source = resolve(model)
    options = {"output_dir": "bare", "save_strategy": "no", **options}
    given: dict[str, Any] = {"model": source.load}
    if trainer == "sft":
        rows = pl.read_parquet(export / "sft.parquet", columns=["prompt", "completion"])
        config = configure(SFTConfig, source, **options)
        SFTTrainer(**given, args=config, train_dataset=dataset(rows)).train()
        return
    columns = ["prompt", "answer", "verifier", "verify_info"]
    rows = pl.read_parquet(export / "rl.parquet", columns=columns)
    config = configure(GRPOConfig, source, **(ALGORITHMS["dapo"].trl | options))
    longest = config.max_completion_length
    with reward_grader(20.0) as grade:
        functions = rewards(list(REWARDS), grade, max_tokens=longest, values=Values())
        GRPOTrainer(
            **given, args=config, train_dataset=dataset(rows), reward_funcs=functions
        ).train()


class Clock:
    """When steps ended, and how long the calls of a part took, GPU's work included."""

    def __init__(self) -> None:
        self.ends: list[float] = []
        self.calls: dict[str, list[tuple[float, float]]] = defaultdict(list)

    def now(self) -> float:
        import torch

        if torch.cuda.is_available():
            torch.cuda.synchronize()
        return time.perf_counter()

    def time_calls(self, part: str, method: Any) -> Any:
        def timed(*args: Any, **kwargs: Any) -> Any:
            start = self.now()
            outcome = method(*args, **kwargs)
            self.calls[part].append((start, self.now() - start))
            return outcome

        return timed

    def watch_training(self, train: Any) -> Any:
        from transformers import TrainerCallback

        clock = self

        class Steps(TrainerCallback):  # type: ignore[misc]
            def on_train_begin(self, *_: Any, **kwargs: Any) -> None:
                clock.ends.append(clock.now())

            def on_step_end(self, *_: Any, **kwargs: Any) -> None:
                clock.ends.append(clock.now())

        def watched(trainer: Any, *args: Any, **kwargs: Any) -> Any:
            trainer.add_callback(Steps())
            with Utilisation() as busy:
                outcome = train(trainer, *args, **kwargs)
            self.busy = busy.mean
            self.log = [row for row in trainer.state.log_history if "loss" in row]
            return outcome

        return watched

    def read(self, skip: int) -> dict[str, float]:
        """Means of the steps behind the first `skip`."""
        first, last = self.ends[skip], self.ends[-1]
        steps, tokens = len(self.ends) - 1 - skip, [r["num_tokens"] for r in self.log]
        found = {
            "step_s": (last - first) / steps,
            # Of SFT those that are trained, of GRPO prompts and completions.
            "tokens/s": (tokens[-1] - tokens[skip - 1]) / (last - first),
        }
        for part, calls in self.calls.items():
            inside = [seconds for start, seconds in calls if start >= first]
            found[part] = sum(inside) / steps
        return found


if __name__ == "__main__":
    main()
