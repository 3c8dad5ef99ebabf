"""MBPP: write a function from one sentence; three bare asserts are the tests."""

from stages.sources._fields import Row, code_problem, filled, reference, text
from stages.sources._tests import asserts


def adapt(row: Row) -> Row | str:
    """{"text" | "prompt", "code", "test_list": ["assert f(1) == 2", …], …}."""
    task, tests = text(row, "text", "prompt"), row.get("test_list")
    if task is None or not isinstance(tests, list) or not tests:
        return "text, test_list: expected a text and a list of asserts"
    if not all(isinstance(test, str) for test in tests):
        return "test_list: expected asserts as text"
    setup = text(row, "test_setup_code", "test_imports") or ""
    return code_problem(
        f"{task}\nYour code should pass this test:\n{tests[0]}",
        asserts("\n".join(tests), setup),
        solutions=reference(text(row, "code")),
        meta=filled(row, "task_id"),
    )
