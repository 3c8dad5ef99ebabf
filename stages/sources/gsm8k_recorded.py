"""GSM8K test problems that came with recorded completions; gold follows "A:"."""

from stages.sources._fields import Row, maths_problem, split_answer, text


def adapt(row: Row) -> Row | str:
    """{"question", "ground_truth": "… A: 18", "<model>": {"solution", …}}."""
    _, answer = split_answer("A:", text(row, "ground_truth") or "")
    if text(row, "ground_truth") and answer is None:
        return "ground_truth: nothing follows A:"
    fields = maths_problem(
        row | {"ground_truth": answer}, ("question",), ("ground_truth",), solutions=()
    )
    return fields if isinstance(fields, str) else fields | {"origin": ["gsm8k test"]}
