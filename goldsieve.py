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
    as_gold,
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
Table = Any  # a DataFrame of polars or pandas, of pyarrow or `datasets`, or dicts


def verify(
    verifier: str, gold: str | float | None, completion: Completion, info: Info = None
) -> Verdict:
    """The verdict on a completion: `correct` (True, False or None), `extracted`, `why`.

    `verifier` is one of those in docs/verifiers.md; `info` is what it needs beside the
    gold answer (unit tests, choices, a puzzle). Of a list of messages the last one
    counts. `correct` is None where the verifier
    cannot decide. Raises UserError where no verifier has that name.
    """
    contract.load_verifier(verifier)
    case = Answer(verifier, as_gold(gold), as_json(info), last_text(completion))
    return grade([case])[0]


def score(rows: Table, verifier: str = "math") -> pl.DataFrame:
    """`rows` with `correct` (null where undecided), `extracted` and `why`.

    Reads the columns `answer` and `completion`, and where they are there `verifier`
    (else the argument), `verify_info`, `problem` and `domain`. Rows are graded in
    parallel and stay in order. Raises UserError where a column is missing.
    """
    contract.load_verifier(verifier)
    frame = _as_frame(rows)
    if absent := [name for name in ("answer", "completion") if name not in frame]:
        raise UserError(f"score: the rows have no column {absent[0]!r}")
    columns = {name: frame[name].to_list() for name in Answer._fields if name in frame}
    columns["answer"] = list(map(as_gold, columns["answer"]))
    columns["completion"] = list(map(last_text, columns["completion"]))
    columns.setdefault("verifier", [verifier] * frame.height)
    columns["verify_info"] = list(
        map(as_json, columns.get("verify_info", [None] * frame.height))
    )
    answers = [
        Answer(**dict(zip(columns, values, strict=True)))
        for values in zip(*columns.values(), strict=True)
    ]
    return frame.with_columns(verdict_columns(grade(answers)))


def reward(
    completions: Sequence[Completion],
    *,
    answer: Sequence[str | float | None],
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
    for name, values in (("answer", answer), ("verifier", verifiers)):
        if isinstance(values, str) or len(values) != count:
            raise UserError(
                f"reward: {name} has to be a list of {count:,} values, as completions",
                hint=f"[{name}] * len(completions) is one for all",
            )
    texts, golds = map(last_text, completions), map(as_gold, answer)
    cases = zip(verifiers, golds, infos, texts, strict=True)
    verdicts = grade([Answer(*case) for case in cases])
    return [None if v.correct is None else float(v.correct) for v in verdicts]


def filter(stage: str, rows: Table, *others: Table, **params: Any) -> Outcome:
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
    named = [(f"other_{n}", _as_frame(table)) for n, table in enumerate(others)]
    frame = _as_frame(rows)
    return standalone.filter_table(module, settings, frame, named, source="rows")


def read(table: str) -> pl.DataFrame:
    """A table of the project in this folder, by the name that `goldsieve sql` knows.

    `read("select")` is what was selected, `read("dropped")` the ledger of all stages.
    """
    from pipeline.catalog import views

    tables = views()
    known = [
        name for (name,) in tables.sql("select name from (show tables)").fetchall()
    ]
    if table not in known:
        raise UserError(f"no table is called {table!r}", hint=f"try {', '.join(known)}")
    rows: pl.DataFrame = tables.sql(f'from "{table}"').pl()
    return rows


def _as_frame(rows: Table) -> pl.DataFrame:
    """Any table as polars has it: of pandas, pyarrow, `datasets`, or a list of rows."""
    if isinstance(rows, pl.DataFrame):
        return rows
    if isinstance(rows, pl.LazyFrame):
        return rows.collect()
    to_polars = getattr(rows, "to_polars", None)  # of `datasets`
    try:
        if rows is None or isinstance(rows, str | bytes):
            raise TypeError("it has no columns")
        return pl.DataFrame(to_polars() if to_polars else rows)
    except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise UserError(
            f"rows: no table can be made of a {type(rows).__name__}: {error}",
            hint="polars, pandas, pyarrow and datasets have tables; or a list of dicts",
        ) from None


if __name__ == "__main__":  # `python goldsieve.py` is the command `goldsieve`
    import sys

    from pipeline.__main__ import main

    sys.exit(main())
