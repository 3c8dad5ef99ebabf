"""BigCodeBench: a function over libraries, tested by a class of unittest."""

from stages.sources._fields import Row, code_problem, filled, reference, text


def adapt(row: Row) -> Row | str:
    """{"instruct_prompt", "complete_prompt", "canonical_solution", "entry_point", …}.

    A solution goes on where the complete prompt, a signature with its docstring, ends.
    """
    prompt, tests = text(row, "complete_prompt"), text(row, "test")
    entry_point = text(row, "entry_point")
    if prompt is None or tests is None or entry_point is None:
        return "complete_prompt, test, entry_point: expected three texts"
    info = {
        "type": "assert",
        "setup": prompt,
        "entry_point": entry_point,
        "test_code": tests,
    }
    solution = text(row, "canonical_solution")
    return code_problem(
        text(row, "instruct_prompt") or prompt,
        info,
        solutions=reference(solution and prompt + solution),
        meta=filled(row, "task_id", "libs"),
    )
