"""Choices, numbers, exact texts and puzzles."""

import json

import pytest

from pipeline.errors import UserError
from pipeline.verifiers import choice, contract, exact, numeric, puzzle


def test_an_unknown_verifier_names_the_known_ones():
    with pytest.raises(UserError, match="'oracle'") as error:
        contract.load_verifier("oracle")
    assert "math" in error.value.hint


@pytest.mark.parametrize("name", contract.verifier_names())
def test_every_verifier_keeps_the_contract(name: str):
    module = contract.load_verifier(name)

    assert isinstance(module.verify("1", "1", {}), contract.Verdict)
    assert module.unreadable(None, {}) is not None


CITIES = {"choices": ["Paris", "Rome", "Oslo"]}


@pytest.mark.parametrize(
    ("gold", "completion", "info", "correct"),
    [
        ("B", r"\boxed{B}", {}, True),
        ("B", r"\boxed{\text{(B)}}", {}, True),
        ("B", "The answer is (B).", {}, True),
        ("B", "It cannot be A, so the answer is B", {}, True),
        ("B", r"\boxed{Rome}", CITIES, True),
        ("Rome", r"\boxed{B}", CITIES, True),
        ("B", "B", {}, True),
        ("B", r"\boxed{A}", {}, False),
        ("B", "", {}, False),
        ("B", r"\boxed{D}", CITIES, False),
        ("Bern", r"\boxed{B}", CITIES, None),
        ("C", "It can't be A, so C.", {}, True),
        ("B", "A is tempting. Answer: **B**", {}, True),
        ("B", "<think>The answer is B", {}, False),
        ("B", r"\boxed{B) Rome}", CITIES, True),
        ("B", "A or B", {}, False),
    ],
)
def test_choices_are_letters_or_their_texts(gold, completion, info, correct):
    assert choice.verify(gold, completion, info).correct is correct


@pytest.mark.parametrize(
    ("gold", "completion", "info", "correct"),
    [
        ("3.14159", r"\boxed{3.1416}", {"rel_tol": 1e-4}, True),
        ("3.14159", r"\boxed{3.2}", {"rel_tol": 1e-4}, False),
        ("0", r"\boxed{0.001}", {"abs_tol": 0.01}, True),
        ("1e3", r"\boxed{1000}", {}, True),
        ("a lot", r"\boxed{10}", {}, None),
        ("10", "a lot", {}, False),
        ("5 km", r"\boxed{5.0001 km}", {}, True),
        ("5 km", r"\boxed{5 miles}", {}, False),
    ],
)
def test_numbers_agree_within_the_tolerance(gold, completion, info, correct):
    assert numeric.verify(gold, completion, info).correct is correct


@pytest.mark.parametrize(
    ("gold", "answer", "correct"),
    [
        ("200", "-200", False),
        ("-200", "$−200.", True),
        ("14", "1.4", False),
        ("5", ".5", False),
        ("12", "1/2", False),
        ("930", "9:30", False),
        ("9:30", "9:30!", True),
        ("3600", "3,600", True),
        ("123", "1,2,3", False),
        ("23", "2-3", False),
        ("(3, 4)", "3, 4", True),
        ("USA", "U.S.A.", True),
        ("18", "$18", True),
    ],
)
def test_exact_text_forgives_no_sign_that_makes_another_number(gold, answer, correct):
    assert exact.verify(gold, answer, {}).correct is correct


def test_exact_text_forgives_case_and_space_alone():
    assert exact.verify("New York", r"\boxed{new  york}", {}).correct is True
    assert exact.verify("New York", r"\boxed{New York City}", {}).correct is False


COUNTDOWN = {"task": "countdown", "numbers": [44, 19, 35], "target": 98}


@pytest.mark.parametrize(
    ("completion", "correct"),
    [
        ("<answer>44 + 19 + 35</answer>", True),
        (r"\boxed{44+19+35=98}", True),
        ("<answer>44 + 54</answer>", False),
        ("<answer>44 + 44 + 10</answer>", False),
        ("<answer>(44 + 19) * 35</answer>", False),
        ("<answer>44 ** 19 ** 35</answer>", False),
        ("<answer>__import__('os').system('true') + 44</answer>", False),
        ("<answer>44 / (35 - 35)</answer>", False),
        ("<answer>44 + 19</answer>", False),
        ("<answer>98 = 35 + 44 + 19</answer>", True),
        ("", False),
    ],
)
def test_countdown_needs_its_numbers_and_its_target(completion: str, correct: bool):
    assert puzzle.verify("98", completion, COUNTDOWN).correct is correct


@pytest.mark.parametrize("trick", ["4_4 + 0", "0x44 - 4 - 20", "44e0", "4**3-20"])
def test_countdown_reads_numbers_as_python_does(trick: str):
    info = {"task": "countdown", "numbers": [4, 4, 0], "target": 44}

    assert puzzle.verify("44", f"<answer>{trick}</answer>", info).correct is False


KNIGHTS = "(1) Ana is a knight\n(2) Ben is a knave"


@pytest.mark.parametrize(
    ("completion", "correct", "score"),
    [
        (f"<answer>{KNIGHTS}</answer>", True, 1.0),
        ("<answer>Ben is a knave. Ana is a knight.</answer>", True, 1.0),
        ("<answer>Ana is a knight, Ben is a knight</answer>", False, 0.5),
        ("<answer>Ana is a knight</answer>", False, 0.5),
        ("<answer>nobody knows</answer>", False, 0.0),
    ],
)
def test_every_role_must_be_right(completion: str, correct: bool, score: float):
    verdict = puzzle.verify(KNIGHTS, completion, {"task": "knights_knaves"})

    assert (verdict.correct, verdict.score) == (correct, score)


def test_a_zebra_table_is_compared_cell_by_cell():
    solution = {"header": ["House", "Name"], "rows": [["1", "Ana"], ["2", "Ben"]]}
    info = {"task": "zebra", "solution": solution}
    half = {"rows": [["2", "ben"], ["1", "Cy"]]}

    assert puzzle.verify("", json.dumps(solution), info).correct is True
    assert puzzle.verify("", json.dumps(half), info).score == 0.5
    assert puzzle.verify("", "no table", info).correct is False


def test_reasoning_gym_scores_its_own_tasks():
    import reasoning_gym

    entry = reasoning_gym.create_dataset("word_sorting", size=1, seed=1)[0]
    entry = json.loads(json.dumps(entry, default=str))
    info = {"task": "reasoning_gym", "dataset": "word_sorting", "entry": entry}
    gold = entry["answer"]

    assert puzzle.verify(gold, f"<answer>{gold}</answer>", info).correct is True
    assert puzzle.verify(gold, "<answer>zzz</answer>", info).correct is False
