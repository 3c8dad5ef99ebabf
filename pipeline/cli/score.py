"""`goldsieve score`: verdicts on anyone's pairs of gold answer and prediction.

Rows of {"id", "gold", "prediction", "info"?, "problem"?} in, in any file that
`pipeline.readers` knows; the same rows out as lines of JSON, in order, with `correct`
(true, false or null), `extracted` and `why`; columns that are called so already
become `correct_original` and so on. A row that cannot be read gets `correct: null` and
the reason. NaN and infinity, which JSON does not have, become null.
"""

import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from pipeline.console import track
from pipeline.errors import UserError
from pipeline.files import replacing
from pipeline.grading.workers import Answer, grader
from pipeline.readers import Row, Unreadable, raw_rows, refuse
from pipeline.rows import free_names, spell, without_nan
from pipeline.text import as_text
from pipeline.verifiers import contract
from pipeline.verifiers.contract import Verdict

CHUNK = 5_000  # rows in memory at a time
LIMIT_S = 20.0
SHOWN = ("correct", "extracted", "why")


def run(pairs: Path, *, verifier: str, out: Path | None = None) -> None:
    """Judge rows of {"id", "gold", "prediction", "info"?} with a verifier.

    They go to `out` as lines of JSON, or are printed. UserError where the file or the
    verifier does not exist, or nobody knows the file's kind.
    """
    contract.load_verifier(verifier)  # an unknown name is told before anything is read
    count = _count_rows(pairs)  # for the ETA; a twelfth of the time
    scored = track(_score(raw_rows(pairs), verifier), "score", total=count)
    if out is None:
        for line in scored:
            sys.stdout.write(line)
        return
    with replacing(out) as draft, draft.open("w", encoding="utf-8") as file:
        file.writelines(scored)


def _count_rows(pairs: Path) -> int:
    """How many rows there are; UserError where none has anything to judge."""
    count, names, has_prediction = 0, dict[str, None](), False
    lost: Unreadable | None = None
    for row in raw_rows(pairs):
        count += 1
        lost = lost or (row if isinstance(row, Unreadable) else None)
        if not has_prediction and isinstance(row, dict):
            names |= dict.fromkeys(row)
            has_prediction = "prediction" in row
    if lost and not names and not isinstance(lost.value, dict):
        raise refuse(pairs, lost)
    if names and not has_prediction:
        raise UserError(
            f"{pairs}: no row has a prediction; it has {', '.join(names)}",
            hint="rows read {id, gold, prediction, info?}: rename the columns",
        )
    return count


def _score(rows: Iterator[Row | Unreadable], verifier: str) -> Iterator[str]:
    """Every row with its verdict, as JSON."""
    with grader(LIMIT_S) as grade:
        while chunk := [_read(row, verifier) for row in islice(rows, CHUNK)]:
            graded = iter(
                grade([item for _, item in chunk if isinstance(item, Answer)])
            )
            for row, item in chunk:
                verdict = next(graded) if isinstance(item, Answer) else item
                shown = {name: getattr(verdict, name) for name in SHOWN}
                theirs = free_names(row, SHOWN)
                renamed = {theirs.get(name, name): row[name] for name in row}
                yield _encode(renamed | shown) + "\n"


def _encode(row: Row) -> str:
    """JSON in UTF-8, in which a lone surrogate can only stand as an escape.

    What is nested too deeply to be written again is left out.
    """
    try:
        text = _to_json(row)
    except RecursionError:
        flat = {k: v for k, v in row.items() if not isinstance(v, dict | list)}
        text = _to_json(flat)
    return text.encode("utf-8", "backslashreplace").decode()


def _to_json(row: Row) -> str:
    try:
        return json.dumps(row, ensure_ascii=False, default=spell, allow_nan=False)
    except ValueError:
        return json.dumps(without_nan(row), ensure_ascii=False, default=spell)


def _read(row: Row | Unreadable, verifier: str) -> tuple[Row, Answer | Verdict]:
    """The row, and what to judge or why it cannot be judged."""
    if isinstance(row, Unreadable):
        if not isinstance(row.value, dict):
            return {"id": None}, Verdict(None, why=row.detail)
        row = row.value  # half of a surrogate pair harms no verdict
    gold, prediction = _text(row.get("gold")), _text(row.get("prediction"))
    info = row.get("info") or {}
    if isinstance(info, str):  # as CSV and parquet hold it
        info = _parse(info)
    if prediction is None:
        return row, Verdict(None, why="prediction: expected text")
    if not isinstance(info, dict):
        return row, Verdict(None, why="info: expected an object")
    if gold is None and row.get("gold") is not None:
        return row, Verdict(None, why="gold: expected text or null")
    problem = _text(row.get("problem"))
    return row, Answer(verifier, gold, json.dumps(info), prediction, problem)


def _text(value: Any) -> str | None:
    """Text as it is; numbers and dates as text."""
    return value if isinstance(value, str) else as_text(value)


def _parse(text: str) -> Any:
    """What a text of JSON says; None where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
