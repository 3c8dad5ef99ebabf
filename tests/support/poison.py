"""Expressions that hang, crash or fill a grader: gold answers and completions.

Each maker takes a random generator and gives one pair; `pairs` deals them out in
turn. Nothing here is a right answer, so that a poison pair may be rejected, left
undecided or given up, but never accepted.
"""

import time
from collections.abc import Callable, Iterator
from random import Random

from pipeline.verifiers.math import verify

Pair = tuple[str, str]
Maker = Callable[[Random], Pair]


def pairs(count: int, seed: int = 0) -> Iterator[Pair]:
    """`count` poison pairs, all kinds in turn; the same for the same seed."""
    rng = Random(seed)
    for i in range(count):
        yield MAKERS[i % len(MAKERS)](rng)


def cpu_s(gold: str, completion: str) -> float:
    """The CPU seconds that a verdict on a pair takes."""
    start = time.process_time()
    verify(gold, completion, {})
    return time.process_time() - start


def _boxed(gold: str, inside: str) -> Pair:
    return gold, f"So the answer is \\boxed{{{inside}}}."


def tower(rng: Random) -> Pair:
    """Powers of powers, written in the ways that models write them."""
    height, base = rng.randint(3, 60), rng.randint(2, 99)
    opening, closing = rng.choice([("^{", "}"), ("^(", ")"), ("**(", ")")])
    text = f"{base}{opening}" * height + "7" + closing * height
    return _boxed("16", f"\\frac{{{text}-5}}{{16}}" if rng.random() < 0.5 else text)


def chained_power(rng: Random) -> Pair:
    return _boxed(
        "3", "^".join(str(rng.randint(7, 99)) for _ in range(rng.randint(3, 9)))
    )


def factorial(rng: Random) -> Pair:
    digits = rng.randint(4, 12)
    text = f"{rng.randint(10 ** (digits - 1), 10**digits)}!"
    return _boxed("120", "(" * 3 + text + ")!" * 3 if rng.random() < 0.5 else text)


def binomial(rng: Random) -> Pair:
    top = 10 ** rng.randint(6, 15)
    form = rng.choice(["\\binom{%d}{%d}", "\\dbinom{%d}{%d}", "{%d \\choose %d}"])
    return _boxed("10", form % (top, top // 2))


def digits(rng: Random) -> Pair:
    long = str(rng.randint(1, 9)) * rng.choice([4_001, 20_000, 100_000])
    return _boxed(
        "7", rng.choice([long, f"{long}/{long[:-1]}3", f"0.{long}", f"1e{long}"])
    )


def gold_digits(rng: Random) -> Pair:
    long = "9" * rng.randint(400, 1_900)
    return long, f"The answer is {long[:-1]}8."


def unbalanced(rng: Random) -> Pair:
    piece = rng.choice(
        ["\\boxed{", "{", "\\frac{", "\\left(", "$", "\\(", "<answer>", "(["]
    )
    return "5", piece * rng.randint(1_000, 140_000)


def nested_boxes(rng: Random) -> Pair:
    depth = rng.randint(50, 3_000)
    return "5", "\\boxed{" * depth + "4" + "}" * (depth - rng.randint(0, 2))


def megabyte(rng: Random) -> Pair:
    piece = rng.choice(
        ["a", "1 ", "the answer is ", "x+", "\\,", "答案是", "**", "\n", "A: "]
    )
    return "5", piece * (1_000_000 // len(piece))


def deep(rng: Random) -> Pair:
    depth = rng.randint(20, 900)
    left, right = rng.choice(
        [("(", ")"), ("[", "]"), ("\\{", "\\}"), ("{", "}"), ("|", "|")]
    )
    return _boxed("1", left * depth + "2" + right * depth)


def radicals(rng: Random) -> Pair:
    depth = rng.randint(10, 150)
    return _boxed("2", "\\sqrt{2+" * depth + "1" + "}" * depth)


def fractions(rng: Random) -> Pair:
    depth = rng.randint(10, 150)
    return _boxed("\\phi", "\\frac{1}{1+" * depth + "2" + "}" * depth)


def integral(rng: Random) -> Pair:
    inside = rng.choice(["e^{\\sin(x^x)}", "\\frac{\\ln(\\tan x)}{x^5+x+1}", "x^{x^x}"])
    signs = "\\int_0^1 " * rng.randint(1, 4)
    return _boxed("\\pi", f"{signs}{inside} dx")


def series(rng: Random) -> Pair:
    top = rng.choice(["\\infty", "10^{9}", "999999999"])
    sign = rng.choice(["\\sum", "\\prod"])
    return _boxed(
        "6", f"{sign}_{{n=1}}^{{{top}}} \\frac{{1}}{{n^{{n}}+{rng.randint(1, 9)}}}"
    )


def limit(rng: Random) -> Pair:
    return _boxed(
        "1", f"\\lim_{{x \\to 0}} \\frac{{\\sin(x^{{{rng.randint(50, 5_000)}}})}}{{x!}}"
    )


def expansion(rng: Random) -> Pair:
    power = rng.randint(300, 9_000)
    return f"(a+b+c+d)^{{{power}}}", f"\\boxed{{(a+b+c+d)^{{{power - 1}}}(a+b+c+e)}}"


def backtracking(rng: Random) -> Pair:
    piece = rng.choice(
        ["a b ", "1,", "1 ", "x = ", "\\text{a} ", ", and ", "1/2 ", "- ", "1.", "(1,"]
    )
    return "5", f"The answer is {piece * rng.randint(2_000, 30_000)}!"


def spaces(rng: Random) -> Pair:
    space = rng.choice([" ", "\t", "\\ ", "~", "\u2009", "\\quad "])
    return (
        "5",
        f"\\boxed{{{space * rng.randint(500, 1_900)}4}} the answer{' ' * 50_000}",
    )


def many_members(rng: Random) -> Pair:
    count = rng.randint(40, 400)
    gold = ", ".join(f"\\sqrt{{{n}}}" for n in range(2, count // 4))
    return gold, "\\boxed{" + ", ".join(
        f"\\sqrt{{{n}+0}}" for n in range(3, count)
    ) + "}"


def near_members(rng: Random) -> Pair:
    count = rng.randint(20, 48)
    return (
        ", ".join(f"x^{{{n}}}+1" for n in range(2, count)),
        "\\boxed{" + ", ".join(f"y^{{{n}}}+1" for n in range(2, count)) + "}",
    )


def nested_sets(rng: Random) -> Pair:
    text = "1"
    for n in range(rng.randint(5, 40)):
        text = f"({text},{n})"
    return text, f"\\boxed{{{text.replace('(1,', '(2,')}}}"


def huge_matrix(rng: Random) -> Pair:
    size = rng.randint(8, 120)
    row = " & ".join(str(rng.randint(0, 9)) for _ in range(size))
    inside = " \\\\ ".join([row] * size)
    body = f"\\begin{{pmatrix}}{inside}\\end{{pmatrix}}"
    return "\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}", f"\\boxed{{{body}}}"


def matrix_power(rng: Random) -> Pair:
    matrix = "\\begin{pmatrix} a & b \\\\ c & d \\end{pmatrix}"
    return matrix, f"\\boxed{{{matrix}^{{{rng.randint(50, 9_999)}}}}}"


def unicode_junk(rng: Random) -> Pair:
    signs = [
        chr(rng.choice([rng.randint(1, 0x2FFF), rng.randint(0x1F300, 0x1FAFF)]))
        for _ in range(800)
    ]
    return "5", "\\boxed{" + "".join(signs) + "}" + "".join(signs) * 20


def nulls(rng: Random) -> Pair:
    return "5", rng.choice(
        ["\0", "\x1b[2J", "\u202e", "\ufeff", "\ud7ff"]
    ) * rng.randint(10, 100_000)


def turns(rng: Random) -> Pair:
    return "5", rng.choice(
        ["<think>", "</think>", "<think></think>", "<|im_start|>user"]
    ) * 20_000


def boxes(rng: Random) -> Pair:
    gold = ", ".join(str(n) for n in range(1, rng.randint(20, 60)))
    return gold, "\\boxed{0}, " * rng.randint(2_000, 60_000)


def chained_equation(rng: Random) -> Pair:
    return "x = 5", "\\boxed{" + " = ".join(f"x^{{{n}}}" for n in range(200)) + "}"


def plus_minus(rng: Random) -> Pair:
    return "\\pm 1", "\\boxed{" + "\\pm 1 " * rng.randint(5, 300) + "}"


def functions(rng: Random) -> Pair:
    depth = rng.randint(5, 200)
    name = rng.choice(["\\sin", "\\tan", "\\ln", "\\exp", "\\Gamma", "\\arcsin"])
    return _boxed("1", f"{name}(" * depth + "x" + ")" * depth)


def hexadecimal(rng: Random) -> Pair:
    return _boxed(
        "10_{2}", f"{'F' * rng.randint(100, 1_500)}_{{{10 ** rng.randint(2, 30)}}}"
    )


SIGNS = " = ", r" \le ", " > "


def vanishing(rng: Random) -> Pair:
    """Equations that hold everywhere: no ratio of their sides tells them apart."""
    terms = rng.sample(
        [
            "x^2",
            r"\sin(e^x)",
            "e^{x^2}",
            r"\sqrt{x^3+1}",
            r"\cos(\ln x)",
            "2^{x^2}",
            r"\arctan(x!)",
            "y^{7}",
        ],
        6,
    )
    sides = [" + ".join(terms), " + ".join(terms[::-1])]
    if rng.random() < 0.5:
        sides = [
            rf"\sin^2({terms[0]}) + \cos^2({terms[0]})",
            f"1^{{{rng.randint(2, 9)}}}",
        ]
    return (
        rf"\tan(x)^{{{rng.randint(2, 9)}}} = y",
        f"\\boxed{{{rng.choice(SIGNS).join(sides)}}}",
    )


def vanishing_golds(rng: Random) -> Pair:
    gold, completion = vanishing(rng)
    return completion.removeprefix("\\boxed{").removesuffix("}"), f"\\boxed{{{gold}}}"


def code(rng: Random) -> Pair:
    bomb = rng.choice(
        ["__import__('os').system('true')", "9**9**9**9", "[0]*10**12", "while(1)"]
    )
    return "5", f"\\boxed{{{bomb}}}"


MAKERS: list[Maker] = [
    tower, chained_power, factorial, binomial, digits, gold_digits, unbalanced,
    nested_boxes, megabyte, deep, radicals, fractions, integral, series, limit,
    expansion,
    backtracking, spaces, many_members, near_members, nested_sets, huge_matrix,
    matrix_power, unicode_junk, nulls, turns, boxes, chained_equation, plus_minus,
    functions, hexadecimal, vanishing, vanishing_golds, code,
]  # fmt: skip
