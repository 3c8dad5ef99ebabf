r"""Text becomes tokens, tokens a tree: every spelling the same one, or unreadable.

Trees are written out by hand in the first tests; after that spellings are compared.
"""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.verifiers.answers.answer import EXACT, read, read_in_full
from pipeline.verifiers.answers.decide import kind_of
from pipeline.verifiers.answers.grammar import parse
from pipeline.verifiers.answers.numeric_equality import approximate
from pipeline.verifiers.answers.tokens import Unreadable, spell, tokenise
from pipeline.verifiers.answers.tree import Node, constant, name, number

X, Y = name("x"), name("y")


def texts(answer: str) -> list[str]:
    return [token.text for token in tokenise(spell(answer))]


def test_layout_goes_and_digits_are_grouped():
    assert texts(r"\left(1{,}234,\,\dfrac{x}{2}\right]") == [
        "(", "1234", ",", "frac", "{", "x", "}", "{", "2", "}", "]",
    ]  # fmt: skip


def test_unicode_is_latex():
    assert texts("x²≤−3") == texts(r"x^{2}\le -3")
    assert texts("√π∪∞") == texts(r"\sqrt\pi\cup\infty")


@pytest.mark.parametrize(
    ("answer", "start"),
    [("12 ⌘ 3", 3), (r"2 + \foo{3}", 4), ("1 234", 2), ("2 3", 2)],
)
def test_what_is_not_known_says_where_it_stands(answer, start):
    with pytest.raises(Unreadable) as error:
        parse(answer)

    assert error.value.start == start


@pytest.mark.parametrize(
    "answer", ["", "1/", ")(", "x+", "(1,2", r"\frac{1}{2", r"\frac{1}", "x)", "3 ="]
)
def test_what_is_cut_off_is_unreadable(answer):
    with pytest.raises(Unreadable):
        parse(answer)


@pytest.mark.parametrize(
    ("answer", "tree"),
    [
        ("7", number(7)),
        ("2.50", number(Fraction(5, 2), 3, 2)),
        ("1,234", number(1234)),
        ("0.(3)", number(Fraction(1, 3))),
        ("2 1/2", number(Fraction(5, 2))),
        (r"2\frac{1}{2}", number(Fraction(5, 2))),
        ("-x^2", Node("neg", (Node("pow", (X, number(2))),))),
        ("x+y", Node("add", (X, Y))),
        ("x-y", Node("add", (X, Node("neg", (Y,))))),
        ("2x", Node("mul", (number(2), X))),
        ("x/2y", Node("mul", (Node("div", (X, number(2))), Y))),
        (
            "2^3^4",
            Node("pow", (number(2), Node("pow", (number(3), number(4))))),
        ),
        ("(x,y)", Node("tuple", (X, Y), "()")),
        ("[x,y)", Node("tuple", (X, Y), "[)")),
        (r"\{x,y\}", Node("set", (X, Y))),
        ("x<y", Node("relation", (X, Y), ("<",))),
        ("x=y=2", Node("relation", (X, Y, number(2)), ("=", "="))),
        ("x:y", Node("ratio", (X, Y))),
        ("x or y", Node("list", (X, Y), "or")),
        ("x, y", Node("list", (X, Y), ",")),
        (r"\pi", constant("pi")),
        (r"\sin x", Node("call", (X,), "sin")),
    ],
)
def test_trees_are_what_they_say(answer, tree):
    assert parse(answer) == tree


# (spellings of one tree)
SAME = [
    (r"\dfrac{1}{2}", r"\frac{1}{2}", r"\tfrac12", r"\frac12"),
    ("a/b", r"a \div b", "a÷b"),
    ("x^2", "x²", "x**2", "x^{2}"),
    (r"2\cdot x", r"2\times x", "2*x", "2·x", "2×x", "2x", "2 x"),
    ("(a+b)", r"\left(a+b\right)", r"\big(a+b\big)"),
    (r"\sqrt{2}", "√2", "sqrt(2)", r"\sqrt2"),
    (r"\pi r", "πr", "pi r"),
    (r"(-\infty, 1)", "(-∞,1)", r"\left(-\infty,\,1\right)"),
    (r"x\le 3", "x<=3", "x≤3", r"x\leq3", r"x\leqslant 3"),
    (r"x\ge 3", "x>=3", "x≥3", r"x\geq3"),
    (r"x\ne 3", "x!=3", "x≠3", r"x\neq 3"),
    (r"\sin x", "sin(x)", r"\sin(x)", r"\operatorname{sin}x"),
    (r"\sin^2 x", r"(\sin x)^2"),
    (r"\arcsin x", r"\sin^{-1} x", "arcsin(x)"),
    (r"\ln 2", "ln(2)", r"\ln{2}"),
    (r"\log_2 8", "log_2(8)", r"\log_{2}8"),
    (r"\{1,2\}", "{1,2}", r"\left\{1, 2\right\}"),
    (r"(1,2)\cup(3,4)", "(1,2)∪(3,4)", "(1,2)U(3,4)"),
    (r"x\in[1,2]", "x∈[1,2]"),
    ("-3", "−3", "–3", r"{-3}"),
    ("1234", "1,234", "1{,}234", r"1\,234"),
    (r"50\%", "50%"),
    (r"90^\circ", "90°", r"90^{\circ}", r"90\degree"),
    (r"\mathbb{R}", "ℝ"),
    (r"\emptyset", "∅", r"\varnothing"),
    (r"1\pm 2", "1±2"),
    (r"\alpha+\beta", "α+β"),
    ("ab", r"a\,b", r"a\cdot b", "a b"),
    ("x+1", "$x+1$", r"\(x+1\)", "x + 1"),
    ("x_1", "x_{1}", "x₁"),
    ("|x|", r"\left|x\right|", r"\lvert x\rvert"),
    (r"\lfloor x\rfloor", "⌊x⌋", r"\left\lfloor x\right\rfloor"),
    (r"\binom{5}{2}", r"{5 \choose 2}"),
    ("e^x", r"\mathrm{e}^x", r"e^{x}"),
    ("0.(3)", r"0.\overline{3}", r"0.\bar{3}"),
    ("1e3", "1E3", "1e+3"),
    ("1:2:3", "1 : 2 : 3"),
    (r"f'(x)", "f^{\\prime}(x)", "f′(x)"),
    ("n!", "n !"),
    (r"\overline{AB}", r"\overline{A B}"),
    ("x=1 or x=2", r"x=1\text{ or }x=2", r"x=1 \lor x=2"),
]


@pytest.mark.parametrize("spellings", SAME, ids=lambda spellings: spellings[0])
def test_spellings_are_one_tree(spellings):
    assert {parse(spelling) for spelling in spellings} == {parse(spellings[0])}


DIFFERENT = [
    ("2.5", "25"), ("R", "r"), ("x_1", "x_2"), ("x_1", "x1"), ("(1,2)", "[1,2]"),
    ("(1,2]", "(1,2)"), ("a-b", "a+b"), ("x<1", "x>1"), (r"x\le1", "x<1"),
    ("2^3", "2_3"), (r"2\cdot3", "23"), (r"5\cdot\frac12", r"5\frac12"),
    ("-2^2", "(-2)^2"), ("1/2x", "1/(2x)"), (r"\sin x", "s i n x"), ("f'", "f''"),
    ("x and y", "x or y"), ("1,2", "(1,2)"), ("5!", "5"), ("5%", "5"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_what_says_something_else_is_another_tree(one, other):
    assert parse(one) != parse(other)


DEEP = [
    "(" * 1_500 + "1" + ")" * 1_500,
    r"\sqrt{" * 400 + "2" + "}" * 400,
    "2^" * 1_500 + "2",
    "2^{" * 900 + "2" + "}" * 900,
    r"\frac{1}{" * 350 + "2" + "}" * 350,
    "[(" * 900,
    "x=(" * 900,
    "|(" * 900,
    r"\sin " * 700 + "x",
]


@pytest.mark.parametrize("text", DEEP, ids=lambda text: text[:8])
def test_nesting_is_counted_and_never_exhausts_the_stack(text):
    with pytest.raises(Unreadable, match="nested too deeply"):
        parse(text)


def test_a_long_sum_is_wide_and_not_deep():
    assert len(parse("+".join(["x"] * 900)).args) == 900


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("1/2", "number"), ("40%", "number"), ("twenty-one", "number"),
        ("5 cm", "quantity"), ("30°", "quantity"), (r"\$5", "quantity"),
        ("x+1", "expression"), (r"\sqrt{2}", "expression"), ("x=2", "equation"),
        ("x>2", "relation"), ("(1,2)", "tuple"), ("1, 2", "list"),
        (r"\{1\}", "set"), (r"\mathbb{Z}", "set"), ("(1,2)∪(3,4)", "set"),
        ("1:2", "ratio"), (r"\begin{pmatrix}1\\2\end{pmatrix}", "matrix"),
        (r"\begin{cases}1&x>0\\2&x\le0\end{cases}", "function by cases"),
        ("2024-01-05", "date"), ("3:30 pm", "time"), ("Monday", "words"),
    ],
)  # fmt: skip
def test_an_answer_has_a_kind(answer, kind):
    assert kind_of(read(answer)) == kind


@pytest.mark.parametrize(
    ("answer", "value", "unit"),
    [
        ("3 million", 3_000_000, ""),
        ("minus five", -5, ""),
        ("two hundred and five", 205, ""),
        ("two thirds", Fraction(2, 3), ""),
        (r"\text{Area: }5", 5, ""),
        (r"5\text{ (about 5)}", 5, ""),
        (r"5\text{ cm}", 5, "cm"),
        (r"12^{\text{th}}", 12, ""),
    ],
)
def test_words_around_a_number_are_read(answer, value, unit):
    result = read(answer)

    assert result.unit == unit
    assert approximate(result.tree) == pytest.approx(float(value))


@pytest.mark.parametrize(
    "answer", [r"\text{not }5", r"5\text{ or not}", r"24\text{ in}^3\text{ or }7"]
)
def test_what_denies_or_offers_is_no_number(answer):
    with pytest.raises(Unreadable):
        read(answer)


@given(st.from_regex(EXACT, fullmatch=True), st.booleans())
def test_plain_numbers_and_fractions_are_read_as_the_grammar_reads_them(text, grouping):
    assert read(text, grouping=grouping) == read_in_full(text, grouping=grouping)
