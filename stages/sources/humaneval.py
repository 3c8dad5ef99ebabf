"""HumanEval: complete a function; `check(candidate)` holds the tests."""

from stages.sources._fields import Row, code_problem, filled, reference, text
from stages.sources._tests import asserts


def adapt(row: Row) -> Row | str:
    """{"task_id", "prompt", "entry_point", "canonical_solution", "test"}."""
    prompt, tests = text(row, "prompt"), text(row, "test")
    entry_point = text(row, "entry_point")
    if prompt is None or tests is None or entry_point is None:
        return "prompt, test, entry_point: expected three texts"
    info = asserts(tests, prompt, entry_point)
    program = prompt + (text(row, "canonical_solution") or "")
    return code_problem(
        prompt, info, solutions=reference(program), meta=filled(row, "task_id")
    )
