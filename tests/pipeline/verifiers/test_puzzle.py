"""Puzzles: every usual spelling of the answer, and nothing but one right answer."""

import json

import pytest

from pipeline.verifiers.puzzle import unreadable, verify

COUNTDOWN = {"task": "countdown", "numbers": [3, 5, 7], "target": 22}

RIGHT_EXPRESSIONS = [
    "<answer>(3*5)+7</answer>",
    "<answer>22 = 7 + (5 * 3)</answer>",
    "<answer>7+5×3=22</answer>",
    "<answer>\n3*5+7\n</answer>",
    "<answer>3*5+7 = 15+7 = 22</answer>",
    "<answer>3(5)+7</answer>",
    "<answer>3 x 5 + 7</answer>",
    "<answer>[3*5]+7</answer>",
    r"$$3 \cdot 5 + 7 = 22$$",
    r"\boxed{3 \times 5 + 7}",
    r"<answer>\left(3 \times 5\right) + 7</answer>",
    r"<answer>\[ 3 \times 5 + 7 = 22 \]</answer>",
    "The expression is **3 * 5 + 7**.",
    "We get 3 * 5 + 7 = 22, which uses every number once.",
    "3*5+7\nThis gives 22.",
    "<think>3+5+7</think><answer>3*5+7</answer>",
    "<answer>3+5+7</answer> No: <answer>3*5+7</answer>",
    "<answer>-(-3)*5+7</answer>",
]
WRONG_EXPRESSIONS = [
    "<answer>3*5+7 or 3+5+7</answer>",
    "<answer>3*5+7</answer><answer>3+5+7</answer>",
    "<answer>3*5 = 15, 15+7 = 22</answer>",
    "<answer>15+7</answer>",
    "<answer>22</answer>",
    "<answer>3*5+7+0</answer>",
    "<answer>7+3*5-(3-3)</answer>",
    "<answer>3*5+7 = 23</answer>",
    "<answer>It is not 3*5+7</answer>",
    "<answer>3^1*5+7</answer>",
    "<answer>3**1*5+7</answer>",
    "<answer>3//1*5+7</answer>",
    "<answer>'3'*5+7</answer>",
    "<answer>len('xxx')*5+7</answer>",
    "<answer>0.3*50+7</answer>",
    "<answer>03*5+7</answer>",
    "<answer>(3*5+7</answer>",
    f"<answer>{'(' * 290}3{')' * 290}*5+7</answer>",
    "<answer></answer>",
]


@pytest.mark.parametrize("completion", RIGHT_EXPRESSIONS)
def test_an_expression_counts_in_any_usual_spelling(completion):
    assert verify("22", completion, COUNTDOWN).correct is True


@pytest.mark.parametrize("completion", WRONG_EXPRESSIONS)
def test_no_guess_no_other_number_and_no_false_equation_counts(completion):
    assert verify("22", completion, COUNTDOWN).correct is False


def test_numbers_of_the_task_may_be_texts_or_floats():
    info = {"task": "countdown", "numbers": [3.0, "5", 7], "target": "22"}

    assert verify("22", "<answer>3*5+7</answer>", info).correct is True


@pytest.mark.parametrize("numbers", [None, [], "3 5 7", [3, None], [True], [[3]]])
def test_a_task_without_its_numbers_is_unreadable(numbers):
    info = COUNTDOWN | {"numbers": numbers}

    assert "verify_info.numbers" in unreadable("22", info)
    assert verify("22", "3*5+7", info).correct is None


KNIGHTS = "(1) Zoey is a knight\n(2) Oliver is a knave"
RIGHT_ROLES = [
    "<answer>(1) Zoey is a knight (2) Oliver is a knave</answer>",
    "<answer>zoey is a Knight, oliver is a Knave</answer>",
    "**Zoey** is a **knight** and **Oliver** is a **knave**.",
    "Therefore, Zoey must be a knight; Oliver must be a knave.",
    "- Zoey: Knight\n- Oliver: Knave",
    "| Person | Role |\n|---|---|\n| Zoey | knight |\n| Oliver | knave |",
    '{"Zoey": "knight", "Oliver": "knave"}',
    "Zoey → knight, Oliver → knave",
    "Zoey (knight), Oliver (knave)",
    "Knights: Zoey\nKnaves: Oliver",
    "The knight is Zoey and the knave is Oliver.",
    r"\boxed{\text{Zoey is a knight, Oliver is a knave}}",
    "Suppose Zoey lies. He is a knave then, which fails. "
    "So: Zoey is a knight and Oliver is a knave.",
    "We conclude that Zoey is a knight and Oliver is a knave. This fits all clues.",
]
WRONG_ROLES = [
    "Both are knights",
    "Zoey is a knight",
    "Zoey is a knight. Oliver is a knave. Oliver is a knight.",
    "Zoey is a knave, or Zoey is a knight, or Oliver is a knave",
    "Zoey is a knight or a knave, Oliver is a knave",
    "Either Zoey is a knight or Oliver is a knave.",
    "If Oliver is a knave, Zoey is a knight.",
    "Suppose Zoey is a knight and Oliver is a knave.",
    "It is false that Zoey is a knight. It is false that Oliver is a knave.",
    "Nobody can say that Zoey is a knight or that Oliver is a knave.",
    "Zoey is not a knave, Oliver is not a knight",
    "Zoey is a knight. Oliver is a knave. That is wrong.",
    "Zoey says Oliver is a knave and Zoey is a knight",
    "Zoey might be a knight, Oliver might be a knave",
]


@pytest.mark.parametrize("completion", RIGHT_ROLES)
def test_roles_count_in_any_usual_spelling(completion):
    assert verify(KNIGHTS, completion, {"task": "knights_knaves"}).correct is True


@pytest.mark.parametrize("completion", WRONG_ROLES)
def test_roles_that_are_denied_supposed_or_doubled_do_not_count(completion):
    assert verify(KNIGHTS, completion, {"task": "knights_knaves"}).correct is False


@pytest.mark.parametrize(
    ("completion", "correct"),
    [
        ("Both are knights", True),
        ("Zoey and Oliver are both knights.", True),
        ("Knights: Zoey, Oliver; Knaves: none", True),
        ("All of them are knights", True),
        ("Not both are knights", False),
        ("Both are knaves", False),
    ],
)
def test_two_of_one_role_may_be_named_together(completion, correct):
    gold = KNIGHTS.replace("knave", "knight")

    assert verify(gold, completion, {"task": "knights_knaves"}).correct is correct


HOUSES = {
    "header": ["House", "Name", "Hair_Color"],
    "rows": [["1", "Ana", "red"], ["2", "Ben", "light blond"]],
}
OWN_FORM = {
    "House 1": {"Name": "Ana", "Hair Color": "Red"},
    "House 2": {"Name": "Ben", "Hair Color": "light blond"},
}
SWAPPED = {
    "header": ["Hair_Color", "House", "Name"],
    "rows": [["light blond", "2", "Ben"], ["red", "1", "Ana"]],
}
MARKDOWN = """The table:

| House | Hair Color | Name |
| :---: | --- | --- |
| 1 | red | **Ana** |
| 2 | light blond | Ben |

All clues hold."""
WRONG_FIRST = {"rows": [["1", "Ben", "red"], ["2", "Ana", "light blond"]]}
EVERY_PAIR = {
    "rows": [
        [house, name, color]
        for house in "12"
        for name in ("Ana", "Ben")
        for color in ("red", "light blond")
    ]
}


@pytest.mark.parametrize(
    "completion",
    [
        json.dumps(HOUSES),
        json.dumps({"rows": HOUSES["rows"]}),
        json.dumps({"reasoning": "…", "solution": OWN_FORM}),
        json.dumps(OWN_FORM),
        json.dumps(SWAPPED),
        json.dumps(HOUSES | {"header": ["House", "Person", "Hair"]}),
        f"The set {{1, 2}}:\n```json\n{json.dumps(HOUSES, indent=1)}\n```",
        f"First {json.dumps(WRONG_FIRST)}, then {json.dumps(HOUSES)}",
        MARKDOWN,
    ],
)
def test_a_table_counts_in_any_usual_form(completion):
    assert verify("", completion, {"task": "zebra", "solution": HOUSES}).correct is True


@pytest.mark.parametrize(
    ("table", "score"),
    [
        (EVERY_PAIR, 0.0),
        (HOUSES | {"rows": [*HOUSES["rows"], ["1", "Ben", "red"]]}, 0.0),
        (HOUSES | {"rows": [*HOUSES["rows"], ["3", "Cy", "black"]]}, 1.0),
        (HOUSES | {"rows": HOUSES["rows"][:1]}, 0.5),
        (WRONG_FIRST, 0.5),
        ({"rows": [[]]}, 0.0),
        ({"rows": 5}, 0.0),
    ],
)
def test_each_house_has_one_row_and_no_other_house_is_there(table, score):
    verdict = verify("", json.dumps(table), {"task": "zebra", "solution": HOUSES})

    assert (verdict.correct, verdict.score) == (False, score)


@pytest.mark.parametrize(
    "solution", [None, [], {"rows": []}, {"rows": [["1"], ["2"]]}, {"rows": "1 Ana"}]
)
def test_a_solution_that_is_no_table_is_unreadable(solution):
    info = {"task": "zebra", "solution": solution}

    assert "verify_info.solution" in unreadable("", info)
    assert verify("", json.dumps(HOUSES), info).correct is None


@pytest.mark.parametrize("task", [None, "sudoku", ["zebra"]])
def test_a_task_without_a_rule_is_unreadable(task):
    assert unreadable("1", {"task": task}).startswith("no rule for task")
