"""LiveCodeBench: programs on stdin and stdout, or methods of `class Solution`.

The benchmark's own release has public tests as JSON in a text and private ones packed
(JSON, pickled, compressed, in base64): they stay packed in the row, and the verifier
unpacks them, with an unpickler that makes text alone.
"""

import json
import re

from stages.sources._fields import Row, code_problem, text


def adapt(row: Row) -> Row | str:
    """{"problem", "starter_code", "tests": [{"input", "output", "testtype"}]}.

    Or, as released, {"question_content", "starter_code", "public_test_cases",
    "private_test_cases", "metadata"}.
    """
    problem = text(row, "problem", "question_content")
    starter = text(row, "starter_code") or ""
    read_tests = _read_packed if "public_test_cases" in row else _read_plain
    try:
        info = read_tests(row, starter)
    except (ValueError, AttributeError, RecursionError) as error:
        return f"tests: {error!r:.120}"
    if problem and starter:
        problem = f"{problem}\n\n{starter}"
    return code_problem(problem, info)


def _read_packed(row: Row, starter: str) -> Row:
    parts = [text(row, "public_test_cases"), text(row, "private_test_cases")]
    tests = [part for part in parts if part not in (None, "[]")]
    if not tests:
        raise ValueError("public_test_cases: expected tests")
    name = json.loads(text(row, "metadata") or "{}").get("func_name")
    if not starter and not name:
        return {"type": "stdio", "tests": tests}
    return {"type": "call", "fn_name": name or _method(starter), "tests": tests}


def _read_plain(row: Row, starter: str) -> Row:
    """In calls, arguments stand one a line, in JSON."""
    tests = row.get("tests")
    if not isinstance(tests, list) or not tests or not all(map(_is_pair, tests)):
        raise ValueError("expected objects with input and output as text")
    pairs = [(test["input"], test["output"]) for test in tests]
    if tests[0].get("testtype") != "functional":
        written = [{"input": given, "output": output} for given, output in pairs]
        return {"type": "stdio", "tests": written}
    calls = [
        {
            "input": [json.loads(line) for line in given.splitlines() if line],
            "output": json.loads(output),
        }
        for given, output in pairs
    ]
    return {"type": "call", "fn_name": _method(starter), "tests": calls}


def _is_pair(test: object) -> bool:
    match test:
        case {"input": str(), "output": str()}:
            return True
    return False


def _method(starter: str) -> str:
    """The method's name; helper classes may stand before Solution."""
    name = re.search(r"def\s+(\w+)\s*\(", starter.partition("class Solution")[2])
    if name is None:
        raise ValueError("starter_code has no method in class Solution")
    return name.group(1)
