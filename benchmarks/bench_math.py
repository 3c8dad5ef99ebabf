"""The maths verifier beside a plain math-verify loop: agreement, and verdicts a second.

    PYTHONPATH=. python benchmarks/bench_math.py [--rounds 3] [--no-speed]
    PYTHONPATH=. python benchmarks/bench_math.py --mutations 100000 [--seed 1]
    PYTHONPATH=. python benchmarks/bench_math.py --poison 1000 [--seed 1]

Agreement is on our own cases by category, and on `mixed_math.py`: gold answers of hard
benchmarks under GOLDSIEVE_DATA, respelled right and nearly right. `--mutations N` is a
run of its own: N near misses of all public sets and of what came closest
(`near_misses.py`), and those that are accepted. `--poison N` is another: N hostile
expressions (`tests/support/poison.py`), each behind an ordinary answer whose verdict
must not move, and what the slowest of every kind cost. Plain math-verify is
`verify(parse(gold), parse(completion))`, with the gold answer as it stands and
wrapped in dollar signs.

Speed is that of one process on real rollouts under GOLDSIEVE_DATA, those of
`bench_verdicts.py`, which measures worker processes and kept verdicts, and the mixed
ones. It is in seconds of CPU, since the machine may be shared. Runs alternate; ours
start without any stored verdict.
"""

import argparse
import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench_verdicts import DATA, Pair, areal, gsm8k
from mixed_math import read_mixed
from near_misses import search
from rich.console import Console
from rich.table import Table

from tests.support.golds import read_golds
from tests.support.poison import MAKERS, cpu_s, pairs

ROOT = Path(__file__).parent.parent
Verify = Callable[[str, str], bool | None]


class Case(NamedTuple):
    """A gold answer, a completion, and whether it is right."""

    category: str
    gold: str
    completion: str
    is_right: bool


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=Path, default=ROOT / "tests/cases")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-speed", action="store_true")
    parser.add_argument("--mixed", type=int, default=2_500)
    parser.add_argument("--mutations", type=int, default=0)
    parser.add_argument("--poison", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if options.mutations:
        print_accepted(options.mutations, options.seed)
        return
    if options.poison:
        print_poison(options.poison, options.seed)
        return
    mixed = read_mixed(DATA, options.mixed)
    made = [Case("mixed", m.gold, m.completion, m.is_right) for m in mixed]
    print_agreement([*read_cases(options.cases), *made])
    if not options.no_speed:
        rollouts = {"gsm8k": gsm8k(), "areal": areal()}
        rollouts["mixed"] = (
            [(each.gold, each.completion) for each in mixed],
            [each.is_right for each in mixed],
        )
        for name, each in rollouts.items():
            print_speed(name, *each, options.rounds)


def print_accepted(count: int, seed: int) -> None:
    """Print how many near misses are accepted or undecided by kind, and the former."""
    golds = sorted({gold for golds in read_golds(DATA).values() for gold in golds})
    start = time.process_time()
    misses = list(search(golds, count, seed))
    took = time.process_time() - start
    table = Table("near miss", "tried", "accepted", "undecided")
    for kind, number in Counter(miss.kind for miss in misses).most_common():
        correct = [miss.correct for miss in misses if miss.kind == kind]
        table.add_row(kind, f"{number:,}", *map(str, map(correct.count, (True, None))))
    Console().print(table)
    accepted = [miss for miss in misses if miss.correct]
    for miss in accepted:
        print(f"{miss.kind}: {miss.gold!r} <- {miss.text!r} ({miss.why})")
    n_golds = len({miss.gold for miss in accepted})
    print(
        f"{len(misses):,} tried, {len(accepted)} accepted, of {n_golds} gold answers, "
        f"{took:.1f} CPU seconds"
    )


def print_poison(count: int, seed: int) -> None:
    """Print the CPU seconds of poison by kind, and the ordinary verdicts it moved."""
    cases = list(read_cases(ROOT / "tests/cases"))[:count]
    alone = [goldsieve(case.gold, case.completion) for case in cases]
    forget_verdicts()
    poison, taken, accepted, beside = list(pairs(count, seed)), [], 0, []
    for index, pair in enumerate(poison):
        taken.append(cpu_s(*pair))
        accepted += goldsieve(*pair) is True
        if index < len(cases):
            beside.append(goldsieve(cases[index].gold, cases[index].completion))
    table = Table("poison", "tried", "slowest, CPU s")
    for place, make in enumerate(MAKERS):
        of_kind = taken[place :: len(MAKERS)]
        table.add_row(make.__name__, str(len(of_kind)), f"{max(of_kind):.3f}")
    Console().print(table)
    moved = sum(one != other for one, other in zip(alone, beside, strict=True))
    print(
        f"{count:,} tried, {accepted} accepted, slowest {max(taken):.3f} CPU s, "
        f"{moved} of {len(cases)} ordinary verdicts moved"
    )


def read_cases(folder: Path) -> Iterator[Case]:
    for file in sorted(folder.glob("*.jsonl")):
        for line in map(json.loads, file.read_text().splitlines()):
            for completion in line["right"]:
                yield Case(file.stem, line["gold"], completion, True)
            for completion in line["wrong"]:
                yield Case(file.stem, line["gold"], completion, False)


def goldsieve(gold: str, completion: str) -> bool | None:
    from pipeline.verifiers.math import verify

    return verify(gold, completion, {}).correct


def plain(gold: str, completion: str) -> bool | None:
    from math_verify import parse, verify

    return bool(verify(parse(gold), parse(completion)))


def wrapped(gold: str, completion: str) -> bool | None:
    return plain(gold if "$" in gold or "boxed" in gold else f"${gold}$", completion)


VERIFIERS: dict[str, Verify] = {
    "goldsieve": goldsieve,
    "math-verify": plain,
    "math-verify, gold wrapped": wrapped,
}


def print_agreement(cases: list[Case]) -> None:
    """Print the share of cases judged as they say, and the wrong ones accepted."""
    table = Table(
        "category", "cases", *(f"{name}: agree / accepted" for name in VERIFIERS)
    )
    verdicts = {
        name: [verify(case.gold, case.completion) is True for case in cases]
        for name, verify in VERIFIERS.items()
    }
    for category in [*dict.fromkeys(case.category for case in cases), "all"]:
        rows = [i for i, case in enumerate(cases) if category in ("all", case.category)]
        cells = []
        for accepts in verdicts.values():
            agreed = sum(accepts[i] == cases[i].is_right for i in rows)
            wrong = sum(accepts[i] and not cases[i].is_right for i in rows)
            cells.append(f"{agreed / len(rows):.1%} / {wrong}")
        table.add_row(category, str(len(rows)), *cells)
    Console().print(table)


def print_speed(name: str, pairs: list[Pair], labels: list[bool], rounds: int) -> None:
    """Print verdicts per CPU second and the agreement with the labels."""
    seconds: dict[str, list[float]] = {"math-verify, gold wrapped": [], "goldsieve": []}
    accepts: dict[str, list[bool]] = {}
    for verifier in seconds:  # have it load what expressions need
        VERIFIERS[verifier](r"\sqrt{2}", r"\boxed{\sqrt{3}}")
    for _ in range(rounds):
        for verifier, taken in seconds.items():
            forget_verdicts()
            start = time.process_time()
            accepts[verifier] = [VERIFIERS[verifier](*pair) is True for pair in pairs]
            taken.append(time.process_time() - start)
    table = Table(
        "verifier", "verdicts/CPU s", "times math-verify", "agree with the label"
    )
    slowest = median(seconds["math-verify, gold wrapped"])
    for verifier, taken in seconds.items():
        agreed = sum(map(bool.__eq__, accepts[verifier], labels)) / len(pairs)
        speed = f"{len(pairs) / median(taken):,.0f}"
        table.add_row(
            verifier, speed, f"{slowest / median(taken):.1f}", f"{agreed:.2%}"
        )
    Console().print(f"{name}: {len(pairs):,} rollouts, median of {rounds}")
    Console().print(table)


def forget_verdicts() -> None:
    """Empty the caches of our own process, so that every round starts alike."""
    from pipeline.verifiers import math
    from pipeline.verifiers.answers import answer, tokens, units

    for cached in (math._read_gold, answer.read, tokens.spell, units.split_unit):
        cached.cache_clear()


if __name__ == "__main__":
    main()
