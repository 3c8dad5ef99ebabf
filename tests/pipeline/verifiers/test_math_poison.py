"""A thousand expressions that hang, crash or fill a grader, among ordinary ones."""

import time

from pipeline.grading.workers import TIMEOUT, Answer, grader
from tests.support.poison import MAKERS, pairs

LIMIT_S = 20.0
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
