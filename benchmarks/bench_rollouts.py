r"""Completions a second: the stage's sampler beside a bare `LLM.generate`.

    python benchmarks/bench_rollouts.py --problems 500 --samples 8 --runs 3
    python benchmarks/bench_rollouts.py --model FOLDER --problems 256 --context 4096 \
        --max-tokens 1024 --no-batches

Both have one engine, the same prompts, chat template, settings and seeds, and run in
turn. `bare` is one call with all prompts, each asked once for every sample, and its
texts are thrown away. `bare, in batches` is what a loop that saves its work must do:
a call for each batch, and a parquet file after it. `stage` is `rollouts` as it runs:
requests go in as others come out, every sample is stored with its seed, and nothing
of it is there before. Without `--model` a small model is trained first. On a GPU its
utilisation is told as well, and `--no-batches` saves the slowest of the three.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import mean, median
from threading import Event, Thread

import polars as pl
from rich.console import Console
from rich.table import Table

from pipeline.engines.contract import Sampling, encode, seed_of
from pipeline.engines.loading import load
from pipeline.engines.vllm import Engine
from pipeline.models import Model, describe, resolve
from pipeline.prompts import messages
from pipeline.sampling import store
from pipeline.sampling.sampler import Sampler
from stages.rollouts import Params


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", help="a Hub id or a folder")
    parser.add_argument("--problems", type=int, default=500)
    parser.add_argument("--samples", type=int, default=8)
    parser.add_argument("--max-tokens", type=int, default=56)
    parser.add_argument("--context", type=int, default=256)
    parser.add_argument("--save-every", type=int, default=256)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--no-batches", action="store_true")
    arguments = parser.parse_args()
    os.environ.setdefault("HF_HUB_OFFLINE", "0" if arguments.model else "1")
    model = chosen(arguments.model)
    engine = load("vllm", model, {"max_model_len": arguments.context})
    assert isinstance(engine, Engine)  # no copies on a cluster
    sampling = Sampling(temperature=1.0, top_p=1.0, max_tokens=arguments.max_tokens)
    wanted = pool(arguments.problems, arguments.samples)

    ways: dict[str, Callable[[], int]] = {
        "bare": lambda: bare(engine, wanted, sampling, wanted.height),
        "bare, in batches": lambda: bare(
            engine, wanted, sampling, arguments.save_every
        ),
        "stage": lambda: stage(engine, model, wanted, sampling, arguments.save_every),
    }
    if arguments.no_batches:
        del ways["bare, in batches"]
    runs_of: dict[str, list[tuple[float, int, float]]] = {name: [] for name in ways}
    for number in range(arguments.runs + 1):
        turn = number % len(ways)  # who comes first finds the machine otherwise
        for name, run in [*ways.items()][turn:] + [*ways.items()][:turn]:
            engine.llm.reset_prefix_cache()
            with Utilisation() as busy:
                start = time.perf_counter()
                tokens = run()
                seconds = time.perf_counter() - start
            if number:  # the first round warms up
                runs_of[name].append((seconds, tokens, busy.mean))
    show(arguments, wanted.height, runs_of)


def chosen(name: str | None) -> Model:
    folder = Path(tempfile.mkdtemp(prefix="goldsieve-bench-"))
    if name is None:
        from stages.model import Params, Tiny, build

        build(Params(kind="tiny", tiny=Tiny(rows=8000, steps=300)), folder)
    else:
        describe(folder, kind="path", name=name, load=name)
    return resolve(folder)


def pool(problems: int, samples: int) -> pl.DataFrame:
    """(key, problem, sample): chains of one-digit numbers, of all lengths."""
    texts = [
        f"Compute {n % 9 + 1}{f'+{n % 7 + 1}' * (n % 8 + 1)}." for n in range(problems)
    ]
    rows = pl.DataFrame({"problem": texts}).with_row_index("key")
    numbers = pl.DataFrame({"sample": range(samples)}, schema={"sample": pl.Int32})
    return rows.with_columns(pl.format("{}", "key").alias("key")).join(
        numbers, how="cross", maintain_order="left_right"
    )


def bare(engine: Engine, wanted: pl.DataFrame, sampling: Sampling, size: int) -> int:
    from vllm import SamplingParams, TokensPrompt

    tokens = 0
    with tempfile.TemporaryDirectory() as folder:
        for number, part in enumerate(wanted.iter_slices(size)):
            answers = engine.llm.generate(
                [
                    TokensPrompt(
                        prompt_token_ids=encode(engine.tokenizer, messages(problem), {})
                    )
                    for problem in part["problem"]
                ],
                [
                    SamplingParams(
                        temperature=sampling.temperature,
                        top_p=sampling.top_p,
                        max_tokens=sampling.max_tokens,
                        seed=seed_of(0, key, sample),
                    )
                    for key, sample in part.select("key", "sample").iter_rows()
                ],
                use_tqdm=False,
            )
            tokens += sum(len(answer.outputs[0].token_ids) for answer in answers)
            if size < wanted.height:
                texts = [answer.outputs[0].text for answer in answers]
                table = part.with_columns(completion=pl.Series(texts))
                table.write_parquet(Path(folder, f"{number}.parquet"))
    return tokens


def stage(
    engine: Engine,
    model: Model,
    wanted: pl.DataFrame,
    sampling: Sampling,
    save_every: int,
) -> int:
    with tempfile.TemporaryDirectory() as folder:
        params = Params(max_tokens=sampling.max_tokens, batch_size=save_every)
        os.environ["GOLDSIEVE_CACHE"] = folder
        sampler = Sampler(params.method, model, lambda: engine, keep=save_every)
        sampler.sample(wanted)
        kept = pl.scan_parquet(store.shards(sampler.folder))
        kept_counts = kept.select(pl.len(), pl.col("n_tokens").sum()).collect()
    assert kept_counts.item(0, 0) == wanted.height
    return int(kept_counts.item(0, 1))


class Utilisation:
    """The mean utilisation of the GPU in percent while it is open; nan without one."""

    def __enter__(self) -> "Utilisation":
        import torch

        self._over, self._seen = Event(), list[float]()
        self._thread = Thread(target=self._watch, daemon=True)
        if torch.cuda.is_available():
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.mean = mean(self._seen) if self._seen else float("nan")

    def _watch(self) -> None:
        import torch

        while not self._over.wait(0.2):
            self._seen.append(torch.cuda.utilization())


def show(
    arguments: argparse.Namespace,
    count: int,
    runs_of: dict[str, list[tuple[float, int, float]]],
) -> None:
    table = Table("", "completions/s", "tokens/s", "ratio", "GPU")
    rates = {name: [count / run[0] for run in runs] for name, runs in runs_of.items()}
    for name, runs in runs_of.items():
        ratio = median(
            rate / bare_rate
            for rate, bare_rate in zip(rates[name], rates["bare"], strict=True)
        )
        busy = mean(run[2] for run in runs)
        table.add_row(
            name,
            f"{median(rates[name]):,.0f}",
            f"{median(run[1] / run[0] for run in runs):,.0f}",
            f"{ratio:.1%}",
            f"{busy:.0f}%" if busy == busy else "",
        )
    title = f"{count:,} completions, median of {arguments.runs} runs"
    Console(width=100).print(title, table)


if __name__ == "__main__":
    main()
