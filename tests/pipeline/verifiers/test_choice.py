"""Multiple choice in many scripts and in prose, and several letters at once."""

import pytest

from pipeline.verifiers.choice import unreadable, verify

CITIES = {"choices": ["Paris", "Rome", "Oslo", "Bern"]}
CYRILLIC = {"choices": {"А": "Париж", "Б": "Рим", "В": "Осло"}}
NUMBERS = {"choices": {"A": "12", "B": r"$\frac{1}{2}$", "C": "21"}}


@pytest.mark.parametrize(
    ("gold", "completion", "info"),
    [
        ("B", "Ｂ", {}),
        ("B", "答案是乙", {}),
        ("C", "故选C", {}),
        ("D", "应选 D。", {}),
        ("B", "正解はBです", {}),
        ("B", "정답은 B입니다", {}),
        ("B", "الجواب: ب", {}),
        ("ب", "B", {}),
        ("B", "Ответ: Б", {}),
        ("В", "Ответ: В", {}),
        ("В", "Осло", CYRILLIC),
        ("B", "উত্তর: খ", {}),
        ("C", "Die Antwort ist C.", {}),
        ("A", "La respuesta es (A)", {}),
        ("B", "Option B", {}),
        ("B", "option (b)", {}),
        ("B", "b", CITIES),
        ("B", r"\boxed{\textbf{(B)}\ 7}", {}),
        ("D", "A is wrong, B is wrong, C is wrong, so D.", {}),
        ("B", "I would eliminate A and C, leaving B.", {}),
        ("B", "It is not C. It can't be A, so B", {}),
        ("B", "The correct answer is B, not A.", {}),
        ("B", "B 不是 A", {}),
        ("A", "A because it is the capital", {}),
        ("B", "A good guess would be C, but the answer is B", {}),
        ("Rome", "The capital is Rome.", CITIES),
        ("B", "The answer is Rome", CITIES),
        ("B", "<answer>Rome</answer>", CITIES),
        ("B", "B: Rome", CITIES),
        ("B", r"\boxed{\dfrac{1}{2}}", NUMBERS),
        ("C", "21", NUMBERS),
        ("B", "Câu trả lời: B", {}),
        ("A", "I am tempted by C. One might think the answer is C. I choose A.", {}),
    ],
)
def test_a_choice_is_found_as_people_write_it(gold: str, completion: str, info: dict):
    assert verify(gold, completion, info).correct is True


@pytest.mark.parametrize(
    ("gold", "completion", "info"),
    [
        ("A", "A good answer would be B", {}),
        ("A", "It cannot be A, so B", {}),
        ("B", "Ответ: А", {}),
        ("C", "答案是乙", {}),
        ("B", "the answer is not B but C", {}),
        ("A", "The answer is A and B", {}),
        ("B", "Paris", CITIES),
        ("B", "<think>The answer is B</think>", {}),
        ("B", "I do not know", {}),
        # ruled out, in the words that deny a number
        ("B", "La respuesta no es B.", {}),
        ("B", "Odpowiedź to nie B.", {}),
        ("B", "Het antwoord is niet **B**.", {}),
        ("B", "الجواب ليس B", {}),
        ("B", "उत्तर B नहीं है।", {}),
        ("B", "(B) is incorrect.", {}),
        ("B", "Suppose the answer is B.", {}),
    ],
)
def test_another_choice_is_wrong(gold: str, completion: str, info: dict):
    assert verify(gold, completion, info).correct is False


@pytest.mark.parametrize(
    ("gold", "completion", "correct"),
    [
        ("A, C", r"\boxed{A, C}", True),
        ("AC", "The answers are A and C.", True),
        ("AC", "The answer is:\nA, C", True),
        ("A,C", "both A and C", True),
        ("AC", r"\boxed{C, A}", True),
        ("A,C", r"\boxed{A}", False),
        ("AC", r"\boxed{ABC}", False),
        ("A, C", "nothing fits", False),
    ],
)
def test_several_letters_are_met_by_exactly_those(gold, completion, correct):
    assert unreadable(gold, {}) is None
    assert verify(gold, completion, {}).correct is correct


@pytest.mark.parametrize(
    ("gold", "completion", "info"),
    [
        ("B", "B. Paris", CITIES),
        ("A", "B. Paris", CITIES),
        ("C", "Ответ: В", {}),
        ("", "A", {}),
        ("Madrid", "A", CITIES),
    ],
)
def test_what_contradicts_itself_decides_nothing(gold: str, completion: str, info):
    assert verify(gold, completion, info).correct is None
