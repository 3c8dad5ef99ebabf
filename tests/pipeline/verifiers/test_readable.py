import doctest

import pytest

from pipeline.verifiers.compare import letters, readable
from pipeline.verifiers.compare.math_verify import parse_expression


@pytest.mark.parametrize("module", [letters, readable])
def test_the_examples_in_the_docstrings_hold(module):
    examples = doctest.testmod(module)

    assert (examples.failed, examples.attempted) == (0, 1)


@pytest.mark.parametrize(
    "text",
    [
        "7", "-3/4", "6-4\\sqrt{2}", "x^2+3x-1", "2^{10}", "\\sqrt[3]{2}", "3x^{2n+1}",
        "(x+1)(x-2)", "\\frac{1+\\sqrt{5}}{2}", "\\frac{\\pi}{6}",
        "\\left(a+b\\right)/2",
    ],
)  # fmt: skip
def test_what_is_plain_can_be_read(text: str):
    assert readable.is_plain(text)
    assert parse_expression(text), "math-verify reads it too"


@pytest.mark.parametrize(
    "text",
    ["", "-", "5^", "1//2", "(1,2", "\\frac{3}{", "\\text{east}", "@", "ab c+"],
)
def test_what_is_not_is_left_to_the_grammar(text: str):
    assert not readable.is_plain(text)
