r"""Where the final answer stands: what a completion says, denies or offers."""

import re

import pytest

from pipeline.verifiers.extract.clauses import HINT, HINTS, WORDS
from pipeline.verifiers.extract.final import find_final_answer
from pipeline.verifiers.math import verify

ANSWERS = [
    # announced
    ("The answer is 42.", "42"),
    ("The answer is **42**.", "42"),
    ("**Answer:** 42", "42"),
    ("Answer: `12`", "12"),
    ("> The answer is 8.", "8"),
    ("## Final Answer\n\n$7$", "7"),
    ("Die Antwort ist 42.", "42"),
    ("答案是42。", "42"),
    ("La réponse est 42.", "42"),
    # headings are no marks of an answer, GSM8K's line is
    ("#### Step 3\nWe add. The total is 12.", "12"),
    ("We add.\n#### 12", "12"),
    # conditions and notes behind the value
    ("The largest area is $36$ when $x=6$.", "36"),
    ("Thus, the answer is 12 (see above).", "12"),
    ("Therefore x = 5, where x > 0.", "5"),
    ("The answer is seven (see step 3).", "seven"),
    ("The answer is $5$ or $6$!", "5 or 6"),
    # corrections
    ("The answer is not 6, it is 7.", "7"),
    ("I first got 6, but wait, the answer is 7.", "7"),
    (r"\boxed{5}. The final answer is 6, which is wrong.", "5"),
    (r"\boxed{7}, no: \boxed{42}", "42"),
    # boxes
    (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}"),
    (r"\fbox{8}", "8"),
    (r"\boxed{a} and \boxed{b", "a"),
    (r"\boxed{5} or \boxed{6}", "5 or 6"),
    # offered
    ("It could be 5 or 6.", "5 or 6"),
    ("So $x$ is $5$ or $6$.", "5 or 6"),
    # fields and tags
    ('{"reasoning": "2+2", "answer": "4"}', "4"),
    ('{"answer": 4}', "4"),
    ("<answer>9</answer>", "9"),
    # thinking
    ("<think>The answer is 3</think>\nIt is 4.", "4"),
    ("The number of multiples not divisible by 3 is 42.", "42"),
    ("Since it does not depend on n, the total is 42.", "42"),
    (r"It cannot be odd, so it is \boxed{42}.", "42"),
    ("Not 41 but 42.", "42"),
    ("The party is on January 5, 2024.", "January 5, 2024"),
    ("The answer is 42 (see step 3).", "42"),
    ("The answer is 42: 6 rows of 7.", "42"),
    ("उत्तर 42 है।", "42"),
    ("Result => 42", "42"),
    ('{"answer": null, "guess": 42}', "null"),
    ("It isn't 41; it's 42.", "42"),
    ("The answer is 42. Do you want to see step 2?", "42"),
    ("The solutions are 1, 2, and 3.", "1, 2, 3"),
    ("The solutions are $x=1$ and $x=2$.", "x=1, x=2"),
    # nothing
    ("<think>the answer is 3", None),
    (r"so \boxed{1", None),
    ("The answer cannot be 6.", None),
    ("It lies between 5 and 6.", None),
    ("", None),
]


@pytest.mark.parametrize(("completion", "answer"), ANSWERS)
def test_the_final_answer_is_what_the_completion_says(completion, answer):
    assert find_final_answer(completion).text == answer


@pytest.mark.parametrize(
    "completion",
    [
        "The answer is not 6.",
        "The answer is at least 6.",
        "It could be 5 or 6.",
        r"\boxed{5} or \boxed{6}",
        "The answer cannot be 6.",
        "I thought it was 6, but the answer is 7.",
        r"\boxed{6",
        "<think>The answer is 6.",
        # denied
        "The answer can't be 6.",
        "The answer isn't 6.",
        "The answer is neither 5 nor 6.",
        "The answer is anything but 6.",
        "It is false that the answer is 6.",
        "There is no way that the answer is 6.",
        r"\boxed{6} is wrong.",
        r"It is not $\boxed{6}$.",
        "6 is incorrect. The right answer is 7.",
        # supposed or questioned
        "Suppose the answer is 6. Then we get a contradiction.",
        "Is the answer 6?",
        "The answer is 6? No. It is 7.",
        # taken back
        "The answer is 6. Wait, no, it's 7.",
        "The answer is 6. Actually, it is 7.",
        "答案是6。不对，应该是7。",
        # one of several
        "One of 4, 5, 6.",
        "The answer is one of the following: 6, 7, 8.",
        "The answer is 6, or perhaps 7.",
        "My guesses are 4, 5 and 6.",
        r"\boxed{5}, \boxed{6}",
        "The answer is $6$ or perhaps $7$.",
        "Die Antwort ist $6$ oder 7.",
        # said to be possible, no more
        "The answer could be 6.",
        "I refuse to say 6.",
        "It may well be $6$.",
        "Maybe the answer is 6.",
        "Die Antwort könnte 6 sein.",
        # bounded or another value
        "The answer is just under 6.",
        "The answer exceeds 6.",
        "The answer is twice 6.",
        "The answer is 6 minus 1.",
        # in the languages of models
        "La respuesta no es 6.",
        "La réponse n'est pas 6.",
        "Die Antwort ist nicht 6.",
        "A resposta não é 6.",
        "La risposta non è 6.",
        "Odpowiedź to nie 6.",
        "Het antwoord is niet 6.",
        "Svaret är inte 6.",
        "Svaret er ikke 6.",
        "Vastaus ei ole 6.",
        "Odpověď není 6.",
        "A válasz nem 6.",
        "Răspunsul nu este 6.",
        "Cevap 6 değil.",
        "Đáp án không phải là 6.",
        "Jawabannya bukan 6.",
        "Η απάντηση δεν είναι 6.",
        "Ответ не 6.",
        "Відповідь не 6.",
        "الجواب ليس 6",
        "התשובה היא לא 6.",
        "उत्तर 6 नहीं है।",
        "คำตอบไม่ใช่ 6",
        "答案不是6。",
        "答えは6ではありません。",
        "정답은 6이 아닙니다.",
        "Die Antwort ist mindestens 6.",
        "答案至少是6。",
    ],
)
def test_what_does_not_say_six_is_not_six(completion):
    assert verify("6", completion, {}).correct is False


def test_boxes_of_one_statement_are_a_list_to_a_gold_list():
    completion = r"They are \boxed{3} and \boxed{4}."

    assert verify("3, 4", completion, {}).correct is True
    assert verify("3, 5", completion, {}).correct is False
    # Nothing but "and" between them: both are the answer, and a guess at each is no 4.
    assert verify("4", completion, {}).correct is False
    assert verify("4", r"As $a=\boxed{3}$, we get \boxed{4}.", {}).correct is True


def test_boxes_offered_with_or_are_no_single_answer():
    completion = r"\boxed{3} or \boxed{4}"

    assert verify("4", completion, {}).correct is False
    assert verify("3, 4", completion, {}).correct is True


@pytest.mark.parametrize("filler", ["{" * 200_000, r"\boxed{" * 30_000, "$" * 100_001])
def test_hostile_text_is_scanned_once(filler):
    assert verify("42", filler, {}).correct is False
    assert verify("42", filler + r"}} \boxed{42}", {}).extracted is not None


def test_every_word_that_misleads_is_looked_for():
    """A text is looked at only where it has a hint, so each entry must have one."""
    lists = ("not", "bounds", "limits", "altered", "supposed")
    entries = [entry for name in lists for entry in WORDS[name] if entry.isascii()]
    blind = [
        entry
        for entry in entries
        if HINTS.isdisjoint(w[:HINT] for w in re.findall(r"[a-z]{2,}", entry.lower()))
    ]

    assert len(entries) > 80
    assert blind == []
