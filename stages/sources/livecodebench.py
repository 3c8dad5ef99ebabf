"""LiveCodeBench: programs on stdin and stdout, or methods of `class Solution`.

The benchmark's own release has public tests as JSON in a text and private ones packed
(JSON, pickled, compressed, in base64): they stay packed in the row, and the verifier
unpacks them, with an unpickler that makes text alone.
"""

import json

from stages.sources._fields import Row, code_problem, text
from stages.sources._tests import find_method, read_tests


def adapt(row: Row) -> Row | str:
    """{"problem", "starter_code", "tests": [{"input", "output", "testtype"}]}.

    Or, as released, {"question_content", "starter_code", "public_test_cases",
    "private_test_cases", "metadata"}.
    """
    problem = text(row, "problem", "question_content")
    starter = text(row, "starter_code") or ""
    try:
        if "public_test_cases" in row:
            info = _read_packed(row, starter)
        else:
            info = read_tests(row.get("tests"), starter)
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        return f"tests: {error!r:.120}"
    if problem and starter:
        problem = f"{problem}\n\n{starter}"
    return code_problem(problem, info)


def _read_packed(row: Row, starter: str) -> Row:
    parts = [text(row, "public_test_cases"), text(row, "private_test_cases")]
    tests = [part for part in parts if part not in (None, "[]")]
    if not tests:
        raise ValueError("public_test_cases: expected tests")
    metadata = json.loads(text(row, "metadata") or "{}")
    name = metadata.get("func_name") or find_method(starter)
    if name:
        return {"type": "call", "fn_name": name, "tests": tests}
    if starter:
        raise ValueError("starter_code has no method in class Solution")
    return {"type": "stdio", "tests": tests}
