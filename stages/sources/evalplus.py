"""EvalPlus: HumanEval+ and MBPP+, many more inputs and no expected outputs.

The release has the inputs and a reference; what the reference answers is what is
right. It stays in the row, and the verifier runs it, in the sandbox.
"""

from stages.sources._fields import Row, code_problem, filled, is_number, reference, text


def adapt(row: Row) -> Row | str:
    """{"prompt", "entry_point", "canonical_solution" | "reference", "base_input", …}.

    A HumanEval+ reference goes on where the prompt ends; an MBPP+ one is whole.
    """
    prompt, name = text(row, "prompt"), text(row, "entry_point")
    solution = text(row, "canonical_solution", "reference")
    if prompt is None or name is None or solution is None:
        return "prompt, entry_point, canonical_solution: expected three texts"
    parts = [row.get("base_input") or [], row.get("plus_input") or []]
    are_lists = all(isinstance(part, list) for part in parts)
    inputs = [*parts[0], *parts[1]] if are_lists else []
    if not inputs or not all(isinstance(arguments, list) for arguments in inputs):
        return "base_input, plus_input: expected lists of arguments"
    tolerance = row.get("atol")
    is_whole = f"def {name}" in solution
    program = solution if is_whole else prompt + solution
    info = {
        "type": "call",
        "fn_name": name,
        "entry_point": name,
        "setup": "" if is_whole else prompt,
        "reference": program,
        "tolerance": tolerance if is_number(tolerance) else 0,
        "tests": [{"input": arguments} for arguments in inputs],
    }
    return code_problem(
        prompt, info, solutions=reference(program), meta=filled(row, "task_id")
    )
