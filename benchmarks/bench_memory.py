"""How much memory the stages that handle traces take, beside the size of the traces.

    python benchmarks/bench_memory.py --gigabytes 1.2

Writes problems and recorded completions (made of random sentences, no model has any
part), then runs each stage from `rollouts` to `export` by its command in dvc.yaml, and
looks ten times a second at the resident memory of the process and all its children.
`--tree` measures another checkout. What is written stays in `--folder`, which becomes
about as large as the traces; TMPDIR holds as much again while `rollouts` runs.
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
    "select", "export",
)  # fmt: skip
RECORDED = {"path": "recorded/*.parquet", "completions": ["completions"], "model": "m"}
PARAMS = {
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
}
PROBLEMS = 2000  # of one file of recordings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=1.2)
    parser.add_argument("--kilobytes", type=float, default=8.0, help="of one trace")
    parser.add_argument("--samples", type=int, default=8, help="traces a problem")
    parser.add_argument("--tree", type=Path, default=Path(__file__).parents[1])
    parser.add_argument("--folder", type=Path, help="where to work, kept afterwards")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="goldsieve-"))
    problems = int(options.gigabytes * 1e6 / options.kilobytes / options.samples)
    write_project(folder, problems, options.samples, options.kilobytes)
    size = pl.scan_parquet(folder / "recorded/*.parquet").select(
        pl.col("completions").explode().str.len_bytes().cast(pl.UInt64).sum()
    )
    numbers = (Column(name, justify="right") for name in ("seconds", "peak MB"))
    title = f"{problems:,} problems, {size.collect().item() / 1e9:.2f} GB of traces"
    table = Table("stage", *numbers, title=title)
    stages = yaml.safe_load((options.tree / "dvc.yaml").read_text())["stages"]
    for name in STAGES:
        seconds, peak = run(stages[name]["cmd"], folder, options.tree)
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
