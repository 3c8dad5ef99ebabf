"""HumanEval: complete a function; `check(candidate)` holds the tests."""

from typing import Any

from stages.sources._fields import picked, text


def adapt(row: dict[str, Any]) -> dict[str, Any] | str:
    """{"task_id", "prompt", "entry_point", "canonical_solution", "test"}."""
    prompt, tests = text(row, "prompt"), text(row, "test")
    entry_point = text(row, "entry_point")
    if prompt is None or tests is None or entry_point is None:
        return "prompt, test, entry_point: expected three texts"
    program = prompt + (text(row, "canonical_solution") or "")
    return {
        "problem": prompt,
        "answer": None,
        "domain": "code",
        "verifier": "code",
        "verify_info": {
            "type": "assert",
            "setup": prompt,
            "entry_point": entry_point,
            "test_code": tests,
        },
        "solutions": [{"text": program, "model": "human", "correct": None}],
        "meta": picked(row, "task_id"),
    }
