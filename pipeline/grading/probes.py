"""Whether tests tell right programs from wrong: measured before any model samples.

A row's own reference must pass its tests, and a program that does nothing must fail
them, as must one of several that are known to be wrong: not each, because what was
refused for its slowness may be quick enough here. Where it is otherwise, a pass rate
measures the tests and not the model: the row is as unreadable as a gold answer that
nobody can read. All are verdicts like any other, made in the same workers and kept in
the same place, so that a row is measured once. What a limit of this machine cut short
says nothing about the row.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from pipeline.grading.cache import is_final
from pipeline.grading.guarded import read_refused, write_empty
from pipeline.grading.workers import Answer, Grader, grader
from pipeline.verifiers.contract import Verdict, load_verifier, verifier_names

# References of a row that are tried, until one passes; and programs known to be wrong.
TRIED = 3
ROWS = 1024  # that are measured together
# A reference in a language that nobody runs here, as Python 2, is none.
FOREIGN = re.compile(r"\b(Syntax|Indentation|Tab)Error\b")


class Probe(NamedTuple):
    """The tests of a row, and the programs that came with them."""

    verifier: str
    answer: str | None
    verify_info: str | None
    references: list[str] | None


def find_probed(verifiers: Iterable[str | None]) -> list[str]:
    """Those of `verifiers` whose answers are programs, sorted."""
    known = [name for name in verifier_names() if name in set(verifiers)]
    return [name for name in known if hasattr(load_verifier(name), "write_empty")]


def find_weak_tests(rows: list[Probe], timeout_s: float) -> Iterator[str | None]:
    """Why the tests of each row do not tell right from wrong, or None; in order."""
    with grader(timeout_s) as grade:
        for start in range(0, len(rows), ROWS):
            part = rows[start : start + ROWS]
            probes = (_try_empty, _try_references, _try_refused)
            whys = zip(*(probe(part, grade) for probe in probes), strict=True)
            yield from (next(filter(None, why), None) for why in whys)


def _try_empty(rows: list[Probe], grade: Grader) -> list[str | None]:
    """Why a program that does nothing does not fail."""
    empties = [write_empty(row.verifier, row.verify_info) or "" for row in rows]
    return list(map(_blame_empty, grade(list(map(_answer, rows, empties)))))


def _try_references(rows: list[Probe], grade: Grader) -> list[str | None]:
    """Why no reference passes, None where one does or where there is none."""
    whys: list[str | None] = [None] * len(rows)
    left = list(range(len(rows)))
    for attempt in range(TRIED):
        left = [n for n in left if len(rows[n].references or ()) > attempt]
        programs = [(rows[n].references or ())[attempt] for n in left]
        verdicts = grade(
            [_answer(rows[n], p) for n, p in zip(left, programs, strict=True)]
        )
        tried = list(zip(left, verdicts, strict=True))
        for n, verdict in tried:
            whys[n] = _blame_reference(verdict, whys[n])
        left = [n for n, verdict in tried if not _is_fine(verdict)]
    return whys


def _try_refused(rows: list[Probe], grade: Grader) -> list[str | None]:
    """Why no program known to be wrong fails, None where there are not several."""
    programs = [read_refused(row.verifier, row.verify_info)[:TRIED] for row in rows]
    answers = [
        _answer(row, program)
        for row, refused in zip(rows, programs, strict=True)
        for program in refused
    ]
    verdicts = iter(grade(answers))
    return [
        f"{len(passed)} programs known to be wrong pass"
        if len(passed) > 1 and all(passed)
        else None
        for refused in programs
        for passed in [[verdict.correct for verdict in islice(verdicts, len(refused))]]
    ]


def _answer(row: Probe, completion: str) -> Answer:
    return Answer(row.verifier, row.answer, row.verify_info, completion)


def _blame_empty(verdict: Verdict) -> str | None:
    """What the verdict on a program that does nothing says about the tests."""
    if verdict.correct:
        return f"a program that does nothing passes: {verdict.why}"
    is_undecided = verdict.correct is None and is_final(verdict)
    return verdict.why if is_undecided else None


def _blame_reference(verdict: Verdict, before: str | None) -> str | None:
    """What the verdict on a reference says, beside those on the references before."""
    if _is_fine(verdict):
        return None
    if FOREIGN.search(verdict.why):
        return before
    return before or f"its reference does not pass: {verdict.why}"


def _is_fine(verdict: Verdict) -> bool:
    return verdict.correct is True or not is_final(verdict)
