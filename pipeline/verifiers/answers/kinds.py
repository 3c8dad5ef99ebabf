"""What kind of thing an answer is: the word for it in reports and in verdicts."""

from pipeline.verifiers.answers.answer import Answer
from pipeline.verifiers.answers.numeric_equality import is_rational

KINDS = {
    op: kind
    for kind, ops in {
        "number": "number percent based",
        "quantity": "degrees radians",
        "set": "set union intersection minus builder",
        "function by cases": "cases",
        "expression": "determinant",
    }.items()
    for op in ops.split()
}
# Their operation is the word for them.
SAME = "relation", "list", "tuple", "matrix", "ratio", "date", "time", "words"
KINDS |= dict(zip(SAME, SAME, strict=True))


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
