import polars as pl
import pytest

from pipeline.dedup.evidence import (
    Evidence,
    find_evidence,
    find_twins,
    have_same_words,
    keeps_order,
)
from pipeline.dedup.witness import find_witnesses, read_answer

TRAIN = "A train travels at 65 miles per hour for 3 hours. How many miles is that?"
COACH = "How many miles are covered in 180 minutes at a speed of 65 miles per hour?"


def compare(text: str, item: str, *answers: str | None) -> Evidence:
    """The evidence of one text and one item, with the answers of both."""
    left, right = answers or ("195", "195")
    return find_evidence(
        find_witnesses(pl.Series([text]), pl.Series([left], dtype=pl.String)),
        find_witnesses(pl.Series([item]), pl.Series([right], dtype=pl.String)),
    )


def test_numbers_and_answer_bring_two_problems_together():
    # 65 is six bits, 3 hours are 180 minutes and three, the answer 195 nine.
    assert compare(TRAIN, COACH).bits.tolist() == [18.0]


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        (TRAIN.replace("65", "55"), ("195", "195")),  # each has a number of its own
        (TRAIN, ("195", "65")),  # another answer, another question
    ],
)
def test_other_numbers_or_another_answer_are_another_problem(
    text: str, answers: tuple[str, str]
):
    assert compare(text, COACH, *answers).bits.tolist() == []


def test_numbers_that_any_problem_has_are_no_witness():
    apples = "Tom has 2 apples and Ana has 3. How many apples is that?"

    # One bit for 2 and three for 3, and three more for the answer: fewer than eight.
    assert compare(apples, "What is the sum of 2 and 3?", "5", "5").bits.size == 0


def test_a_sentence_with_a_number_beside_costs_its_bits():
    longer = TRAIN + " The train has 8 cars."

    assert compare(longer, COACH).bits.tolist() == [15.0]


def test_letters_are_weak_and_the_numbers_must_be_rich():
    choice = "Which of the numbers is a prime? (A) 51 (B) 53 (C) 57 (D) 63"

    # Four numbers of two digits and one bit for the letter.
    assert compare(choice, choice, "B", "(B)").bits.tolist() == [25.0]
    assert compare(choice, choice, "B", "C").bits.size == 0
    assert compare("Which of the two?", "What is it?", "B", "B").bits.size == 0


def test_without_an_answer_all_numbers_must_be_the_same():
    long = "A tank of 450 liters gets 18 liters in each of the minutes. How many?"

    assert compare(long, long, None, "25").same_answer.tolist() == [False]
    assert compare(long + " Find 37.", long, None, "25").bits.size == 0


def test_a_problem_in_words_has_its_rare_answer():
    capital, seat = "What is the capital of Australia?", "Which city governs Australia?"

    assert compare(capital, seat, "Canberra", "canberra.").bits.tolist() == [11.0]
    assert compare(capital, seat, "yes", "Yes").bits.size == 0


def test_the_fewer_bits_the_nearer_an_encoder_must_find_them():
    poor = compare("Which city is the capital?", "What is it?", "Canberra", "Canberra")
    rich = compare(TRAIN, COACH)

    # 16 bits need the least cosine, and each bit less needs 0.035 more: 11 need 0.675.
    assert [poor.is_confirmed(cosine, 0.5)[0] for cosine in (0.67, 0.68)] == [
        False,
        True,
    ]
    assert [rich.is_confirmed(cosine, 0.5)[0] for cosine in (0.49, 0.51)] == [
        False,
        True,
    ]


def test_across_languages_a_key_that_no_chance_explains_is_enough():
    spanish = "Un tren viaja a 65 millas por hora durante 3 horas. ¿Cuántas millas?"
    evidence = compare(spanish, TRAIN)

    assert evidence.across.tolist() == [True]
    assert evidence.is_confirmed(0.1, 0.5).tolist() == [True]
    assert compare(TRAIN, COACH).is_confirmed(0.1, 0.5).tolist() == [False]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("$18", "18.0"),
        ("18 dollars", "18"),
        (r"\frac{1}{2}", "0.5"),
        (r"\$1{,}200", "1,200"),
        ("(B)", "b"),
        ("The Hague", "the hague."),
    ],
)
def test_one_answer_has_one_code_in_all_its_spellings(left: str, right: str):
    assert read_answer(left) == read_answer(right)


@pytest.mark.parametrize(("left", "right"), [("-3", "3"), ("3", "30"), ("x", "y")])
def test_other_answers_have_other_codes(left: str, right: str):
    assert read_answer(left)[0] != read_answer(right)[0]


def test_an_answer_of_no_signs_is_none():
    assert read_answer(" $ ") == (0, 0.0)


def test_a_template_with_its_numbers_in_another_order_is_another_problem():
    text = "Sort the list 37, 95, 51 from small to large."

    assert not keeps_order(text, text.replace("37, 95", "95, 37"))
    assert keeps_order(text, "The list 95, 51, 37 is to be put in order. What is it?")
    assert have_same_words(text, text.replace("37, 95", "95, 37"))


def test_other_signs_between_numbers_are_another_problem():
    assert not keeps_order("Compute 5+4+2.", "What is the value of 5 * 4 - 7 - 2?")
    assert keeps_order("Compute 1/2 of 30.", "Compute half of 30.")


def test_twins_of_a_pool_are_paired_with_the_first_of_their_kind():
    texts = pl.Series([TRAIN, "What is 65 + 65?", COACH, COACH])
    twins = find_twins(find_witnesses(texts, pl.Series(["195", "130", "195", "195"])))

    assert list(zip(twins.first, twins.second, strict=True)) == [(0, 2), (0, 3), (2, 3)]
