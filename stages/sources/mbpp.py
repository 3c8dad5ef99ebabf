"""MBPP: write a function from one sentence; three bare asserts are the tests."""

from typing import Any

from stages.sources._fields import picked, reference, text


def adapt(row: dict[str, Any]) -> dict[str, Any] | str:
    """{"text" | "prompt", "code", "test_list": ["assert f(1) == 2", …], …}."""
    asked, tests = text(row, "text", "prompt"), row.get("test_list")
    if asked is None or not isinstance(tests, list) or not tests:
        return "text, test_list: expected a text and a list of asserts"
    if not all(isinstance(test, str) for test in tests):
        return "test_list: expected asserts as text"
    setup = text(row, "test_setup_code", "test_imports") or ""
    return {
        "problem": f"{asked}\nYour code should pass this test:\n{tests[0]}",
        "answer": None,
        "domain": "code",
        "verifier": "code",
        "verify_info": {
            "type": "assert",
            "setup": setup,
            "entry_point": None,
            "test_code": "\n".join(tests),
        },
        "solutions": reference(text(row, "code")),
        "meta": picked(row, "task_id"),
    }
