"""What kind of thing an answer is: the word for it in reports and in verdicts."""

from pipeline.verifiers.answers.answer import Answer
from pipeline.verifiers.answers.numeric_equality import is_rational

KINDS = {
    "number": "number",
    "percent": "number",
    "based": "number",
    "degrees": "quantity",
    "radians": "quantity",
    "relation": "relation",
    "list": "list",
    "set": "set",
    "tuple": "tuple",
    "union": "set",
    "intersection": "set",
    "minus": "set",
    "builder": "set",
    "matrix": "matrix",
    "determinant": "expression",
    "cases": "function by cases",
    "ratio": "ratio",
    "date": "date",
    "time": "time",
    "words": "words",
}


def kind_of(answer: Answer) -> str:
    """The kind of an answer: number, quantity, expression, equation, set …"""
    tree = answer.tree
    if answer.unit:
        return "quantity"
    if tree.op not in KINDS and is_rational(tree):
        return "number"
    if tree.op == "relation":
        return "equation" if set(tree.value) == {"="} else "relation"
    if (tree.op == "constant" and tree.value[0] in "RZNQC") or tree.value == "emptyset":
        return "set"
    return KINDS.get(tree.op, "expression")
