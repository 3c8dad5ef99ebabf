"""A place in the tokens of an answer, and what every part of the parser needs of it."""

from collections.abc import Callable
from fractions import Fraction
from itertools import chain

from pipeline.verifiers.answers.tokens import (
    FUNCTIONS,
    PLAIN,
    TOKENS,
    Token,
    Unreadable,
)
from pipeline.verifiers.answers.tree import Node, constant, name, number

MAX_DEPTH = 60
ROUND = ")", "]", "["  # `[1,2[` as in French
CLOSING = {
    **dict.fromkeys("([]", ROUND),
    "{": ("}",),
    "\\{": ("\\}", "}"),
    "<(": (")>", ">"),
}
END = Token("end", "", -1)
LOOK_AHEAD = 8  # tokens beyond the last that may be looked at


class Cursor:
    """A place in the tokens: the token there, and its text if that is a sign."""

    # What the layers above read: members, sides, terms, factors, a base and its power.
    read_list: Callable[[], Node]
    read_relation: Callable[[], Node]
    read_sum: Callable[[], Node]
    read_product: Callable[..., Node]
    read_power: Callable[[], Node]
    read_term: Callable[..., Node]
    read_exponent: Callable[[], Node | None]

    def __init__(self, tokens: tuple[Token, ...]) -> None:
        split = (split_letters(token) for token in tokens)
        self.tokens = [*chain.from_iterable(split), *[END] * LOOK_AHEAD]
        self.depth = 0
        self.bars = 0
        self.move_to(0)

    def move_to(self, index: int) -> None:
        self.index = index
        self.token = self.tokens[index]
        self.sign = self.token.text if self.token.kind == "sign" else ""

    def peek(self, distance: int = 1) -> Token:
        return self.tokens[self.index + distance]

    def take(self) -> Token:
        token = self.token
        if token is not END:
            self.move_to(self.index + 1)
        return token

    def skip(self, *signs: str) -> str:
        """The sign that stands here and is one of `signs`, passed; else ""."""
        sign = self.sign
        if sign in signs:
            self.move_to(self.index + 1)
            return sign
        return ""

    def expect(self, *signs: str) -> str:
        if sign := self.skip(*signs):
            return sign
        if self.sign == "||" and "|" in signs:  # of `\\ln|\\ln|x||` each closes one
            bar = self.token._replace(text="|")
            self.tokens[self.index : self.index + 1] = [bar, bar]
            self.move_to(self.index + 1)
            return "|"
        raise Unreadable(f"expected {' or '.join(signs)}", self.token.start)

    def descend(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Unreadable("nested too deeply", self.token.start)


def settle_fraction(tree: Node) -> Node:
    """A fraction that is no part of a mixed number is a quotient."""
    if tree.op == "fraction":
        top, bottom = (part.value.value for part in tree.args)
        return number(top / bottom)
    if tree.op == "bracketed":
        return tree.args[0]
    return tree


def split_letters(token: Token) -> list[Token]:
    """A run of letters is a known name, or so many symbols."""
    if token.kind != "letters":
        return [token]
    text = token.text
    if text in FUNCTIONS:
        return [token._replace(kind="function")]
    name = PLAIN.get(text.lower() if text.lower() in ("and", "or") else text)
    if name and len(text) > 1:
        return [token._replace(kind=TOKENS.get(name, "sign"), text=name)]
    return [
        token._replace(
            text=letter, start=token.start + index, spaced=not index and token.spaced
        )
        for index, letter in enumerate(text)
    ]


def read_number(token: Token) -> Node:
    text = token.text
    if text.isdecimal():
        return number(int(text))
    if "(" in text:
        whole, _, decimals = text.partition(".")
        fixed, _, repeated = decimals.rstrip(")").partition("(")
        nines = 10 ** len(fixed) * (10 ** len(repeated) - 1)
        value = int(whole or 0) * nines + int(fixed + repeated or 0) - int(fixed or 0)
        return number(Fraction(value, nines))
    mantissa, _, exponent = text.partition("e")
    whole, point, decimals = mantissa.partition(".")
    value = Fraction(int(whole + decimals or 0), 10 ** len(decimals))
    if exponent:
        return number(value * Fraction(10) ** int(exponent))
    if not point:
        return number(value)
    return number(value, len((whole + decimals).lstrip("0")), len(decimals))


def rename_unit(tree: Node) -> Node:
    """The tree with i as a symbol, which it is where a sum counts by it."""
    if tree == constant("i"):
        return name("i")
    return tree._replace(args=tuple(map(rename_unit, tree.args)))
