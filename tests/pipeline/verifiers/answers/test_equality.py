r"""Every rule of equality has a right and a wrong case, worked out by hand."""

import pytest

from pipeline.verifiers.answers.grammar import parse
from pipeline.verifiers.answers.numeric_equality import is_constant_ratio, same_value
from pipeline.verifiers.answers.operations import TooLarge
from pipeline.verifiers.math import kind, unreadable, verify

UNIT = {"policy": {"units": "convert"}}


def accepts(gold: str, answer: str, info: dict | None = None) -> bool | None:
    return verify(gold, rf"\boxed{{{answer}}}", info or {}).correct


def compare(left: str, right: str) -> bool | None:
    try:
        return same_value(parse(left), parse(right))
    except TooLarge:
        return None


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        # exact: rationals of any size
        ("10^{100}", "10^{100}+1", False),
        ("17!", "355687428096000", True),
        ("17!", "355687428096001", False),
        (r"0.\overline{9}", "1", True),
        ("2^{-98}", "2^{-99}", False),
        # balls: 80 digits apart from the first, so 128 bits do not tell
        (r"\sqrt{2}\cdot 10^{60}", r"\sqrt{2}\cdot 10^{60}+10^{-20}", False),
        (r"\sqrt{2}+\sqrt{3}", r"\sqrt{5+2\sqrt{6}}", True),
        (r"\sqrt{2}+\sqrt{3}", r"\pi", False),  # 3.146… and 3.141…
        (r"e^{\pi\sqrt{163}}", "640320^3+744", False),  # differ by 7.5e-13
        # what agrees in more bits than the trees are long is equal, and no less
        (r"\sin(10^{-200})", "10^{-200}", False),  # differ by 10^{-600} / 6
        (r"\sin(10^{-200})", r"\tan(10^{-200})", False),
        ("1-2^{-2^{60}}", "1+2^{-2^{60}}", False),  # the terms of both cancel
        ("1-2^{-2^{60}}", "1-3^{-2^{60}}", False),
        ("1-2^{-2^{60}}", "1", False),
        ("1-2^{-2^{2001}}", "1+2^{-2^{2001}}", None),  # a ball around 0 tells nothing
        (r"\sqrt{1-2^{-2^{60}}}", r"\sqrt{1-3^{-2^{60}}}", None),
        ("2^{2^{2^{10}}}+1", "1+2^{2^{2^{10}}}", True),
        (r"\sin(\pi/6)", "1/2", True),
        (r"\arctan 1", r"\frac{\pi}{4}", True),
        (r"\lfloor \pi\rfloor", "3", True),
        (r"\log_2 8", "3", True),
        (r"e^{i\pi}", "-1", True),
        # domains: where both are defined
        (r"\ln(a^2 b)", r"2\ln a+\ln b", True),
        (r"\frac{x^2-1}{x-1}", "x+1", True),
        ("|x|", r"\sqrt{x^2}", True),
        ("x", r"\sqrt{x^2}", False),
        (r"\sqrt[3]{-8}", "-2", True),
        ("(-8)^{1/3}", "-2", True),
        ("(-8)^{2/3}", "4", True),
        ("(x+2i)(x-2i)", "x^2+4", True),
        (r"\cos(2x)", r"1-2\sin^2 x", True),
        (r"\cos(2x)", r"2\sin^2 x-1", False),
        # symbols that count
        (r"\sum_{k=1}^{n} k", r"\frac{n(n+1)}{2}", True),
        (r"\sum_{k=1}^{n} k", r"\frac{n(n-1)}{2}", False),
        ("n!", "n(n-1)!", True),
        (r"\binom{n}{2}", r"\frac{n(n-1)}{2}", True),
        # symbols of one letter in two cases
        (r"R^2-r^2", "r^2-R^2", False),
        ("2f(0)", r"f(0)\cdot 2", True),
        ("-2f'(0)", "-9f'(0)", False),
    ],
)
def test_values_are_proven_to_differ(left, right, same):
    assert compare(left, right) is same
    assert compare(right, left) is same


@pytest.mark.parametrize("huge", ["9^{9^{9^9}}", "(10^9)!", "2^{2^{2^{2^{2^2}}}}"])
def test_towers_end_undecided_and_soon(huge):
    assert compare(huge, f"{huge}+1") is not True


def test_an_equation_is_its_zeros():
    # 2x - y + 1 is -1 times y - 2x - 1; with 2x + y it has other zeros.
    assert is_constant_ratio(parse("2x-y+1"), parse("y-2x-1")) == -1
    assert is_constant_ratio(parse("4x-2y+2"), parse("2x-y+1")) == 1
    assert is_constant_ratio(parse("2x+y+1"), parse("y-2x-1")) is None


# (gold answer, right, wrong), by rule
CASES = {
    "a name that is in the value": ("T^*=T", "T^{*} = T", "t^*=T"),
    "a dummy and its sign": ("L_n = 0", "L_k=0", "L_{-n}=0"),
    "an argument and its sign": ("f(x)=x", "g(t)=t", "f(-x)=x"),
    "an event is no dummy": ("P(A)=\\frac12", "P(A)=0.5", r"P(B)=\frac12"),
    "angles": (r"\angle BAC=30^\circ", r"\angle A=30^\circ", r"\angle B=30^\circ"),
    "vectors and their ends": (
        r"\vec{AB}=(1,2)",
        r"\overrightarrow{AB}=(1,2)",
        r"\vec{BA}=(1,2)",
    ),
    "segments": ("AB=5", "5", "CD=5"),
    # (x + y) / 2 and √xy meet where x = y, and 3(x + y) / 2 and √xy nowhere but at 0
    "an inequality that always holds": (
        r"\frac{x+y}{2}\ge\sqrt{xy}",
        r"2\sqrt{xy}\le x+y",
        r"\frac{3(x+y)}{2}\ge\sqrt{xy}",
    ),
    "a chain from either end": ("0<b<a", "a>b>0", "b>a>0"),
    "a chain of equal sides": (
        r"\sqrt{ab}\le\frac{a+b}2\le\sqrt{\frac{a^2+b^2}2}",
        r"\frac{\sqrt{2a^2+2b^2}}2\ge\frac{a+b}2\ge\sqrt{ab}",
        r"\sqrt{ab}\le\frac{a+b}2\le\sqrt{a^2+b^2}",
    ),
    "a label before all pairs": (
        "(p,n)=(p,p),(2,4)",
        "(p,n)=(2,4),(p,p)",
        "(n,p)=(p,p),(2,4)",
    ),
    "a set and an answer left open": (
        r"(-\infty,-1)\cup(4,\infty)",
        "x<-1 or x>4",
        r"\dots",
    ),
    "a point is no set of numbers": ("(1,2,3)", r"(1,2,\frac62)", r"\mathbb{R}"),
    "residues": (r"x\equiv 3\pmod 8", r"x\equiv 11\pmod 8", r"x\equiv 5\pmod 8"),
    "moduli": (r"x\equiv 3\pmod 8", r"x\equiv -5\pmod{8}", r"x\equiv 3\pmod 4"),
    "pairs in a set": (
        r"(a,b)\in\{(1,2),(3,4)\}",
        r"(a,b)\in\{(3,4),(1,2)\}",
        r"(a,b)\in\{(1,2),(3,5)\}",
    ),
    "a pair and its order": (
        r"(2+\sqrt2,1+\sqrt2)",
        "2+√2, 1+√2",
        "1+√2, 2+√2",
    ),
    "a pair of numbers is not infinite": (
        r"(2+\sqrt2,3)",
        r"(\sqrt2+2,3)",
        r"(\infty,3)",
    ),
    "digits in brackets and their base": ("1011_2", "(1011)_2", "(1101)_2"),
    "a sign that was asked for": ("<", r"\lt", ">"),
    "an operator that was asked for": (r"\div", "÷", r"\times"),
    "an ordinary symbol": (r"2\mho", r"\mho\cdot 2", r"2\eth"),
    "bars within bars": (r"\ln|\ln|x||", r"\ln\left|\ln|x|\right|", r"\ln|\ln|2x||"),
    "products of letters that spell a word": ("aX+bY", "bY+aX", "aX-bY"),
    "what a letter stands for": (
        r"$x+b$, where $b$ is a number with $b>0$",
        "x+b",
        "x-b",
    ),
    "a true statement": (r"\frac13<\frac25", r"\frac25>\frac13", r"\mathbb{R}"),
    "a letter before 0": ("I(0)e^{-t}", "e^{-t}I(0)", "I(0)e^{-2t}"),
    "an infinity has a sign": (
        r"(-\infty, 2)\cup(3,\infty)",
        r"(3,+\infty)\cup(-\infty,2)",
        r"(\infty,2)\cup(3,-\infty)",
    ),
    "all numbers": (r"\mathbb{R}", r"-\infty<x<\infty", r"0<x<\infty"),
    "a set of a set": (r"\emptyset", r"\{\}", r"\{\emptyset\}"),
    "sequences with dots": ("1, 2, \\ldots, n", "1,2,3,\\dots,n", "1,2,4,\\dots,n"),
    "endless sequences": ("1,2,4,8,...", r"1,2,4,8,\ldots", "1,2,4,16,..."),
    "dots are members": ("1,2,3", "3,2,1", r"1,2,3,\ldots"),
    "a base": ("1011_2", "1011", "1101_2"),
    "a base of the answer": ("11", "1011_2", "11_2"),
    "a base in words": ("1011_2", r"1011_{\text{two}}", r"1011_{\text{three}}"),
    "conjugates": ("3+4i", r"\overline{3-4i}", r"\overline{3+4i}"),
    "about": (r"\frac23", r"\frac23\approx 0.667", r"\frac23\approx 0.75"),
    "cases with if and otherwise": (
        r"\begin{cases}x&x\ge0\\-x&x<0\end{cases}",
        r"\begin{cases}-x,&\text{if }x<0\\x,&\text{otherwise}\end{cases}",
        r"\begin{cases}-x,&\text{if }x\ge0\\x,&\text{otherwise}\end{cases}",
    ),
    "aligned lines": (
        "42",
        r"\begin{aligned}x&=6\cdot7\\&=42\end{aligned}",
        r"\begin{aligned}x&=6\cdot7\\&=43\end{aligned}",
    ),
    "a family with its parameter in brackets": (
        r"\frac{\pi}{4}+k\pi, k\in\mathbb{Z}",
        r"\frac{\pi}{4}+n\pi\ (n\in\mathbb{Z})",
        r"\frac{\pi}{4}+2n\pi\ (n\in\mathbb{Z})",
    ),
    "how it was found": ("12", r"12\ (=3\cdot4)", r"12\ (=3\cdot5)"),
    "amounts are above 0": (
        r"\frac{a\sqrt3}{2}",
        r"\sqrt{\frac{3a^2}{4}}",
        r"\sqrt{3a^2}",
    ),
    "variables may be below 0": (r"\sqrt{x^2}", "|x|", "x"),
    "one sign raised is no power": ("a^+", r"a^{+}", "a"),
    "minutes are no degrees": (r"30^\circ", "30", r"30\text{ minutes}"),
    "units in a fraction": (
        r"72\text{ km/h}",
        r"72\,\frac{\text{km}}{\text{h}}",
        r"72\,\frac{\text{m}}{\text{s}}",
    ),
    "mixed numbers in words": (
        r"\frac72",
        r"\text{three and a half}",
        r"\text{three or a half}",
    ),
    "over": (r"\frac23", r"{2\over 3}", r"{3\over 2}"),
    "a conclusion in the box": (
        "505",
        r"\forall p,\bigoplus_i a_i=0\text{ and the requested sum is }505",
        r"\forall p,\bigoplus_i a_i=0\text{ and the requested sum is }506",
    ),
    "words that make another value": ("15", r"\text{total: }15", r"\text{twice }15"),
    "a note and no second value": (
        "42",
        r"42\text{ (see above)}",
        r"42\text{ (not sure)}, 43",
    ),
    "an answer and no question": ("42", r"\text{it is }42", r"\text{is it }42\text{?}"),
    "an ordinal and no power": ("42", r"42^{\text{nd}}", r"42^{\text{nd power}}"),
    "a denied value": (r"4 \text{ or } 5", "5, 4", r"4 \text{ or } 5 \text{ is wrong}"),
    "integers": ("42", "42.0", "43"),
    "signs": ("-3", "−3", "3"),
    "fractions": ("0.75", r"\frac34", "0.8"),
    "products are no digits": ("24", r"2\cdot 12", r"2\cdot 4"),
    "mixed numbers": ("2 1/2", "2.5", "1"),
    "scientific": (r"1.2\times 10^{3}", "1200", "120"),
    "words of numbers": ("twenty-one", "21", "20"),
    "scale words": ("3 million", "3000000", "3"),
    "six digits round": ("1/3", "0.333333", "0.333"),
    "a rounded gold": ("30.52", r"\frac{1587}{52}", r"\frac{1588}{52}"),
    "percent as a fraction": ("40%", "0.4", "0.04"),
    "percent as a number": (r"40\%", "40", "4"),
    "degrees as radians": (r"90^\circ", r"\frac{\pi}{2}", r"\frac{\pi}{3}"),
    "degrees left out": ("30°", "30", "60"),
    "units": (r"5\text{ cm}", "5", "5 m"),
    "two units": ("2 hours 30 minutes", "2.5 hours", "2.3 hours"),
    "currency": (r"\$12", "12 dollars", "€12"),
    "a label": ("6", "x=6", "x+2=6"),
    "an equation for a number": ("0", "y=0", "x^2-5x+6=0"),
    "a sum that was asked for": ("12", "m+n=12", "m+n=13"),
    "solved for a symbol": ("y=2x+1", "2x-y+1=0", "2x+y+1=0"),
    "a multiple of an equation": ("x^2+y^2=4", "2x^2+2y^2=8", "x^2+y^2=2"),
    "functions": ("f(x)=2x", "g(t)=2t", "f(x)=3x"),
    "functions and their case": (r"\pi R^2", r"R^2\pi", r"\pi r^2"),
    "direction": ("x>3", "3<x", "x<3"),
    "strictness": ("x>3", "3<x", r"x\ge 3"),
    "orders of numbers": (
        r"\frac13<\frac25",
        r"\frac25>\frac13",
        r"\frac13\le\frac25",
    ),
    "a bound is no number": ("5", "5", r"\ge 5"),
    "a condition and its interval": (r"x\ge 2", r"[2,\infty)", r"(2,\infty)"),
    "a condition solved": ("x^2<4", "-2<x<2", "x<2"),
    "intervals": ("(1,2)", "1<x<2", "[1,2]"),
    "unions": (
        r"(-\infty,1)\cup(2,\infty)",
        r"x<1 \text{ or } x>2",
        r"x<1 \text{ and } x>2",
    ),
    "unions that touch": ("[0,2]", r"[0,1]\cup[1,2]", r"[0,1)\cup(1,2]"),
    "all reals": (r"\mathbb{R}", r"(-\infty,\infty)", r"(0,\infty)"),
    "all but one": (
        r"\mathbb{R}\setminus\{1\}",
        r"(-\infty,1)\cup(1,\infty)",
        r"\mathbb{R}",
    ),
    "sets": (r"\{1,2\}", r"\{2,1\}", r"\{1,3\}"),
    "nothing": (r"\emptyset", "no solution", "0"),
    "lists": ("1,2", "2 and 1", "1"),
    "lists of equations": ("1,2", "x=1 or x=2", "1,2,3"),
    "plus or minus": (r"1\pm\sqrt2", r"1+\sqrt2,1-\sqrt2", r"1+\sqrt2"),
    "one of several": ("5", "5", "5 or 6"),
    "one thing twice": ("1/2", r"1/2\text{ or }0.5", r"1/2\text{ or }0.6"),
    "families": (
        r"\frac{\pi}{4}+2\pi k, k\in\mathbb{Z}",
        r"\frac{\pi}{4}-2\pi n, n\in\mathbb{Z}",
        r"\frac{\pi}{4}+\pi k, k\in\mathbb{Z}",
    ),
    "tuples": ("(1,2,3)", r"\left(1,2,\frac{6}{2}\right)", "(1,3,2)"),
    "tuples of another length": ("(0.5,2)", r"(\frac12,2)", "(0.5,2,0)"),
    "labels in another order": ("x=1,y=2", "y=2,x=1", "x=2,y=1"),
    "labels of words": ("1, 3", "Minimum: 1, Maximum: 3", "Minimum: 1, Maximum: 2"),
    "ratios": ("3:4:5", "6:8:10", "3:5:4"),
    "a ratio as a fraction": ("1:2", "1/2", "2:1"),
    "matrices": (
        r"\begin{pmatrix}1&2\\3&4\end{pmatrix}",
        r"\begin{bmatrix}1&2\\3&4\end{bmatrix}",
        r"\begin{pmatrix}1&3\\2&4\end{pmatrix}",
    ),
    "columns": (r"\begin{pmatrix}1\\2\end{pmatrix}", "(1,2)", "(2,1)"),
    "cases in another order": (
        r"\begin{cases}x&x>0\\-x&x\le 0\end{cases}",
        r"\begin{cases}-x&x\le 0\\x&x>0\end{cases}",
        r"\begin{cases}x&x\le 0\\-x&x>0\end{cases}",
    ),
    "dates": ("2024-01-05", "January 5, 2024", "January 6, 2024"),
    "times": ("3:30 pm", "15:30", "3:30 am"),
    "words": (r"\text{east}", "East", "west"),
    "bases": ("17_8", "17", "15"),
    "imaginary": ("i", r"\frac{-1}{i}", "-i"),
    "vectors": (r"\vec{AB}", r"\vec{A B}", r"\vec{BA}"),
}


@pytest.mark.parametrize("rule", CASES)
def test_each_rule_accepts_the_right_and_refuses_the_wrong(rule):
    gold, right, wrong = CASES[rule]

    assert accepts(gold, gold) is True
    assert accepts(gold, right) is True
    assert accepts(gold, wrong) is False


@pytest.mark.parametrize(
    ("gold", "right", "wrong"),
    [
        ("3 m", "300 cm", "30 cm"),
        ("2 hours", "120 minutes", "100 minutes"),
        ("1 kg", "1000 g", "100 g"),
    ],
)
def test_units_convert_where_the_policy_says_so(gold, right, wrong):
    assert accepts(gold, right, UNIT) is True
    assert accepts(gold, wrong, UNIT) is False
    assert accepts(gold, right) is False


def test_rationals_are_not_taken_for_all_numbers():
    # Sets are compared at rational points, where the two agree.
    assert accepts(r"\mathbb{Q}", r"(-\infty,\infty)") is None
    assert accepts(r"[0,1]", r"\mathbb{Q}\cap[0,1]") is None
    assert accepts(r"\mathbb{R}", r"(-\infty,\infty)") is True


def test_a_gold_answer_says_its_kind_or_why_it_has_none():
    assert kind("(B)", {}) == "choice"
    assert kind("1, 2", {}) == "list"
    assert kind("", {}) is None
    assert unreadable("", {}) == "empty"
    assert unreadable("proof", {}) == "a proof, not an answer"
    assert unreadable(r"\frac{1}{2", {}) == "expected }"


def test_no_clock_is_read(monkeypatch: pytest.MonkeyPatch):
    """A verdict is counted work: with every clock broken it is the same."""
    for clock in ("time", "monotonic", "perf_counter", "process_time", "thread_time"):
        for name in (clock, f"{clock}_ns"):
            monkeypatch.setattr(f"time.{name}", _no_clock)

    assert accepts(r"\frac{1}{7}", r"\frac{2}{14}") is True
    assert accepts(r"\sqrt{7}+1", r"\sqrt{7}+1.001") is False
    assert accepts("9^{9^{9^9}}", "9^{9^{9^9}}+1") is not True


def _no_clock() -> float:
    raise AssertionError("a verdict asked for the time")
