"""LeetCodeDataset: `check(candidate)` over a method, with LeetCode's names before it.

The entry point is an expression, such as `Solution().twoSum`. The prompt is no question
but what LeetCode imports, with its ListNode and TreeNode and what makes them.
"""

from stages.sources._fields import Row, code_problem, filled, reference, text
from stages.sources._tests import asserts


def adapt(row: Row) -> Row | str:
    """{"query" | "problem_description", "prompt", "entry_point", "test", …}.

    `completion` is the reference; "starter_code" joins a bare description.
    """
    tests, entry_point = text(row, "test"), text(row, "entry_point")
    if tests is None or entry_point is None:
        return "test, entry_point: expected two texts"
    bare, starter = text(row, "problem_description"), text(row, "starter_code")
    stated = f"{bare}\n\n{starter}" if bare and starter else bare
    info = asserts(tests, text(row, "prompt") or "", entry_point)
    return code_problem(
        text(row, "query") or stated,
        info,
        solutions=reference(text(row, "completion")),
        meta=filled(row, "task_id", "question_id", "difficulty", "tags"),
    )
