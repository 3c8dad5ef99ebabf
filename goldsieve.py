r"""Filters, verifiers and rewards in Python, without the pipeline around them.

    >>> import goldsieve
    >>> goldsieve.verify("math", r"\frac{1}{2}", r"So it is \boxed{0.5}.").correct
    True

Rewards of frameworks: `reward` is TRL's, `compute_score` verl's, `rubric_reward` that
of verifiers and `reward_func` OpenRLHF's.

Completions are graded in worker processes that start once and are killed where they
hang. A script that calls `verify`, `score` or `reward` therefore needs what every
program with worker processes needs: `if __name__ == "__main__":` around its work.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.errors import UserError
from pipeline.filter import Outcome
from pipeline.grading.reward_file import (
    as_json,
    compute_score,
    grade,
    last_text,
    reward_func,
    rubric_reward,
)
from pipeline.grading.workers import Answer, verdict_columns
from pipeline.verifiers import contract
from pipeline.verifiers.contract import Verdict

__all__ = [
    "Outcome",
    "UserError",
    "Verdict",
    "compute_score",
    "filter",
    "read",
    "reward",
    "reward_func",
    "rubric_reward",
    "score",
    "verify",
]

Info = Mapping[str, Any] | str | None
Completion = str | Sequence[Mapping[str, Any]]


def verify(
    verifier: str, gold: str | None, completion: str, info: Info = None
) -> Verdict:
    """The verdict on a completion: `correct` (True, False or None), `extracted`, `why`.

    `verifier` is one of those in docs/verifiers.md; `info` is what it needs beside the
    gold answer (unit tests, choices, a puzzle). `correct` is None where the verifier
    cannot decide. Raises UserError where no verifier has that name.
    """
    contract.load_verifier(verifier)
    return grade([Answer(verifier, gold, as_json(info), completion)])[0]


def score(rows: pl.DataFrame, verifier: str = "math") -> pl.DataFrame:
    """`rows` with `correct` (null where undecided), `extracted` and `why`.

    Reads the columns `answer` and `completion`, and where they are there `verifier`
    (else the argument), `verify_info`, `problem` and `domain`. Rows are graded in
    parallel and stay in order. Raises UserError where a column is missing.
    """
    contract.load_verifier(verifier)
    if absent := [name for name in ("answer", "completion") if name not in rows]:
        raise UserError(f"score: the rows have no column {absent[0]!r}")
    columns = {name: rows[name].to_list() for name in Answer._fields if name in rows}
    columns.setdefault("verifier", [verifier] * rows.height)
    columns["verify_info"] = list(
        map(as_json, columns.get("verify_info", [None] * rows.height))
    )
    answers = [
        Answer(**dict(zip(columns, values, strict=True)))
        for values in zip(*columns.values(), strict=True)
    ]
    return rows.with_columns(verdict_columns(grade(answers)))


def reward(
    completions: Sequence[Completion],
    *,
    answer: Sequence[str | None],
    verifier: Sequence[str] | str = "math",
    verify_info: Sequence[Info] | None = None,
    **columns: Any,
) -> list[float | None]:
    """1.0 for right, 0.0 for wrong, None where undecided: a reward function for TRL.

    Completions are texts, or lists of messages of which the last one counts. The
    other arguments are columns of the training set, a value for each completion;
    columns that the verifier does not read are ignored.
    """
    count = len(completions)
    if isinstance(verifier, str):
        contract.load_verifier(verifier)
    verifiers = [verifier] * count if isinstance(verifier, str) else verifier
    infos = map(as_json, verify_info or [None] * count)
    texts = map(last_text, completions)
    cases = zip(verifiers, answer, infos, texts, strict=True)
    verdicts = grade([Answer(*case) for case in cases])
    return [None if v.correct is None else float(v.correct) for v in verdicts]


def filter(
    stage: str, rows: pl.DataFrame, *others: pl.DataFrame, **params: Any
) -> Outcome:
    """What a filter stage keeps and drops of `rows`, which need a column `problem`.

    `others` are its further inputs (benchmark items for `decontaminate`), `params` its
    section of params.yaml. `kept` has the stage's columns in addition; `dropped` also
    `reason`, `twin`, `score` and `evidence`; `tables` what the verdicts rest on.

    >>> goldsieve.filter("dedup_ngram", rows, n=3, threshold=0.8).dropped
    """
    from pipeline import recipe
    from pipeline.cli import standalone
    from pipeline.dag import load_stage

    module = load_stage(stage)
    if not hasattr(module, "judge"):
        raise UserError(f"{stage} is not a filter")
    settings = recipe.check(module.Params, params, stage, Path("params"))
    named = [(f"other_{number}", table) for number, table in enumerate(others)]
    return standalone.filter_table(module, settings, rows, named, source="rows")


def read(table: str) -> pl.DataFrame:
    """A table of the project in this folder, by the name that `goldsieve sql` knows.

    `read("select")` is what was selected, `read("dropped")` the ledger of all stages.
    """
    from pipeline.catalog import views

    rows: pl.DataFrame = views().sql(f'from "{table}"').pl()
    return rows
