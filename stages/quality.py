"""Drop problems that cannot teach: no checkable answer, or not one question.

Rules measure first: `flags` lists every rule that fires on a row, and the
params say which of them cut. A gold answer that its own verifier cannot read
(`answer_unreadable`) leaves here too, before any GPU has sampled for it.

Reasons: the names in `RULES`, `too_short`, `too_long`, `answer_too_long`, those of
`where`, `answer_unreadable`.

Tests are measured last: a row's reference must pass its tests and a program that does
nothing must fail them. Otherwise they are as unreadable as an answer that is.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Literal

import polars as pl
from pydantic import Field

from pipeline.cluster.each import Work, each
from pipeline.filter import drop
from pipeline.schema import HUMAN
from pipeline.settings import Settings
from pipeline.sql import Where, drop_unless

RULES = {
    "proof": r"(?i)(^|[.!?:;,$})]\s+|\b(then|to|and)\s+)(prove|show)\s+"
    r"(that|the following)\b"
    r"|^\s*prove\b"
    r"|\bgive a proof\b",
    "multiple_choice": r"(?s)(\(A\).*\(B\).*\(C\)|\\text\{\(A\)|\\textbf\{\(A\)"
    r"|(^|\n)\s*A[.)]\s.*\n\s*B[.)]\s)",
    "true_false": r"(?i)\btrue or false\b",
    # A part begins a sentence; conditions (a) and (b) stand within one.
    "multi_part": r"(?is)(^|[\n.:;,?!$]\s*)([-*]\s+)?\((?-i:a)\)\s.+"
    r"[\n.:;,?!$]\s*([-*]\s+|and )?\((?-i:b)\)\s"
    r"|(^|[\n.:;,?!$]\s*)([-*]\s+)?\(i\)\s.+[\n.:;,?!$]\s*([-*]\s+|and )?\(ii\)\s"
    r"|(^|\n)\s*(part )?(?-i:a)[.)]\s.*\n\s*(part )?(?-i:b)[.)]\s",
    # A graph may be one of vertices or be shifted to the right, a table be shown.
    "figure": r"(?i)\[asy\]|!\[|\\includegraphics"
    r"|\b(in|from|see|on) the (following |accompanying |attached )?"
    r"(figure|diagram|picture|image)s?\b"
    r"|\b(figure|diagram|picture|image|graph)s? (is |are )?(shown |given )?"
    r"(below|above|here|(at|on) the (right|left))\b"
    r"|\bas shown( (below|above|here|(at|on|to) the (right|left))\b"
    r"|\s*[.,;:)]|\s*$)",
    "link": r"(?i)https?://|www\.",
    "blank": r"_{3,}|\\underline\{\\hspace|\\_\\_",
}

# How a gold answer is written; the first that matches.
ANSWER_TYPES = {
    "integer": r"^\$?[-+−]?\d[\d,]*\$?$",
    "decimal": r"^\$?[-+−]?\d*\.\d+\$?$",
    "fraction": r"^\$?[-+−]?(\\[dt]?frac\{\d+\}\{\d+\}|\d+/\d+)\$?$",
    "letter": r"^\(?[A-Z]\)?$",
    "boolean": r"(?i)^(yes|no|true|false)$",
}

Flag = Literal[
    "proof", "multiple_choice", "true_false", "multi_part", "figure", "link", "blank",
    "not_english",
]  # fmt: skip
COLUMNS = pl.Schema(
    {
        "flags": pl.List(pl.String),
        "n_chars": pl.UInt32(),
        "answer_type": pl.String(),
        "answer_kind": pl.String(),
    }
)

READS = ("problem", "answer", "verifier", "verify_info", "solutions")
CHECKS = pl.Schema({"why": pl.String, "kind": pl.String})  # of gold answers
AT_ONCE = 100_000  # checks that stand in memory as objects


class Params(Settings):
    """Which flags cut, how long a problem and its answer may be, what else holds."""

    drop: tuple[Flag, ...] = ("proof", "multi_part", "figure", "link")
    min_chars: int = 4
    max_chars: int = 20_000
    max_answer_chars: int = 500
    where: Where = Field(default_factory=dict)
    gradable: bool = True
    probe_tests: bool = True
    timeout_s: float = 10.0


def judge(rows: pl.DataFrame, params: Params) -> pl.DataFrame:
    """Add flags, n_chars, answer_type and _kind, and mark the rows that are cut."""
    problem, answer = pl.col("problem"), pl.col("answer")
    rows = rows.with_columns(
        flags=_flags(problem),
        n_chars=problem.str.len_chars(),
        answer_type=_answer_type(answer.str.strip_chars()),
    )
    for flag in params.drop:
        rows = drop(rows, pl.col("flags").list.contains(flag), flag)
    n_chars = pl.col("n_chars")
    rows = drop(rows, n_chars < params.min_chars, "too_short", score=n_chars)
    rows = drop(rows, n_chars > params.max_chars, "too_long", score=n_chars)
    n_answer = answer.str.len_chars()
    is_long = (n_answer > params.max_answer_chars) & (pl.col("verifier") != "puzzle")
    rows = drop(rows, is_long, "answer_too_long", score=n_answer)
    if params.gradable:
        rows = _read_answers(rows, params)
    else:
        rows = rows.with_columns(answer_kind=pl.lit(None, pl.String))
    rows = drop_unless(rows, params.where, setting="quality.where")
    return _probe_tests(rows, params) if params.probe_tests else rows


def _flags(problem: pl.Expr) -> pl.Expr:
    fires = {flag: problem.str.contains(pattern) for flag, pattern in RULES.items()}
    # The statement of a program says in words what its pictures show.
    fires["figure"] &= pl.col("verifier").ne_missing("code")
    flags = [pl.when(fired).then(pl.lit(flag)) for flag, fired in fires.items()]
    # The letters of ASCII are Latin, and nulls cost nothing.
    wide = pl.when(problem.str.len_bytes() > problem.str.len_chars()).then(problem)
    letters = wide.str.count_matches(r"\p{L}")
    latin = wide.str.count_matches(r"\p{Latin}")
    foreign = (letters - latin) * 2 > letters
    flags.append(pl.when(foreign).then(pl.lit("not_english")))
    return pl.concat_list(flags).list.drop_nulls()


def _answer_type(answer: pl.Expr) -> pl.Expr:
    types = [
        pl.when(answer.str.contains(pattern)).then(pl.lit(name))
        for name, pattern in ANSWER_TYPES.items()
    ]
    return pl.when(answer.is_not_null()).then(pl.coalesce(*types, pl.lit("other")))


def _read_answers(rows: pl.DataFrame, params: Params) -> pl.DataFrame:
    """Have each verifier read every distinct gold answer that is still in, once."""
    columns = ["verifier", "answer", "verify_info"]
    has_verifier = pl.col("verifier").is_not_null()
    golds = rows.filter(pl.col("reason").is_null() & has_verifier).select(columns)
    golds = golds.unique(maintain_order=True)
    reading = partial(_open_reading, params.timeout_s)
    read = pl.concat([CHECKS.to_frame(), *each(reading, golds.iter_slices(AT_ONCE))])
    golds = golds.with_columns(_detail=_details(read["why"]), answer_kind=read["kind"])
    rows = rows.join(
        golds, on=columns, how="left", nulls_equal=True, maintain_order="left"
    )
    detail = pl.col("_detail")
    rows = drop(rows, detail.is_not_null(), "answer_unreadable", evidence=detail)
    return rows.drop("_detail")


@contextmanager
def _open_reading(timeout_s: float) -> Iterator[Work[pl.DataFrame, pl.DataFrame]]:
    """A function that gives CHECKS of gold answers; its workers stay."""
    from pipeline.grading.workers import read_golds
    from pipeline.parallel import warm_workers

    def read(golds: pl.DataFrame) -> pl.DataFrame:
        checks = [*read_golds(golds.iter_rows(), golds.height, timeout_s)]
        return pl.DataFrame(checks, CHECKS, orient="row")

    with warm_workers():
        yield read


def _details(whys: Iterable[str | None]) -> pl.Series:
    """Evidence of why rows cannot be judged."""
    details = (why and json.dumps({"detail": why}) for why in whys)
    return pl.Series("_detail", details, dtype=pl.String)


def _probe_tests(rows: pl.DataFrame, params: Params) -> pl.DataFrame:
    """Have the tests of rows that are still in judge a reference and an empty program.

    Only what came with the source as a person's solution is a reference.
    """
    from pipeline.grading.probes import Probe, find_probed, find_weak_tests

    verifiers = find_probed(rows["verifier"].unique())
    is_probed = pl.col("reason").is_null() & pl.col("verifier").is_in(verifiers)
    if not (mask := rows.select(is_probed).to_series()).any():
        return rows
    program = pl.element().struct.field("text")
    is_human = pl.element().struct.field("model") == HUMAN
    references = pl.col("solutions").list.eval(program.filter(is_human))
    probed = rows.filter(mask)
    probed = probed.select("verifier", "answer", "verify_info", references)
    tests = [Probe(*fields) for fields in probed.iter_rows()]
    whys = _details(find_weak_tests(tests, params.timeout_s))
    detail = pl.Series([None] * len(rows), dtype=pl.String).scatter(
        mask.arg_true(), whys
    )
    return drop(
        rows, pl.lit(detail.is_not_null()), "answer_unreadable", evidence=pl.lit(detail)
    )
