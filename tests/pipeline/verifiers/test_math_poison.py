"""A thousand expressions that hang, crash or fill a grader, among ordinary ones."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.grading.workers import TIMEOUT, Answer, grader
from tests.support.poison import MAKERS, cpu_s, pairs

LIMIT_S = 20.0
CPU_S = 0.2
RIGHT = [
    (r"\frac{1}{2}", r"\boxed{0.5}"),
    ("(1,2]", r"\boxed{1 < x \le 2}"),
    (r"\sqrt{72}", r"The answer is $6\sqrt{2}$."),
    ("x^2+2x+1", r"\boxed{(x+1)^2}"),
]
WRONG = [
    ("42", r"\boxed{43}"),
    (r"\sqrt{2}", r"\boxed{\sqrt{3}}"),
    ("(a+b)^2", r"\boxed{a^2+b^2}"),
]


def ordinary(count: int) -> list[Answer]:
    """Distinct pairs whose verdicts are known: numbers, and the hand-written ones."""
    by_hand = [Answer("math", gold, "{}", text) for gold, text in RIGHT + WRONG]
    return by_hand + [
        Answer("math", str(n), "{}", rf"So it is \boxed{{{n + n % 2}}}.")
        for n in range(count - len(by_hand))
    ]


def test_poison_costs_itself_alone(tmp_path, monkeypatch):
    poison = [Answer("math", gold, "{}", text) for gold, text in pairs(1_000)]
    plain = ordinary(500)
    mixed = [*poison]
    for i, answer in enumerate(plain):
        mixed.insert(3 * i, answer)

    with grader(timeout_s=LIMIT_S) as grade:
        monkeypatch.setenv("GOLDSIEVE_CACHE", str(tmp_path / "alone"))
        alone = grade(plain)
        # Or the verdicts of the second list would be those of the first, kept.
        monkeypatch.setenv("GOLDSIEVE_CACHE", str(tmp_path / "mixed"))
        start = time.monotonic()
        verdicts = dict(zip(mixed, grade(mixed), strict=True))
        took = time.monotonic() - start

    assert [verdicts[answer] for answer in plain] == alone
    assert [verdict.correct for verdict in alone[: len(RIGHT)]] == [True] * len(RIGHT)
    assert [verdicts[pair] for pair in poison if verdicts[pair].correct] == []
    given_up = [pair for pair in poison if verdicts[pair] == TIMEOUT]
    assert len(given_up) <= 10
    assert took < 240 + LIMIT_S * len(given_up)  # half a minute where nothing else runs


def test_every_kind_of_poison_is_dealt_and_dealt_alike():
    once, again = list(pairs(3 * len(MAKERS))), list(pairs(3 * len(MAKERS)))

    assert once == again
    assert len(set(once)) > 2 * len(MAKERS)


def test_no_poison_takes_longer_than_a_fifth_of_a_second():
    poison = list(pairs(4 * len(MAKERS), seed=1))

    slow = [pair for pair in poison if cpu_s(*pair) > CPU_S and cpu_s(*pair) > CPU_S]

    assert slow == []


def test_verdicts_are_the_same_bytes_beside_two_busy_processes():
    answers = [*RIGHT, *WRONG, *pairs(len(MAKERS), seed=2)]

    alone = print_verdicts(answers)
    with busy_processes(2):
        beside = print_verdicts(answers)

    assert len(alone.splitlines()) == len(answers)
    assert beside == alone


def print_verdicts(answers: list[tuple[str, str]]) -> bytes:
    """The verdicts of a process of its own, which has read no answer before."""
    script = (
        "import json, sys\n"
        "from pipeline.verifiers.math import verify\n"
        "for gold, text in json.load(sys.stdin):\n"
        "    print(ascii(verify(gold, text, {})))"
    )
    command, lines = [sys.executable, "-c", script], json.dumps(answers).encode()
    return subprocess.run(command, input=lines, capture_output=True, check=True).stdout


@contextmanager
def busy_processes(count: int) -> Iterator[None]:
    """Processes that compute and do nothing else."""
    command = [sys.executable, "-c", "while True: pass"]
    running = [subprocess.Popen(command) for _ in range(count)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()
