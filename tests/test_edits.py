import re
import unicodedata
from collections import Counter
from random import Random

import pytest

from tests.support import edits

WORDS = (
    'Mr. Smith\'s farm has 1200 hens. Emily sells 12 eggs for $5 each, and "Ben" buys '
    "3.5 kg of coffee in 40 minutes... Emily's hens eat 25% of 2 * 6 first-class "
    "bags. How many flowers (in total) does Emily keep?"
)
LATEX = (
    r"Let $x^2+\frac{3}{4}y_1 \le 10{,}000$ and $\frac12 \cdot \text{ area} = 90^\circ"
    r"$. Suppose that $f(x) = -7$. Tom's café is open. "
    r"Find \[\left(x + y\right)^{12}.\] "
    r"(A) $5$ (B) $\textbf{(C) } 6$"
)
NUMBERS_RESPELLED = {"braces", "thousands", "superscripts", "full_width"}


def runs(text: str) -> Counter[str]:
    return Counter(re.findall(r"[0-9]+", text))


def digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", unicodedata.normalize("NFKC", text))


BITS = """$ $$ \\( \\) \\[ \\] { } }{ \\frac \\frac{ \\frac1 \\frac{1}{ ^ ^{ _ \\\\ \\
$5 $x$ $x^2$ [asy] [/asy] draw((0,0)--(1,1)); 求下列方程的解 。 😀 👩‍🏫 é ﬁ ½ ² １２
1,000 1{,}0 00 .5 3. \\begin{align*} \\end{align*} \\begin{array}{c|c}
\\text{ \\text{cm} \\left( \\right) Emily Tom's has is
5 dollars % \\% cm 10 ( ) " `` '' ’ ? ! ... …
\u00a0 \u200b \x00 \ud7ff https://a.b/c~1 ``` (A) 1st 22nd [ x+y= -1 * ** -- — two
Ten \\item"""


def messy() -> list[str]:
    bits = BITS.split()
    rng = Random(0)
    random_texts = [
        " ".join(rng.choices(bits, k=rng.randint(1, 12))) for _ in range(120)
    ]
    random_texts += [
        "".join(rng.choices(bits, k=rng.randint(1, 30))) for _ in range(70)
    ]
    whole = [
        "",
        " ",
        "\n\n",
        "$",
        "$$",
        "\\",
        "{{{",
        "}",
        "求 $x$ 的值。",
        "😀" * 9,
        "[asy]",
    ]
    return [*random_texts, *whole, WORDS, LATEX, WORDS[::-1], LATEX[::-1], LATEX[:60]]


ALL = {
    **edits.FORMATS,
    **edits.LIGHT,
    "reformat": edits.reformat,
    "light_edit": edits.light_edit,
    "renumber": lambda text, rng: edits.renumber(text, rng) or text,
    "renumber_one": lambda text, rng: edits.renumber_one(text, rng) or text,
}


@pytest.mark.parametrize("name", ALL)
def test_same_for_a_seed_and_no_crash(name: str) -> None:
    for seed, text in enumerate(messy()):
        assert ALL[name](text, Random(seed)) == ALL[name](text, Random(seed))


@pytest.mark.parametrize("name", edits.FORMATS)
def test_format_changes_where_it_can_and_keeps_digits(name: str) -> None:
    both = WORDS + "\n" + LATEX
    for seed in range(60):
        new = edits.FORMATS[name](both, Random(seed))
        assert new != both
        assert Counter(digits(new)) == Counter(digits(both))
        if name not in NUMBERS_RESPELLED:
            assert runs(new) == runs(both)


@pytest.mark.parametrize("name", ["upper", "lower", "title"])
def test_case_leaves_maths_alone(name: str) -> None:
    new = edits.FORMATS[name](LATEX, Random(1))
    assert new != LATEX
    assert new.casefold() == LATEX.casefold()
    assert re.findall(r"\$.*?\$", new) == re.findall(r"\$.*?\$", LATEX)


def test_spaces_only() -> None:
    for name in ("double_spaces", "newlines", "odd_spaces", "end_spaces"):
        for seed in range(20):
            new = edits.FORMATS[name](WORDS, Random(seed))
            assert new != WORDS
            assert new.split() == WORDS.split()


@pytest.mark.parametrize(
    ("name", "old", "options"),
    [
        ("fractions", r"$\frac{1}{2}$", {r"$\dfrac{1}{2}$", r"$\tfrac{1}{2}$"}),
        ("braces", r"$x^2$", {r"$x^{2}$"}),
        ("braces", r"$\frac12$", {r"$\frac{1}{2}$"}),
        ("left_right", r"$f(x)$", {r"$f\left(x\right)$"}),
        ("left_right", r"$\left(x\right)$", {"$(x)$"}),
        ("delimiters", "$x$", {r"\(x\)"}),
        ("delimiters", r"\[x\]", {"$$x$$"}),
        ("symbols", r"$2\times x$", {"$2× x$"}),
        ("symbols", r"$a≤b$", {r"$a\le b$", r"$a\leq b$"}),
        ("symbols", r"$30^\circ$", {"$30°$"}),
        ("thousands", "He has 12000 hens", {"He has 12,000 hens"}),
        ("thousands", "$12{,}000$", {"$12000$"}),
        ("superscripts", "$x^{12}$", {"$x¹²$"}),
        ("ligatures", "five", {"ﬁve"}),
        ("dashes", "$-x$", {"$−x$", "$–x$"}),
        ("quotes", "it's", {"it’s"}),
        ("full_width", "five", {"ｆｉｖｅ"}),
        ("fractions", "[asy]\\frac{1}{2}[/asy]", {"[asy]\\frac{1}{2}[/asy]"}),
        ("upper", "costs $5 and $6 now", {"COSTS $5 AND $6 NOW"}),
    ],
)
def test_format_examples(name: str, old: str, options: set[str]) -> None:
    assert {edits.FORMATS[name](old, Random(seed)) for seed in range(30)} == options


def test_renumber_changes_every_number_in_its_form() -> None:
    form = r"Has 1,200 and $10{,}000$, 2.5, $\frac34$, $\frac{3}{4}$, $x^2$ and 1st"
    for seed in range(50):
        new = edits.renumber(form, Random(seed))
        assert new is not None
        assert re.sub("[0-9]", "0", new[:-2]) == re.sub("[0-9]", "0", form[:-2])
        old_numbers = re.findall(
            r"[0-9][0-9,.{}]*[0-9]|[0-9]", form.replace("34", "3 4")
        )
        numbers = re.findall(
            r"[0-9][0-9,.{}]*[0-9]|[0-9]", re.sub(r"(c[0-9])([0-9])", r"\1 \2", new)
        )
        assert len(old_numbers) == len(numbers)
        assert all(a != b for a, b in zip(old_numbers, numbers, strict=True))


def test_renumber_is_consistent_and_none_without_numbers() -> None:
    new = edits.renumber("5 and 5 and 7", Random(3)) or ""
    first, second, third = re.findall("[0-9]+", new)
    assert first == second != third
    assert edits.renumber("Prove it.", Random(0)) is None
    assert edits.renumber_one("Prove it.", Random(0)) is None
    assert edits.renumber("two hens", Random(0), words=False) is None
    assert edits.renumber("two hens", Random(0)) != "two hens"


def test_renumber_one_changes_one() -> None:
    text = "A 12 B 12 C 3.5 D $x_1 = 9$ [asy] 8 [/asy]"
    for seed in range(40):
        new = edits.renumber_one(text, Random(seed)) or ""
        pairs = list(zip(text.split(), new.split(), strict=True))
        assert sum(a != b for a, b in pairs) == 1
        assert "x_1" in new
        assert " 8 " in new


@pytest.mark.parametrize("name", edits.LIGHT)
def test_light_keeps_digits(name: str) -> None:
    for text in (WORDS, LATEX):
        for seed in range(40):
            new = edits.LIGHT[name](text, Random(seed))
            assert Counter(digits(new)) == Counter(digits(text))
            if name != "latex":
                assert runs(new) == runs(text)


def test_rename_is_consistent() -> None:
    for seed in range(20):
        new = edits.LIGHT["rename"](WORDS, Random(seed))
        assert not re.search(r"\b(Emily|Ben)\b", new)
        (name,) = re.findall(r"(\w+) sells", new)
        assert new.count(name) == WORDS.count("Emily")
        assert f"{name}'s hens" in new


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a 12cm rod", "a 12 centimeters rod"),
        ("pay 5 dollars now", "pay $5 now"),
        ("pay $5 now", "pay 5 dollars now"),
        ("pay $1 now", "pay 1 dollar now"),
        ("at 60 mph", "at 60 miles per hour"),
        ("$50\\%$ of $x$", "$50$ percent of $x$"),
        ("20% of it", "20 percent of it"),
        ("$3$ minutes", "$3$ min"),
        ("6 feet", "6 ft"),
        (r"a $\$5$ hat and $x$", r"a 5 dollars hat and $x$"),
        (r"$5\text{ cm}$", r"$5\text{ centimeters}$"),
        ("won $2 million", "won $2 million"),
    ],
)
def test_units(old: str, new: str) -> None:
    assert edits.LIGHT["units"](old, Random(0)) == new


def test_reorder_keeps_the_question_last() -> None:
    text = "Dr. Lee has 3.5 kg. It is red. Tom has $x. Y$ now. How many?"
    seen = {edits.LIGHT["reorder"](text, Random(seed)) for seed in range(40)}
    assert len(seen) == 3
    for new in seen:
        assert new != text
        assert new.endswith(" How many?")
        assert all(
            part in new for part in ("Dr. Lee has 3.5 kg.", "Tom has $x. Y$ now.")
        )
    assert edits.LIGHT["reorder"]("It is. Why? How?", Random(0)) == "It is. Why? How?"


def test_slashes_and_dollars() -> None:
    seen = {
        edits._write_slashes(r"$2\frac{1}{3}x^\frac12$", Random(s)) for s in range(20)
    }
    assert seen == {"$2 1/3x^{1/2}$", "$2 (1)/(3)x^{(1)/(2)}$"}
    assert edits._write_slashes(r"$\dfrac{a+b}{c}d$", Random(0)).endswith("d$")
    assert edits._strip_dollars(r"a $5 hat, $x$ and \(y\)6", Random(0)) == (
        "a $5 hat, x and y 6"
    )


def test_mixtures_change_the_problem() -> None:
    for seed in range(60):
        for text in (WORDS, LATEX):
            assert edits.reformat(text, Random(seed)) != text
            assert edits.light_edit(text, Random(seed)) != text
