"""The demo's deliberate impurities, each labelled, so that tests know what is found.

Word problems of `words` with their seed are made again and spoilt: copied word
for word, copied with another answer, lightly edited, reworded, given other
numbers (a sibling, which is no impurity and must stay), or given a wrong answer.
Benchmark items leak in, and some rows cannot be read at all.
"""

import random
import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from stages.sources import arithmetic, words

Row = dict[str, Any]
Numbers = tuple[int, tuple[str, ...]]
BESIDE = 6  # chains from one with a wrong answer to the next
LEVELS = [1, 2, 3, 4, 5, 6, 7]  # those of the demo's held-out chains


def generate(
    seed: int,
    words_seed: int,
    words_templates: list[int],
    heldout_seed: int,
    each: int = 8,
) -> Iterator[Row]:
    """`each` rows of every kind, of other word problems for each kind."""
    rng = random.Random(seed)
    known = [*words.generate(20 * each, words_seed, words_templates)]
    originals = iter(known)
    for label, spoil in SPOILS.items():
        for row in islice(originals, each):
            yield spoil(row, rng) | {"label": label, "of": row["text"]}
    taken = set(map(_numbers, known))
    for row in islice(originals, each):
        sibling = _other_numbers(row, rng, taken)
        taken.add(_numbers(sibling))
        yield sibling | {"label": "sibling", "of": row["text"]}
    for row in _chains(each, heldout_seed, LEVELS, "heldout"):
        text = f"Here is a small exercise. {row['text']}"
        yield row | {"text": text, "label": "leak", "of": row["text"]}
    # Wrong keys stand among right ones: where all keys are wrong, votes show nothing.
    for number, row in enumerate(_chains(BESIDE * each, seed, [2, 3], "train")):
        wrong = {"answer": row["answer"] + 7, "label": "wrong_answer"}
        row |= wrong if number % BESIDE == 0 else {"label": "right_answer"}
        yield row | {"of": row["text"]}
    for number in range(each):
        yield UNREADABLE[number % len(UNREADABLE)] | {"label": "unreadable"}


def adapt(row: Row) -> dict[str, Any] | str:
    text, answer = row.get("text"), row.get("answer")
    if not isinstance(text, str) or not isinstance(answer, int):
        return f"text, answer: expected a text and a whole number, found {answer!r:.40}"
    return {
        "problem": text,
        "answer": str(answer),
        "domain": "math",
        "verifier": "math",
        "meta": {"planted": row["label"], "of": row["of"]},
    }


def _copy(row: Row, rng: random.Random) -> Row:
    return row | {"text": row["text"].replace(". ", ".  ", 1)}


def _other_answer(row: Row, rng: random.Random) -> Row:
    return row | {"answer": row["answer"] + rng.choice([1, 2, 10])}


def _light_edit(row: Row, rng: random.Random) -> Row:
    last = rng.choice(["", " Please tell us.", " Explain briefly."])
    return row | {"text": row["text"].replace("How many", "Now how many") + last}


def _reworded(row: Row, rng: random.Random) -> Row:
    text = row["text"]
    for old, new in REWORDED:
        text = re.sub(rf"\b{old}\b", new, text)
    return row | {"text": text}


def _other_numbers(row: Row, rng: random.Random, taken: set[Numbers]) -> Row:
    """The same template, names and things, with every number drawn again.

    Numbers that a problem of the template has already would make a copy of it.
    """
    while True:
        other = words.draw(row["template"], rng)
        if other["answer"] != row["answer"] and _numbers(other) not in taken:
            words_between = re.split(r"\d+", row["text"])
            numbers = [*re.findall(r"\d+", other["text"]), ""]
            pairs = zip(words_between, numbers, strict=True)
            return other | {"text": "".join(map("".join, pairs))}


def _numbers(row: Row) -> Numbers:
    return row["template"], tuple(sorted(re.findall(r"\d+", row["text"])))


def _chains(
    count: int, seed: int, levels: list[int], part: arithmetic.Part
) -> Iterator[Row]:
    for row in arithmetic.generate(count, seed, levels, part):
        chain = row["expression"]
        answer = arithmetic.totals(chain)[-1]
        yield {"text": arithmetic.problem(chain), "answer": answer}


REWORDED = [
    ("wooden box", "box made of wood"),
    ("baked", "made"),
    ("another", "a further"),
    ("together", "jointly"),
    ("customers", "shoppers"),
    ("altogether", "in total"),
    ("busy", "hectic"),
    ("ruins", "destroys"),
    ("passengers", "travellers"),
    ("evening began", "evening started"),
    ("to begin with", "at the start"),
    ("more", "additional"),
    ("exactly", "precisely"),
]
SPOILS: dict[str, Callable[[Row, random.Random], Row]] = {
    "exact_copy": _copy,
    "exact_copy_other_answer": _other_answer,
    "near_copy": _light_edit,
    "paraphrase": _reworded,
}
UNREADABLE: list[Row] = [
    {"text": None, "answer": 3},
    {"text": "How many?", "answer": None},
    {"text": "How many?", "answer": "three"},
    {"text": ["How", "many?"], "answer": 3},
]
