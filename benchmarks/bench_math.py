"""The maths verifier beside a plain math-verify loop: agreement, and verdicts a second.

    python benchmarks/bench_math.py [--cases tests/cases] [--rounds 3] [--no-speed]

Agreement is on our own cases by category. Plain math-verify is
`verify(parse(gold), parse(completion))`, with the gold answer as it stands and
wrapped in dollar signs.

Speed is on real rollouts under GOLDSIEVE_DATA: the completions of gen_gsm8k_openai
and those of gen_areal_rollouts whose problem is in a benchmark with an answer. The
peer's loop parses the gold answer, parses the completion and verifies, one process,
warm. Ours runs in one process and in two workers (`pipeline.grading.workers`),
without any stored verdict; equal pairs of a run are judged once. Runs alternate.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parent.parent
LIMIT_S = 30.0


class Case(NamedTuple):
    """A gold answer, a completion, and whether it is right (None: not known)."""

    category: str
    gold: str
    completion: str
    right: bool | None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=Path, default=ROOT / "tests/cases")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-speed", action="store_true")
    asked = parser.parse_args()
    agreement(list(told(asked.cases)))
    if not asked.no_speed:
        for name, pairs in (("gsm8k", gsm8k()), ("areal", areal())):
            if pairs:
                speed(name, pairs, asked.rounds)


def told(folder: Path) -> Iterator[Case]:
    for file in sorted(folder.glob("*.jsonl")):
        for line in map(json.loads, file.read_text().splitlines()):
            for said in line["right"]:
                yield Case(file.stem, line["gold"], said, True)
            for said in line["wrong"]:
                yield Case(file.stem, line["gold"], said, False)


def ours(gold: str, completion: str) -> bool | None:
    from pipeline.verifiers.math import verify

    return verify(gold, completion, {}).correct


def plain(gold: str, completion: str) -> bool | None:
    from math_verify import parse, verify

    return bool(verify(parse(gold), parse(completion)))


def wrapped(gold: str, completion: str) -> bool | None:
    return plain(gold if "$" in gold or "boxed" in gold else f"${gold}$", completion)


GRADERS: dict[str, Callable[[str, str], bool | None]] = {
    "goldsieve": ours,
    "math-verify": plain,
    "math-verify, gold wrapped": wrapped,
}


def agreement(cases: list[Case]) -> None:
    """Print the share of cases judged as told, and the wrong ones accepted."""
    table = Table(
        "category", "cases", *(f"{name}: agree / accepted" for name in GRADERS)
    )
    judged = {
        name: [grade(case.gold, case.completion) for case in cases]
        for name, grade in GRADERS.items()
    }
    for category in [*dict.fromkeys(case.category for case in cases), "all"]:
        places = [
            i for i, case in enumerate(cases) if category in ("all", case.category)
        ]
        cells = []
        for verdicts in judged.values():
            agreed = sum((verdicts[i] is True) == cases[i].right for i in places)
            accepted = sum(verdicts[i] is True and not cases[i].right for i in places)
            cells.append(f"{agreed / len(places):.1%} / {accepted}")
        table.add_row(category, str(len(places)), *cells)
    Console().print(table)


def data() -> Path:
    return Path(os.environ.get("GOLDSIEVE_DATA") or ROOT.parent / "shared/data")


def gsm8k() -> list[Case]:
    """Human-checked completions of four models: gold answer, completion, label."""
    file = data() / "gen_gsm8k_openai/example_model_solutions.jsonl"
    found = []
    for line in file.read_text().splitlines() if file.exists() else []:
        row = json.loads(line)
        gold = row.pop("ground_truth").rpartition("A:")[2].strip()
        row.pop("question")
        for model, said in row.items():
            found.append(Case(model, gold, said["solution"], said["is_correct"]))
    return found


def areal() -> list[Case]:
    """Long completions, matched with the benchmark's answer by the problem's text."""
    answers = dict(benchmark_answers())
    found = []
    for file in sorted((data() / "gen_areal_rollouts").glob("*.jsonl")):
        for row in map(json.loads, file.read_text().splitlines()):
            prompt = squeezed(row["prompt"])
            gold = next((answers[key] for key in answers if key in prompt), None)
            if gold:
                found.append(
                    Case(file.stem, gold, row["completion"], row["reward"] > 0)
                )
    return found


def benchmark_answers() -> Iterator[tuple[str, str]]:
    for file in sorted((data() / "bench_math").glob("*.jsonl")):
        for row in map(json.loads, file.read_text().splitlines()):
            problem = row.get("problem") or row.get("question")
            answer = row.get("answer") or row.get("final_answer")
            answer = ", ".join(answer) if isinstance(answer, list) else str(answer)
            if problem and len(problem) > 60 and file.stem != "gsm8k":
                yield squeezed(problem), answer


def squeezed(text: str) -> str:
    return "".join(text.split())


def speed(name: str, cases: list[Case], rounds: int) -> None:
    """Print verdicts per second of one process and of two workers, and the ratios."""
    took: dict[str, list[float]] = {"peer": [], "one": [], "two": []}
    verdicts: dict[str, list[bool | None]] = {}
    wrapped("1", "2")
    ours(r"\sqrt{2}", r"\boxed{\sqrt{3}}")
    for _ in range(rounds):
        verdicts["peer"] = timed(took["peer"], lambda: each(wrapped, cases))
        forget()
        verdicts["one"] = timed(took["one"], lambda: each(ours, cases))
        verdicts["two"] = in_workers(took["two"], cases)
    table = Table("grader", "verdicts/s", "times math-verify", "agree with the label")
    peer = len(cases) / median(took["peer"])
    for label, key in (
        ("math-verify, gold wrapped, one process", "peer"),
        ("goldsieve, one process", "one"),
        ("goldsieve, two workers", "two"),
    ):
        rate = len(cases) / median(took[key])
        agreed = sum(
            (verdict is True) == case.right
            for verdict, case in zip(verdicts[key], cases, strict=True)
        )
        table.add_row(
            label, f"{rate:,.0f}", f"{rate / peer:.1f}", f"{agreed / len(cases):.2%}"
        )
    Console().print(f"{name}: {len(cases):,} rollouts, median of {rounds}")
    Console().print(table)


def in_workers(took: list[float], cases: list[Case]) -> list[bool | None]:
    """Verdicts of fresh workers that are warm, with no verdict kept from before."""
    from pipeline.grading.workers import Answer, grader

    answers = [Answer("math", case.gold, "{}", case.completion) for case in cases]
    warm = [
        Answer("math", r"\sqrt{2}", "{}", rf"\boxed{{\sqrt{{{n}}}}}")
        for n in range(512)
    ]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GOLDSIEVE_CACHE"] = folder
        with grader(timeout_s=LIMIT_S) as grade:
            grade(warm)
            return timed(took, lambda: [one.correct for one in grade(answers)])


def timed(took: list[float], run: Callable[[], list[bool | None]]) -> list[bool | None]:
    start = time.perf_counter()
    verdicts = run()
    took.append(time.perf_counter() - start)
    return verdicts


def each(
    grade: Callable[[str, str], bool | None], cases: list[Case]
) -> list[bool | None]:
    return [grade(case.gold, case.completion) for case in cases]


def forget() -> None:
    """Empty the caches of our own process, so that every round starts alike."""
    from pipeline.verifiers import math
    from pipeline.verifiers.compare import cascade, math_verify, normal_form, units

    for cached in (
        math._read_gold,
        cascade._compare,
        normal_form.normalise,
        units.split_unit,
        math_verify.parse_expression,
    ):
        cached.cache_clear()


if __name__ == "__main__":
    main()
