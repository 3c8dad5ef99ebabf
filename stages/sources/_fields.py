"""What adapters share: reading a field, and the columns that kinds of problems have."""

import math
import re
from collections.abc import Mapping
from typing import Any

from pipeline.rows import read_json
from pipeline.schema import HUMAN
from pipeline.text import as_text as as_text

# A comma in a number would part it in two members of a set.
GROUPED = re.compile(r"\$?[-+]?\d{1,3}(,\d{3})+(\.\d+)?\$?")
Row = dict[str, Any]


def text(row: Row, *names: str) -> str | None:
    """The first of `names` that holds text or a number; 27.0 reads as 27."""
    for name in names:
        if value := as_text(row.get(name)):
            return value
    return None


def is_number(value: Any) -> bool:
    """A finite number, and not a truth value."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and (isinstance(value, int) or math.isfinite(value))


def filled(row: Mapping[Any, Any], *names: str) -> Row:
    """What the row says under `names`, without those it says nothing under."""
    return {name: row[name] for name in names if row.get(name) is not None}


def maths_problem(
    problem: str | None, answer: str | list[str] | None, **rest: Any
) -> Row:
    """A problem whose answer is compared as mathematics."""
    fixed = {"domain": "math", "verifier": "math"}
    return {"problem": problem, "answer": answer, **fixed, **rest}


def code_problem(problem: str | None, info: Row, **rest: Any) -> Row:
    """A problem whose answer is a program; `info` holds its tests."""
    fixed = {"answer": None, "domain": "code", "verifier": "code"}
    return {"problem": problem, **fixed, "verify_info": info, **rest}


def reference(solution: str | None, model: str = HUMAN) -> list[Row]:
    """A solution that came with the source and that nobody here has judged."""
    return [{"text": solution, "model": model, "correct": None}] if solution else []


def golds(row: Row, *names: str) -> str | list[str] | None:
    """The gold answer, or the list, under the first of `names` that holds one.

    Of several, either all together are the answer (the roots of an equation) or each of
    them is right alone (spellings). The adapter knows which (`golds`), or the recipe.
    """
    for value in (_parse(row.get(name)) for name in names):
        if answer := as_text(value):
            return answer
        if isinstance(value, list) and value:
            answers = [answer for each in value if (answer := as_text(each))]
            return answers if len(answers) == len(value) else None
    return None


def settle_golds(fields: Row, how: str) -> str | None:
    """Make one `answer` of a list, of `all` or `any`; why that cannot be, or None."""
    first, *others = answers = fields["answer"]
    fields["answer"] = first
    if not others:
        return None
    if fields["verifier"] not in ("math", None):  # without one, nothing is compared
        return f"answer: one expected for the verifier {fields['verifier']}: {answers}"
    if how == "all":
        fields["answer"] = ", ".join(map(_ungrouped, answers))
    else:
        more = {"alternatives": others}
        fields["verify_info"] = fields.get("verify_info", {}) | more
    return None


def _parse(value: Any) -> Any:
    """The list that a text is JSON of: of texts, since [1, 2] may be an interval."""
    is_list = isinstance(value, str) and value.startswith('["')
    return read_json(value, otherwise=value) if is_list else value


def _ungrouped(answer: str) -> str:
    return answer.replace(",", "") if GROUPED.fullmatch(answer) else answer
