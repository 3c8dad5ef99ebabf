"""Mathematics is read alike in every layout, and otherwise with another meaning."""

import polars as pl
import pytest
from hypothesis import given, settings

from pipeline.kernels.characters import plain_text
from pipeline.kernels.latex_tokens import tokenise
from pipeline.kernels.latex_vocabulary import (
    BRACKET,
    NAME,
    NUMBER,
    SIGN,
    WORD,
    token_code,
)
from pipeline.kernels.relations import quantity_hash
from tests.support.texts import MESSY


def same(left: str, right: str) -> bool:
    tokens = tokenise(pl.Series([left, right]))
    left, right = quantity_hash(tokens.codes, tokens.kinds, tokens.ends, True, False)
    return bool(left == right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param(r"$\frac{1}{2}$", "1/2", id="fraction"),
        pytest.param(r"\dfrac12", r"\tfrac{1}{2}", id="bare fraction"),
        pytest.param(r"\frac{\frac{1}{2}}{x^{2}}", "(1/2)/x²", id="nested fraction"),
        pytest.param(r"\frac{-b}{2a}", "-b/2a", id="signs in fractions"),
        pytest.param("twenty-five apples", "25 Apples", id="number words"),
        pytest.param(r"1,234 and 1{,}234", r"1234 and 1\,234", id="thousands"),
        pytest.param(r"4,\!989,\!600", "4989600", id="thousands with space"),
        pytest.param("x ≤ 3 − 4×5", r"x\leq 3-4\times5", id="signs"),
        pytest.param(r"90^\circ", "90 degrees", id="degrees"),
        pytest.param(r"\left( x+1 \right)", "(x + 1)", id="left right"),
        pytest.param("α + π", r"\alpha+\pi", id="Greek"),
        pytest.param("4+(2+k). (Points)", "4+2+k. Points", id="bracket of a tag"),
        pytest.param("Take 17. (3+k) is", "Take 17. 3+k is", id="bracket at a start"),
        pytest.param("“Find” it…", '"find" it...', id="quotes"),
        pytest.param("Ｆｉｎｄ １２", "find 12", id="full width"),
        pytest.param("5 cm", "5 centimeters", id="units"),
        pytest.param("$a-b$", "$a - b$", id="difference"),
        pytest.param("a well-known fact", "a well known fact", id="hyphen"),
        pytest.param("It costs $40! How?", "It costs $40. How?", id="exclamation"),
        pytest.param("x**2 >= 4", "x^2 ≥ 4", id="code"),
        pytest.param(r"\log_264", r"\log_2 64", id="subscript"),
        pytest.param("50%", "50 percent", id="percent"),
        pytest.param("e\u0301t\u00e9", "\u00e9t\u00e9", id="composition"),
        pytest.param(r"\text{cm}^2", "cm²", id="text"),
        pytest.param("x_{1}", "x_1", id="braces"),
        pytest.param(".5", "0.5", id="leading zero"),
    ],
)
def test_layout_leaves_no_trace(left: str, right: str):
    assert same(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param("3 - 4", "3 + 4", id="operator"),
        pytest.param("x < 3", "x ≤ 3", id="relation"),
        pytest.param("0.5", "5", id="decimal"),
        pytest.param("x²", "x2", id="power"),
        pytest.param("5! = n", "5 = n", id="factorial"),
        pytest.param("f'(x)", "f(x)", id="derivative"),
        pytest.param("12, 34", "1234", id="list"),
        pytest.param("1, 200", "1200", id="list of thousands"),
        pytest.param(r"\frac{12}{3}", r"\frac{1}{23}", id="fraction"),
        pytest.param("twenty five", "twenty four", id="number words"),
        pytest.param(r"\sin x", r"\cos x", id="function"),
        pytest.param("3:4", "3,4", id="ratio"),
        pytest.param("$-5$", "$5$", id="minus"),
    ],
)
def test_another_meaning_has_other_tokens(left: str, right: str):
    assert not same(left, right)


def test_tokens_have_a_code_a_kind_and_a_place():
    tokens = tokenise(pl.Series([r"\frac{3x}{\sqrt 2} Tom's [1,000]"]), spans=True)
    spelt = ["{", "3", "x", "}", "/", "{", "√", "2", "}", "tom", "s", "(", "1000", ")"]
    kinds = {**dict.fromkeys("{}()", BRACKET), **dict.fromkeys("/√", SIGN)}
    kinds |= {"3": NUMBER, "2": NUMBER, "1000": NUMBER, "tom": NAME}

    assert tokens.codes.tolist() == [token_code(token) for token in spelt]
    assert tokens.kinds.tolist() == [kinds.get(token, WORD) for token in spelt]
    assert tokens.ends.tolist() == [0, 14]
    assert tokens.starts.tolist() == [5, 6, 7, 8, 8, 9, 10, 16, 17, 19, 23, 25, 26, 31]
    assert tokens.stops.tolist() == [6, 7, 8, 9, 9, 10, 15, 17, 18, 22, 24, 26, 31, 32]


@pytest.mark.parametrize("depth", [1, 5, 40])
def test_fractions_nest(depth: int):
    nested = r"\frac{" * depth + "1" + "}{2}" * depth

    assert same(nested, "1" + "/2" * depth)


def test_drawings_are_left_out_where_they_are_not_asked_for():
    texts = pl.Series(["Find x. [asy] draw(A--B); [/asy] Then y."])
    drawn, plain = tokenise(texts), tokenise(texts, drawings=False)

    assert (
        len(drawn.codes)
        > len(plain.codes)
        == len(tokenise(pl.Series(["Find x. [/asy] Then y."])).codes)
    )


def test_no_texts_have_no_tokens():
    assert tokenise(pl.Series([], dtype=pl.String)).ends.tolist() == [0]


@given(MESSY)
@settings(max_examples=200, deadline=None)
def test_any_text_can_be_read_and_spans_are_in_it(text: str):
    tokens = tokenise(pl.Series([text, "x"]), spans=True)
    size = len(plain_text(pl.Series([text]))[0].encode())

    mine = slice(0, tokens.ends[1])
    assert (tokens.starts[mine] >= 0).all()
    assert (tokens.stops[mine] <= size).all()
    assert (tokens.starts[mine] <= tokens.stops[mine]).all()
    assert tokens.ends[2] == tokens.ends[1] + 1
    assert tokenise(pl.Series([text])).codes.tolist() == tokens.codes[mine].tolist()
