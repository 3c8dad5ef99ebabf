"""BigCodeBench: a function over libraries, tested by a class of unittest."""

import re
import sys

from stages.sources._fields import Row, code_problem, filled, reference, text
from stages.sources._tests import asserts

# A library in `libs`, a list or the text of one: "['random', 'sklearn.svm']".
LIBRARY = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*")


def adapt(row: Row) -> Row | str:
    """{"instruct_prompt", "complete_prompt", "canonical_solution", "entry_point", …}.

    A solution goes on where the complete prompt, a signature with its docstring, ends.
    `libs` names what it is to use, of which the standard library is there anyway.
    """
    prompt, tests = text(row, "complete_prompt"), text(row, "test")
    entry_point = text(row, "entry_point")
    if prompt is None or tests is None or entry_point is None:
        return "complete_prompt, test, entry_point: expected three texts"
    info = asserts(tests, prompt, entry_point)
    if packages := _list_packages(row.get("libs")):
        info["packages"] = packages
    solution = text(row, "canonical_solution")
    return code_problem(
        text(row, "instruct_prompt") or prompt,
        info,
        solutions=reference(solution and prompt + solution),
        meta=filled(row, "task_id", "libs"),
    )


def _list_packages(libraries: object) -> list[str]:
    """The packages of `libs`, by the names they are imported by."""
    names = {name.partition(".")[0] for name in LIBRARY.findall(str(libraries or ""))}
    return sorted(names - set(sys.stdlib_module_names))
