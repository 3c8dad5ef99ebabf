"""How much memory the stages that handle traces take, beside the size of the traces.

    python benchmarks/bench_memory.py --gigabytes 1.2

Writes problems and recorded completions (made of random sentences, no model has any
part), then runs each stage from `rollouts` to `card` by its command in dvc.yaml, and
looks ten times a second at the resident memory of the process and all its children.
`evaluate` is asked all problems, and finds all samples in its store.
`--tree` measures another checkout. What is written stays in `--folder`, which becomes
twice as large as the traces, and is taken as it is the next time: `--stages` goes on
with some of them. TMPDIR holds the traces while `evaluate` runs, twice in `rollouts`.
"""

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

import polars as pl
import yaml
from pyarrow import parquet
from rich.console import Console
from rich.table import Column, Table

STAGES = (
    "rollouts", "grades", "difficulty", "verify", "decontaminate_traces", "hygiene",
    "select", "export", "card", "evaluate",
)  # fmt: skip
RECORDED = {"path": "recorded/*.parquet", "completions": ["completions"], "model": "m"}
SOURCE = {"adapter": "generic", "path": "made.jsonl", "license": "cc0-1.0"}
OFF = ("pool", "quality", "ask", "dedup_exact", "dedup_ngram", "dedup_embedding")
PARAMS = {
    "collect": {"made": SOURCE},
    "benchmarks": {},
    **dict.fromkeys((*OFF, "decontaminate"), "off"),
    "model": "off",
    "rollouts": {"engine": "replay", "replay": [RECORDED]},
    "prompt": {},
    "pass_rate_window": {},
    "grades": {},
    "difficulty": {},
    "verify": {},
    "decontaminate_traces": {},
    "hygiene": {},
    "select": {"traces": 2, "strategy": "shortest"},
    "export": {"formats": ["trl", "messages"]},
    "card": {},
    "evaluate": {"samples": 8},
}
PROBLEMS = 2000  # of one file of recordings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=1.2)
    parser.add_argument("--kilobytes", type=float, default=8.0, help="of one trace")
    parser.add_argument("--samples", type=int, default=8, help="traces a problem")
    parser.add_argument("--tree", type=Path, default=Path(__file__).parents[1])
    parser.add_argument("--folder", type=Path, help="where to work, kept afterwards")
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=STAGES)
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="goldsieve-"))
    problems = int(options.gigabytes * 1e6 / options.kilobytes / options.samples)
    if not (folder / "recorded").exists():
        write_project(folder, problems, options.samples, options.kilobytes)
    size = pl.scan_parquet(folder / "recorded/*.parquet").select(
        pl.col("completions").explode().str.len_bytes().cast(pl.UInt64).sum()
    )
    numbers = (Column(name, justify="right") for name in ("seconds", "peak MB"))
    title = f"{problems:,} problems, {size.collect().item() / 1e9:.2f} GB of traces"
    table = Table("stage", *numbers, title=title)
    stages = yaml.safe_load((options.tree / "dvc.yaml").read_text())["stages"]
    for name in options.stages:
        command = stages[name]["cmd"]
        if name == "card":
            prepare_card(folder, options.tree)
        if name == "evaluate":
            command = prepare_evaluation(command, folder, options.samples)
        seconds, peak = run(command, folder, options.tree)
        table.add_row(name, f"{seconds:.0f}", f"{peak / 1e6:,.0f}")
    Console().print(table)
    if options.folder is None:
        shutil.rmtree(folder)


def write_project(folder: Path, problems: int, samples: int, kilobytes: float) -> None:
    """Problems as `decontaminate` leaves them, benchmark items, recordings, params."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "data").mkdir(parents=True)
    (folder / "recorded").mkdir()
    (folder / "params.yaml").write_text(yaml.safe_dump(PARAMS))
    random = Random(0)
    sentences = write_sentences(random)
    texts = [
        f"Problem {n}: {' '.join(random.sample(sentences, 3))}" for n in range(problems)
    ]
    write_tables(folder / "data", texts)
    each = int(kilobytes * 1000 / (sum(map(len, sentences)) / len(sentences) + 1))
    for start in range(0, problems, PROBLEMS):
        rows = [
            [
                f"{' '.join(random.choices(sentences, k=each))} So it is "
                f"\\boxed{{{number + random.randrange(2)}}}."
                for _ in range(samples)
            ]
            for number in range(start, min(start + PROBLEMS, problems))
        ]
        part = pl.DataFrame(
            {"problem": texts[start : start + len(rows)], "completions": rows}
        )
        file = folder / "recorded" / f"{start:07d}.parquet"
        table = part.to_arrow(compat_level=pl.CompatLevel.oldest())
        parquet.write_table(table, file, compression="zstd")


def write_sentences(random: Random) -> list[str]:
    """Sentences of random words; none of them says anything."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = [
        "".join(random.choices(letters, k=random.randint(2, 9))) for _ in range(5000)
    ]
    return [
        " ".join(random.choices(words, k=random.randint(8, 20))).capitalize() + "."
        for _ in range(20_000)
    ]


def write_tables(data: Path, texts: list[str]) -> None:
    from pipeline.schema import BENCHMARK, PROBLEM, conform
    from pipeline.text import fingerprint

    rows = pl.DataFrame({"problem": texts}).with_row_index("number")
    rows = rows.with_columns(
        id=pl.format("made/{}", pl.col("number").cast(pl.String).str.zfill(7)),
        key=fingerprint(pl.col("problem")),
        answer=pl.col("number").cast(pl.String),
        source=pl.lit("made"),
        license=pl.lit("cc0-1.0"),
        origin=pl.lit([], pl.List(pl.String)),
        domain=pl.lit("math"),
        verifier=pl.lit("math"),
        verify_info=pl.lit("{}"),
        meta=pl.lit("{}"),
    ).drop("number")
    conform(rows, PROBLEM).write_parquet(data / "decontaminate.parquet")
    items = rows[:: max(1, rows.height // 500)].with_columns(
        benchmark=pl.lit("held"), problem=pl.col("problem").str.reverse()
    )
    items = conform(items, BENCHMARK).select(BENCHMARK.names())
    items.write_parquet(data / "benchmarks.parquet")
    # A folder with no model: `replay` asks none.
    (data.parent / "models" / "base").mkdir(parents=True)


def prepare_card(folder: Path, tree: Path) -> None:
    """What the stages that are off would have left, and the pages by hand."""
    from pipeline.contamination.report import TABLES
    from pipeline.models import describe
    from pipeline.schema import PROBLEM, VERDICT

    describe(folder / "models/base", kind="off")
    shutil.copy(tree / "dvc.yaml", folder)
    for page in ("template.md", "limitations.md"):
        shutil.copy(tree / "data_cards" / page, folder / "data_cards")
    none = pl.DataFrame(schema={**PROBLEM, **VERDICT})
    names = (*OFF, "decontaminate", "collect/made")
    for file in (folder / "data/dropped" / f"{name}.parquet" for name in names):
        file.parent.mkdir(exist_ok=True)
        none.write_parquet(file)
    (folder / "data/decontaminate").mkdir(exist_ok=True)
    for name, schema in TABLES.items():
        report = pl.DataFrame(schema=schema)
        report.write_parquet(folder / f"data/decontaminate/{name}.parquet")


def prepare_evaluation(command: str, folder: Path, samples: int) -> str:
    """The command that asks all problems; their samples are moved into the store."""
    from pipeline.models import describe, resolve
    from pipeline.sampling import store
    from pipeline.sampling.draws import choose_draws
    from pipeline.sampling.sampler import Method
    from pipeline.schema import BENCHMARK
    from trainers.evaluate import Params

    items = pl.read_parquet(folder / "data/decontaminate.parquet")
    items = items.with_columns(benchmark=pl.lit("made")).select(BENCHMARK.names())
    items.write_parquet(folder / "data/asked.parquet")
    describe(folder / "models/made", kind="hub", name="made", load="made")
    params = Params(samples=samples)
    draws = choose_draws("made", params)
    draws.pop("samples")
    method = Method(params.engine, {}, params.prompt, params.seed, **draws)
    identity = method.identity(resolve(folder / "models/made"))
    os.environ["GOLDSIEVE_CACHE"] = str(folder.resolve() / ".cache")
    stored = store.open_for(identity)
    if not store.shards(stored):
        for file in sorted((folder / "data/rollouts").glob("*.parquet")):
            part = pl.read_parquet(file).with_columns(
                pl.col("n_tokens").fill_null(0), pl.col("seed").fill_null(0)
            )
            store.save(stored, part.select(store.SAMPLE.names()).cast(store.SAMPLE))
    words = command.replace("data/benchmarks", "data/asked").split()
    return " ".join(
        "models/made" if word == "models/base" else word
        for word in words
        if word not in ("models/sft", "models/dpo", "models/grpo")
    )


def run(command: str, folder: Path, tree: Path) -> tuple[float, int]:
    """(seconds, bytes) of a stage: how long it took, and its peak with all children."""
    words = [sys.executable, *shlex.split(command)[1:]]
    environment = os.environ | {"PYTHONPATH": str(tree.resolve())}
    start, peak = time.monotonic(), 0
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            words, cwd=folder, env=environment, stdout=log, stderr=log
        )
        while process.poll() is None:
            peak = max(peak, sum(map(resident, family(process.pid))))
            time.sleep(0.1)
    if process.returncode:
        sys.exit((folder / "log").read_text()[-3000:])
    return time.monotonic() - start, peak


def family(pid: int) -> list[int]:
    """A process and its children, and theirs."""
    try:
        text = Path(f"/proc/{pid}/task").glob("*/children")
        children = [int(word) for file in text for word in file.read_text().split()]
    except OSError:
        return []
    return [pid, *(each for child in children for each in family(child))]


def resident(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
