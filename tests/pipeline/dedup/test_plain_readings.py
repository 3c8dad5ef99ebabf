import polars as pl
import pytest

from pipeline.dedup.notations import write_plainly
from pipeline.dedup.plain_readings import find_shared_sentences, read_alike
from pipeline.dedup.remarks import drop_alone, drop_remarks, drop_titles

FENCE = "How long is a fence around 18 m by 7 m?"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("√(x + 1) - abs(x)", r"\sqrt{x + 1} - |x|"),
        ("x**2 * exp(-x)", r"x^2 e^{-x}"),
        ("8^(1/3)", r"\sqrt[3]{8}"),
        (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", "[[1,2],[3,4]]"),
        (r"\left[\begin{matrix}1&2\\3&4\end{matrix}\right]", "[[1,2],[3,4]]"),
        ("[1 2; 3 4]", "[[1,2],[3,4]]"),
        ("[1 2; 3]", "[1 2; 3]"),  # no matrix
        (r"\begin{cases}x+y=2\\x-y=0\end{cases}", "x+y=2, x-y=0"),
        ("2.5e-3 m", "2.5×10^{-3} m"),
        ("(p -> q) & ~q", "(p -> q)∧¬q"),
        ("this & ~that", "this & ~that"),  # no arrow says that it is logic
        ("In Python, `2 ** 3`", "In Python, `2 ** 3`"),  # there ^ is another sign
        ("a)  one b)  two", "a)  one b)  two"),  # two items in a line may be none
        ("Is it so? a) one b) two c) three", "Is it so? \none \ntwo \nthree"),
        ("- 8 + 3", "- 8 + 3"),
        ("tan^{-1}(1) + ||v||", r"\arctan(1) + ||v||"),
        (r"\lVert v\rVert", "|| v||"),
        ('{"question": "Which?", "choices": ["Io", "Pan"]}', "Which?\nIo\nPan"),
        ('{"a": 1}', '{"a": 1}'),  # data
        ("Q: Why?\n**Answer**", "Why?\n"),
        ("_ _ Q _", "_ _ Q _"),  # a queen
        ("So? (True/False)", "So? (True/False)"),  # what is true?
        ("All cats are grey. (True/False)", "True or false: All cats are grey."),
    ],
)
def test_a_formula_or_a_list_is_written_in_one_way(text, plain):
    assert write_plainly(text) == plain


@pytest.mark.parametrize(
    "remark",
    [
        "Hello all, I am stuck.",
        "Please box your result neatly!",
        "Any help would be appreciated.",
        "You are a seasoned tutor who answers briefly.",
    ],
)
@pytest.mark.parametrize("behind", [False, True])
def test_a_sentence_that_asks_nothing_goes_from_either_edge(remark, behind):
    text = f"{FENCE} {remark}" if behind else f"{remark} {FENCE}"
    assert drop_remarks(text, FENCE) == (FENCE, FENCE)
    assert drop_remarks(FENCE, text) == (FENCE, FENCE)


@pytest.mark.parametrize(
    "ask",
    [
        "Answer in yards.",
        "Please answer with the area.",
        "Round your answer.",
        "Answer with a sketch.",
        "Give the answer for a second fence.",
        "The gate is 2 m wide.",
        "It has no gate.",
        "Explain the case of squares.",
        "Your result must be sorted.",
        "Solve it without scaffolds.",
        "You are a painter on Mars.",
        "I removed one side before.",
        "Take all the wind and snow into account!",
    ],
)
def test_a_sentence_that_may_change_the_problem_stays(ask):
    text = f"{FENCE} {ask}"
    assert drop_remarks(text, FENCE) == (text, FENCE)


def test_a_sentence_of_any_words_goes_where_answers_agree():
    story = f"Gardens were often walled in Rome. {FENCE}"
    assert drop_remarks(story, FENCE) == (story, FENCE)
    assert drop_remarks(story, FENCE, 1) == (story, FENCE)  # "often"
    assert drop_remarks(story, FENCE, 2) == (FENCE, FENCE)
    walls = f"Gardens were walled in Rome. {FENCE}"
    assert drop_remarks(walls, FENCE, 1) == (FENCE, FENCE)


@pytest.mark.parametrize(
    "told",
    ["Only one side is new.", "Name its colour.", "The gate is 2 m wide.", "Is x old?"],
)
def test_what_limits_or_asks_stays_whatever_the_answers_are(told):
    assert drop_remarks(f"{FENCE} {told}", FENCE, 2) == (f"{FENCE} {told}", FENCE)


def test_of_two_requests_neither_goes():
    texts = (
        f"{FENCE} Please reply with its scent.",
        f"{FENCE} Please reply with its hue.",
    )
    assert drop_remarks(*texts) == texts


@pytest.mark.parametrize(
    "front",
    [
        "12. ",
        "5 (b) ",
        "[Rome 2011] ",
        "The long fence\n\n",
        "Riddle: ",
        "Level 2, Geometry: ",
        "Q3 – Fences\n",
    ],
)
def test_a_title_in_front_of_one_text_goes(front):
    assert drop_titles(front + FENCE, FENCE) == (FENCE, FENCE)


@pytest.mark.parametrize("back", [" [2]", " (3)", "\nassert fence(18, 7) == 50"])
def test_marks_and_a_test_behind_one_text_go(back):
    assert drop_titles(FENCE + back, FENCE) == (FENCE, FENCE)
    assert drop_titles(FENCE + back, f"{FENCE} [1]\nassert fence(1, 2)") != (
        FENCE,
        FENCE,
    )


def test_requests_in_scripts_that_part_no_words_go_unless_they_ask_for_a_form():
    text = "小明有36颗糖,分给4个朋友,每人几颗?"
    assert drop_remarks(f"请一步步思考。{text}", text) == (text, text)
    asked = f"{text}答案保留两位小数。"
    assert drop_remarks(asked, text) == (asked, text)


def test_a_line_with_what_a_problem_needs_is_no_title():
    text = f"Three doubled\n{FENCE}"
    assert drop_titles(text, FENCE) == (text, FENCE)


def test_a_unit_that_one_text_asks_for_goes_and_another_unit_stays():
    assert drop_alone(f"{FENCE} (in m)", FENCE) == (FENCE, FENCE)
    both = f"{FENCE} (in m)", f"{FENCE} (in cm)"
    assert drop_alone(*both) == both


def test_lost_accents_and_powers_are_read_as_the_other_text_has_them():
    left, right = read_alike("Fuer x2 + 7x, wie gross?", "Für x² + 7x, wie gross?")
    assert (left, right) == ("Fuer x^2 + 7x, wie gross?", "Fuer x² + 7x, wie gross?")


def test_texts_that_share_a_sentence_are_paired_unless_many_do():
    common = "Answer with one of the options given below."
    texts = [f"{FENCE} {common}", f"Hi! {FENCE}", *[f"{n}? {common}" for n in range(9)]]
    first, second = find_shared_sentences(pl.Series(texts))
    assert [*zip(first, second, strict=True)] == [(0, 1)]
