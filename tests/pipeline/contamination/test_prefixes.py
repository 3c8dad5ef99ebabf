import doctest

import pytest

from pipeline.contamination import prefixes

LINES = ["Find all dogs of", "the town that eat", "fish today."]


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(prefixes).failed == 0


@pytest.mark.parametrize(
    ("prefix", "suffix"),
    [
        ("| ", ""),
        ("/// ", ""),
        ("; ", ""),
        ("||", "||"),
        ("> > ", ""),
        ("[0{}:12] <ed> ", ""),
        ("Dialogue: 0,0:00:0{}.00,0:00:0{}.50,Default,,0,0,0,,", ""),
        ("# {}: ", ""),
        ("2023-04-1{} 08:0{}:12,61{} INFO app.quiz: ", ""),
        ("notes/week3.txt:4{}:", ""),
        ("C     ", ""),
        ("# ", "      #"),
        ("", "   [{}]"),
        ("", "\t  ({})"),
    ],
)
def test_what_lines_have_in_common_goes(prefix: str, suffix: str):
    lines = [
        (prefix + line + suffix).replace("{}", str(number))
        for number, line in enumerate(LINES)
    ]
    text = "\n".join(["a head", *lines, "", "a tail"])

    assert prefixes.list_bare_lines(text) == LINES


@pytest.mark.parametrize(
    "prefixes_of_lines",
    [
        [
            "7e399c27 (Ann 2021-03-02   1) ",
            "73bf9d71 (Bob 2021-03-09   2) ",
            "13fbb341 (Ann 2021-03-06  13) ",
        ],
        ["src/a.py | Mia Lee: ", "src/b.py | Tom: ", "src/c.py | Mia Lee: "],
        ["INFO   ", "WARNING   ", "ERROR   "],
    ],
)
def test_what_has_the_same_shape_in_three_lines_goes(prefixes_of_lines: list[str]):
    lines = [a + b for a, b in zip(prefixes_of_lines, LINES, strict=True)]

    assert prefixes.list_bare_lines("\n".join(lines)) == LINES
    assert prefixes.list_bare_lines("\n".join(lines[:1])) == []


@pytest.mark.parametrize(
    "text",
    [
        "x = 1\nx = 2",
        "f(x) = ax + b\nf(x) = cx + d",
        "- a dog is here\n- a cat is there",
        "(A) one dog here\n(B) two dogs here",
        "| a dog | is here |\n| a cat | is there |",
        "$x$ is a dog here\n$y$ is a cat here",
        "It took a few seco-\nnds, but in the last seco-\nnds, nobody moved.",
        "On Su-\nnday she ran for 23 minutes. On Mo-\nnday she ran for 16 minutes.",
        "one line",
        "",
    ],
)
def test_lists_tables_and_formulas_stay(text: str):
    assert prefixes.list_bare_lines(text) == []
