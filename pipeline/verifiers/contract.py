"""What a verifier is: a file here with `verify` and `unreadable`.

    def verify(answer: str | None, completion: str, info: dict) -> Verdict
    def unreadable(answer: str | None, info: dict) -> str | None

`verify` compares what a model wrote with the gold answer. `unreadable` says why
nothing can be compared with a gold answer, or None where something can: such problems
leave the pool before any GPU sees them. `info` is the row's `verify_info` in the types
that `details/<name>.py` declares. Neither is called but by `pipeline/grading/guarded`,
where what they raise leaves a row undecided. The same `verify` filters data and rewards
GRPO.

`kind(answer, info)`, where a file has it, names the kind of answer that the gold answer
is: `number`, `equation`, `set`.

`write_empty(info)`, where a file has it, is a completion with a program that does
nothing, which must be wrong: `quality` asks it of the tests of every row.

`rests_on(info)`, where a file has it, names versions of what a verdict rests on that no
code of ours imports; kept verdicts are known by it.

A file may also claim, with `= True`:

    COMPARES_VALUES   one answer has many spellings: equal answers vote together
    MAY_BE_OVERRULED  right answers may be refused: a model can have the last word
    COUNTS_TESTS      has a score where `info` says `all_tests`, and only there
"""

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Literal

from pipeline.errors import UserError


@dataclass(frozen=True)
class Verdict:
    """`correct` is None where the verifier cannot decide; None never means wrong.

    `score` in [0, 1] carries partial credit where the kind of answer has it.
    """

    correct: bool | None
    extracted: str | None = None
    why: str = ""
    score: float | None = None


def verifier_names() -> list[str]:
    """The verifiers: the files of this folder but for this one and those with a _."""
    files = Path(__file__).parent.glob("[a-z]*.py")
    return sorted(file.stem for file in files if file.stem != "contract")


@cache
def load_verifier(name: str) -> ModuleType:
    """The verifier called `name`; UserError where there is none."""
    if name not in verifier_names():
        raise UserError(
            f"no verifier is called {name!r}", hint=f"try {', '.join(verifier_names())}"
        )
    return import_module(f"pipeline.verifiers.{name}")


def verifiers_that_claim(
    claim: Literal["COMPARES_VALUES", "MAY_BE_OVERRULED", "COUNTS_TESTS"],
) -> list[str]:
    """The verifiers whose file sets `claim` to True."""
    return [n for n in verifier_names() if getattr(load_verifier(n), claim, False)]
