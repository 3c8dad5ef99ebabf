"""One problem or two: what the three dedup stages merge, with their defaults.

    python benchmarks/bench_same.py --encoder static
    python benchmarks/bench_same.py --meaning ../shared/hunt/meaning

Pairs, all in one pool, are to be kept apart or to be found: ours (`tests/cases/pairs`,
`reading`, `stages`), and those in the files of the folder `--meaning`. Pools: tasks of
reasoning-gym, whose questions are all distinct; real problems with other numbers; real
problems with another layout. A pair or a row that is not what it should be is printed
with `--misses`.
"""

import argparse
import json
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import NamedTuple

import polars as pl
from pools import CACHE, data
from rich.console import Console
from rich.table import Table

from pipeline.filter import apply
from pipeline.schema import PROBLEM, conform
from pipeline.text import fingerprint
from stages import dedup_embedding, dedup_exact, dedup_ngram
from tests.support import edits

CASES = Path(__file__).parent.parent / "tests/cases"
Text = tuple[str, str | None]


class Pair(NamedTuple):
    kind: str
    left: Text
    right: Text
    is_same: bool


class Share(NamedTuple):
    """`number` of `total` are as they should be, at least or at most `aim`."""

    name: str
    number: int
    total: int
    aim: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", default="static", choices=["static", "packaged"])
    parser.add_argument("--meaning", type=Path, help="folder of more pairs")
    parser.add_argument("--pairs", type=Path, nargs="*", help="files of more pairs")
    parser.add_argument("--seeds", type=int, default=40, help="of reasoning-gym")
    parser.add_argument("--rows", type=int, default=2000, help="of GSM8K")
    parser.add_argument("--only", nargs="*", default=[*PARTS])
    parser.add_argument("--misses", action="store_true")
    options = parser.parse_args()
    table = Table("", "count", "of", "share", "aim")
    for part in options.only:
        for name, number, total, aim in PARTS[part](options):
            share = f"{number / max(total, 1):.2%}"
            table.add_row(name, f"{number:,}", f"{total:,}", share, aim)
    Console(width=100).print(table)


def measure_pairs(options: argparse.Namespace) -> Iterator[Share]:
    """Pairs that differ kept apart and equal ones found, each kind that falls short."""
    pairs = list(read_cases(options.pairs or []))
    if options.meaning:
        pairs += read_meaning(options.meaning)
    merged = are_merged(pairs, options.encoder)
    for is_same, name in ((False, "differ, kept apart"), (True, "same, found")):
        right: dict[str, list[bool]] = {}
        for pair, is_one in zip(pairs, merged, strict=True):
            if pair.is_same != is_same:
                continue
            is_right = is_one == is_same
            right.setdefault(pair.kind, []).append(is_right)
            if options.misses and not is_right:
                print(name, pair, sep="\n    ")
        every = [is_right for kind in right.values() for is_right in kind]
        yield Share(name, sum(every), len(every), "≥ 98%")
        for kind, results in sorted(right.items()):
            if not all(results):
                yield Share(f"  {kind}", sum(results), len(results), "")


def read_cases(files: Iterable[Path]) -> Iterator[Pair]:
    """Pairs as `tests/cases` has them: kind, left, right, answers, expected."""
    folders = ("pairs", "reading", "stages")
    ours = [file for name in folders for file in sorted(CASES.glob(f"{name}/*"))]
    for file in [*ours, *files]:
        for line in file.read_text("utf-8").splitlines():
            row = json.loads(line)
            left, right = row.get("answers") or (None, None)
            is_same = file.stem == "same" or row.get("expected") == "same"
            kind = f"{file.parent.name}: {row['kind']}"
            texts = (row["left"], left), (row["right"], right)
            yield Pair(kind, *texts, is_same)


def read_meaning(folder: Path) -> Iterator[Pair]:
    """Pairs as two lines, one after the other: label, expected, problem, answer."""
    for name in ("sym", "sym_noans", "sem", "sem_noans", "code", "same"):
        lines = (folder / f"{name}.jsonl").read_text("utf-8").splitlines()
        for left, right in zip(*[map(json.loads, lines)] * 2, strict=True):
            texts = ((row["problem"], row.get("answer")) for row in (left, right))
            kind = f"{name}: {left['label']}"
            yield Pair(kind, next(texts), next(texts), left["expected"] == "same")


def measure_gym(options: argparse.Namespace) -> Iterator[Share]:
    """Distinct questions of all tasks of reasoning-gym, `seeds` each, merged."""
    file = CACHE / f"gym-{options.seeds}.jsonl"
    if not file.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(text) for text in generate_puzzles(options.seeds)]
        file.write_text("\n".join(lines))
    rows = dict(json.loads(line) for line in file.read_text().splitlines())
    lost = merge([*rows.items()], options)
    yield Share("reasoning-gym, merged", len(lost), len(rows), "≤ 0.5%")


def generate_puzzles(seeds: int) -> Iterator[Text]:
    """Questions and answers; what a task cannot make here is left out."""
    from reasoning_gym.factory import DATASETS, create_dataset

    for task in sorted(DATASETS):
        try:
            for entry in create_dataset(task, size=seeds, seed=0):
                yield entry["question"], entry["answer"]
        except Exception as error:  # files or packages of its own
            print(f"{task} is left out: {error!r:.80}")


def measure_numbers(options: argparse.Namespace) -> Iterator[Share]:
    """Real problems beside themselves with other numbers."""
    random, distinct = Random(1), distinct_problems(options)
    edited = [edits.renumber(problem, random) for problem, _ in distinct]
    for kind in ("other answers", "no answers"):
        copies = [
            (text, f"other {number}" if kind == "other answers" else None)
            for number, text in enumerate(edited)
            if text and text != distinct[number][0]
        ]
        originals = [
            (text, answer if kind == "other answers" else None)
            for text, answer in distinct
        ]
        lost = merge([*originals, *copies], options)
        lost = {row for row in lost if row >= len(distinct)}
        name = f"GSM8K, other numbers, {kind}: merged"
        yield Share(name, len(lost), len(copies), "≤ 0.5%")


def measure_layout(options: argparse.Namespace) -> Iterator[Share]:
    """Real problems beside themselves with another layout, an edit a row."""
    random, distinct = Random(2), distinct_problems(options)
    edited = [(edits.reformat(problem, random), answer) for problem, answer in distinct]
    copies = [new for new, old in zip(edited, distinct, strict=True) if new != old]
    lost = merge([*distinct, *copies], options)
    lost = {row for row in lost if row >= len(distinct)}
    yield Share("other layout: merged", len(lost), len(copies), "≥ 99.5%")


def distinct_problems(options: argparse.Namespace) -> list[Text]:
    """Problems of GSM8K of which dedup merges none."""
    lines = (data() / "gsm8k/train.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines[: options.rows]]
    texts = [(row["question"], row["answer"].split("####")[-1].strip()) for row in rows]
    lost = merge(texts, options, quiet=True)
    return [text for row, text in enumerate(texts) if row not in lost]


def are_merged(pairs: list[Pair], encoder: str) -> list[bool]:
    """Whether each pair comes down to one row, all of them in one pool."""
    texts = [text for pair in pairs for text in (pair.left, pair.right)]
    dropped = run_stages(texts, encoder)
    twin = dict(dropped.select("id", "twin").iter_rows())

    def survivor(row: int) -> str:
        id = f"r/{row}"
        while id in twin:
            id = twin[id]
        return id

    return [survivor(row) == survivor(row + 1) for row in range(0, len(texts), 2)]


def merge(
    texts: list[Text], options: argparse.Namespace, *, quiet: bool = False
) -> set[int]:
    """Numbers of the rows that a stage drops."""
    dropped = run_stages(texts, options.encoder)
    if options.misses and not quiet:
        for row in dropped.head(60).iter_rows(named=True):
            twin = texts[int(row["twin"][2:])]
            print(row["reason"], row["problem"], twin, row["answer"], sep="\n    ")
    return {int(id[2:]) for id in dropped["id"]}


def run_stages(texts: list[Text], encoder: str) -> pl.DataFrame:
    """The rows that the three stages drop, one after the other."""
    schema = {"problem": pl.String, "answer": pl.String}
    rows = pl.DataFrame(texts, schema, orient="row").with_row_index("n")
    rows = rows.select(pl.format("r/{}", "n").alias("id"), "problem", "answer")
    rows = conform(rows.with_columns(source=pl.lit("r")), PROBLEM)
    rows = rows.with_columns(key=fingerprint(pl.col("problem")))
    embedding = dedup_embedding.Params.model_validate({"encoder": encoder})
    dropped = []
    for stage, params in (
        (dedup_exact, dedup_exact.Params()),
        (dedup_ngram, dedup_ngram.Params()),
        (dedup_embedding, embedding),
    ):
        outcome = apply(partial(stage.judge, params=params), rows)
        dropped.append(
            outcome.dropped.select("id", "twin", "reason", "problem", "answer")
        )
        rows = outcome.kept
    return pl.concat(dropped)


PARTS = {
    "pairs": measure_pairs,
    "gym": measure_gym,
    "numbers": measure_numbers,
    "layout": measure_layout,
}

if __name__ == "__main__":
    main()
