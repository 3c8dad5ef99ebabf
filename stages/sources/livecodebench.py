"""LiveCodeBench: programs on stdin and stdout, or methods of `class Solution`."""

import json
import re
from typing import Any

from stages.sources._fields import text


def adapt(row: dict[str, Any]) -> dict[str, Any] | str:
    """{"problem", "starter_code", "tests": [{"input", "output", "testtype"}]}."""
    problem, tests = text(row, "problem"), row.get("tests")
    if problem is None or not isinstance(tests, list) or not tests:
        return "problem, tests: expected a text and a list of tests"
    starter = row.get("starter_code") or ""
    is_call = tests[0].get("testtype") == "functional"
    try:
        info = _call(tests, starter) if is_call else _stdio(tests)
    except (ValueError, KeyError, TypeError) as error:
        return f"tests: {error!r:.120}"
    return {
        "problem": f"{problem}\n\n{starter}" if starter else problem,
        "answer": None,
        "domain": "code",
        "verifier": "code",
        "verify_info": info,
    }


def _stdio(tests: list[dict[str, Any]]) -> dict[str, Any]:
    pairs = [{"input": test["input"], "output": test["output"]} for test in tests]
    return {"type": "stdio", "tests": pairs}


def _call(tests: list[dict[str, Any]], starter: str) -> dict[str, Any]:
    """Arguments stand one a line, in JSON."""
    found = re.search(r"def\s+(\w+)\s*\(", starter)
    if found is None:
        raise ValueError("starter_code names no function")
    calls = [
        {
            "input": [json.loads(line) for line in test["input"].splitlines() if line],
            "output": json.loads(test["output"]),
        }
        for test in tests
    ]
    return {"type": "call", "fn_name": found.group(1), "tests": calls}
