"""`goldsieve score`: verdicts on anyone's pairs of gold answer and prediction.

Lines of {"id", "gold", "prediction", "info"?, "problem"?} in; the same lines out,
in order, with `correct` (true, false or null), `extracted` and `why`. A line that
cannot be read gets `correct: null` and the reason.
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
from pipeline.verifiers import contract
from pipeline.verifiers.contract import Verdict

CHUNK = 5_000  # lines in memory at a time
LIMIT_S = 20.0
Line = dict[str, Any]


def run(pairs: Path, *, verifier: str, out: Path | None = None) -> None:
    """Judge lines of {"id", "gold", "prediction", "info"?} with a verifier.

    The lines go to `out`, or are printed. UserError where the file or the verifier
    does not exist.
    """
    contract.load_verifier(verifier)  # an unknown name is told before anything is read
    if not pairs.is_file():
        raise UserError(f"{pairs} does not exist")
    lines = pairs.read_bytes().splitlines()
    scored = _score([line for line in lines if line.strip()], verifier)
    if out is None:
        for line in scored:
            sys.stdout.write(line)
        return
    with replacing(out) as draft, draft.open("w", encoding="utf-8") as file:
        file.writelines(scored)


def _score(lines: list[bytes], verifier: str) -> Iterator[str]:
    """Every line with its verdict, as JSON."""
    rest = iter(track(lines, "score", total=len(lines)))
    with grader(LIMIT_S) as grade:
        while chunk := [_read(line, verifier) for line in islice(rest, CHUNK)]:
            graded = iter(
                grade([item for _, item in chunk if isinstance(item, Answer)])
            )
            for line, item in chunk:
                verdict = next(graded) if isinstance(item, Answer) else item
                shown = {
                    name: getattr(verdict, name)
                    for name in ("correct", "extracted", "why")
                }
                yield _encode(line | shown) + "\n"


def _encode(line: Line) -> str:
    """JSON in UTF-8, in which a lone surrogate can only stand as an escape.

    What is nested too deeply to be written again is left out.
    """
    try:
        text = json.dumps(line, ensure_ascii=False)
    except RecursionError:
        flat = {k: v for k, v in line.items() if not isinstance(v, dict | list)}
        text = json.dumps(flat, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode()


def _read(text: bytes, verifier: str) -> tuple[Line, Answer | Verdict]:
    """The line, and what to judge or why it cannot be judged."""
    try:
        return _read_line(json.loads(text), verifier)
    except (ValueError, RecursionError) as error:
        return {"id": None}, Verdict(None, why=f"the line is not JSON: {error}")


def _read_line(line: Any, verifier: str) -> tuple[Line, Answer | Verdict]:
    if not isinstance(line, dict):
        return {"id": None}, Verdict(None, why="the line is not an object")
    gold, prediction = _text(line.get("gold")), _text(line.get("prediction"))
    info = line.get("info") or {}
    if prediction is None:
        return line, Verdict(None, why="prediction: expected text")
    if not isinstance(info, dict):
        return line, Verdict(None, why="info: expected an object")
    if gold is None and line.get("gold") is not None:
        return line, Verdict(None, why="gold: expected text or null")
    problem = _text(line.get("problem"))
    return line, Answer(verifier, gold, json.dumps(info), prediction, problem)


def _text(value: Any) -> str | None:
    """Text as it is, numbers as JSON writes them."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return json.dumps(value)
    return value if isinstance(value, str) else None
