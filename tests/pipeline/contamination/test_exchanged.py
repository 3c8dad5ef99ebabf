"""Texts in which something stands in the place of something else of an item."""

import polars as pl
import pytest

from pipeline.contamination.exchanged import is_exchanged
from pipeline.contamination.items import find_question, read_texts
from pipeline.contamination.methods.coverage import Params, find_hits

POOL = [
    "A farmer sells 12 sheep and buys 5 goats with the money.",
    "Find the area of a rhombus whose diagonals are 6 and 11.",
    "The sum of three consecutive odd numbers is 57.",
]
BOATS = (
    "On a lake there are 48 yellow boats and twice as many green boats, and each of "
    "them carries 3 guests. How many guests sit in the {} boats?"
)
ROOTS = (
    "Let $p(x) = x^3 - 9x^2 + {}$ be a polynomial with three real roots. "
    "Find the sum of the squares of its roots."
)
WALK = (
    "Hikers climb from a hut at 1340 metres to a peak at 2890 metres in 5 hours. "
    "How many metres do they climb in {} hour?"
)
COINS = "Nils tosses a fair coin 7 times in a row. How likely is it that {} come up {}?"


def exchanges(item: str, text: str) -> bool:
    read = read_texts(pl.Series([item, text]))
    whole, part = (read.cut(row, 0, int(read.sizes[row])) for row in (0, 1))
    return is_exchanged(part, whole)


@pytest.mark.parametrize(
    ("item", "text"),
    [
        (BOATS.format("yellow"), BOATS.format("green")),
        (ROOTS.format("14x - 5"), ROOTS.format("14x + 5")),
        (ROOTS.format("14x - 5"), ROOTS.format("13x - 5")),
        (COINS.format("heads", "exactly 4 times"), COINS.format("tails", "4 times")),
        (WALK.format("one"), WALK.format("one").replace("hour?", "minute?")),
        (WALK.format("one"), WALK.format("one").replace("climb in", "not climb in")),
        (
            ROOTS.format("14x - 5"),
            ROOTS.format("14x - 5").replace(
                "Find the sum of the squares of its roots",
                "Where does it take its least value, and how often",
            ),
        ),
        (
            "In a class of 51 there are 34 who like plums. How many like none?",
            "In a class of 51 there are 34 who dislike plums. How many like none?",
        ),
        (
            ROOTS.format("14x - 5").replace("sum of the squares", "product"),
            ROOTS.format("14x - 5").replace("sum of the squares", "remainder"),
        ),
        (ROOTS.format("a+b"), ROOTS.format("a b")),
        (ROOTS.format("14x -5"), ROOTS.format("14x 5")),
        ("A plant that is 17 cm tall doubled.", "A plant that is 17 cm tall tripled."),
        (
            "A ribbon of 91 cm is cut into three. How long is the first of the parts?",
            "A ribbon of 91 cm is cut into three. How long is the third of the parts?",
        ),
        (
            "Of 96 plums 17 fell. How many of these are in the first year?",
            "Of 96 plums 17 fell. How many of these are in the first two year?",
        ),
        (
            r"Given $\sin t = \frac{3}{5}$ with t between 0 and 90 degrees, find 10 t.",
            r"Given $\cos t = \frac{3}{5}$ with t between 0 and 90 degrees, find 10 t.",
        ),
    ],
)
def test_what_makes_another_problem_is_seen(item: str, text: str):
    assert exchanges(item, text)


@pytest.mark.parametrize(
    "text",
    [
        BOATS.format("yellow"),
        BOATS.format("yellow").replace("guests", "people"),
        BOATS.format("yellow").replace("On a lake there are", "There are on a lake"),
        BOATS.format("yellow").replace("How many guests sit", "Find how many guests"),
        BOATS.format("yellow").upper(),
        BOATS.format("yellow")[:-20],  # cut off within its question
        BOATS.format("yellow") + " Explain each step.",
    ],
)
def test_light_edits_are_no_exchange(text: str):
    assert not exchanges(BOATS.format("yellow"), text)


def test_another_letter_throughout_is_the_same_variable():
    item = "Solve $3k + 11 = 50$ for $k$ and give $k^2 - 1$ as a whole number."
    assert not exchanges(item, item.replace("k", "m"))
    assert exchanges(item, item.replace("$k^2 - 1$", "$k^2 + 1$"))


@pytest.mark.parametrize("edit", [("yellow", "green"), ("3 guests", "4 guests")])
def test_a_text_with_an_exchange_is_a_sibling(edit: tuple[str, str]):
    item = BOATS.format("yellow")
    start = item.rindex(edit[0])
    other = item[:start] + edit[1] + item[start + len(edit[0]) :]
    texts = pl.DataFrame({"text": [item, other, *POOL]})
    unknown = pl.lit(None, pl.String).alias("answer")
    items = pl.DataFrame({"problem": [item]}).with_columns(unknown)
    found = find_hits(texts.with_columns(unknown), items, Params())

    levels = dict(found.hits.select("text", "level").rows())
    assert levels[0] == "exact"
    assert levels.get(1) in (None, "sibling")


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("Tom has 3. How many has Ann? Round it.", "How many has Ann? "),
        ("Let x be 3. Find 2x. It is whole.", "Find 2x. "),
        ("[asy] draw? [/asy] Two lines meet.", "[asy] draw? [/asy] Two lines meet."),
        ("", ""),
    ],
)
def test_the_question_of_an_item_is_its_last_sentence_that_asks(
    text: str, question: str
):
    begin, end = find_question(text.encode())
    assert text.encode()[begin:end].decode() == question
