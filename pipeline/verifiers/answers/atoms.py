r"""What stands by itself: numbers, symbols, brackets, and LaTeX's commands."""

from pipeline.verifiers.answers.cursor import (
    CLOSING,
    END,
    read_number,
    rename_unit,
    settle_fraction,
)
from pipeline.verifiers.answers.numerals import CARDINALS
from pipeline.verifiers.answers.tables import Tables
from pipeline.verifiers.answers.tokens import ACCENTS, FUNCTIONS, Token, Unreadable
from pipeline.verifiers.answers.tree import Node, constant, name, number

BLACKBOARD = {*"RZNQC"}
CONSTANTS = {"infty", "emptyset", "pi"}
SIMPLE = ("number", "name", "letters")  # what is read the same in braces
# Other spellings of round brackets: angles, and open ends as in French.
OPENINGS = {"<(": "(", "]": "("}
CLOSINGS = {")>": ")", ">": ")", "[": ")"}
SUPERSCRIPT_SETS = ("+", "-", "*")


class Atoms(Tables):
    """The tightest layer of the parser."""

    def read_tight(self) -> Node:
        """One argument: a group, or one atom."""
        return settle_fraction(self.read_atom())

    def read_atom(self) -> Node:
        self.descend()
        tree = self._read_whole()
        self.depth -= 1
        return tree

    def _read_whole(self) -> Node:
        token = self.take()
        if token.kind == "number":
            return self._with_base(read_number(token))
        if token.kind in ("letters", "name"):
            return self._symbol(token.text)
        if token.kind == "function":
            return self._call(token.text)
        if token.kind == "command":
            return self._command(token)
        if token.kind == "sign":
            return self._group(token)
        if token is END:
            raise Unreadable("ends in the middle", 0)
        raise Unreadable(f"{token.text!r} is not mathematics", token.start)

    def _with_base(self, tree: Node) -> Node:
        """`1010_2`: digits and their base stay what they are."""
        if not self.skip("_"):
            return tree
        if self.token.kind in ("word", "name") and self.token.text.lower() in CARDINALS:
            return Node("based", (tree, number(CARDINALS[self.take().text.lower()])))
        return Node("based", (tree, self.read_tight()))

    def _symbol(self, symbol: str) -> Node:
        if symbol in ("e", "pi") and self.token.text != "_":
            return constant(symbol)
        if symbol == "i" and self.token.text != "_":
            return constant("i")
        if self.skip("_"):
            below = self._below()
            return Node("indexed", (name(symbol), below))
        return name(symbol)

    def _indexed(self, tree: Node) -> Node:
        return Node("indexed", (tree, self._below())) if self.skip("_") else tree

    def _below(self) -> Node:
        if self.sign == "{":
            return self.read_tight()
        if self.token.kind == "word":
            return Node("words", (), self.take().text.lower())
        return self.read_tight()

    def _call(self, function: str) -> Node:
        """`sin^2 x`, `log_2 x`, `sin(x)`, `sin 2x`."""
        base = self.read_tight() if self.skip("_") else None
        power = None
        if self.skip("^"):
            power = self.read_exponent()
        if base is None and self.skip("_"):
            base = self.read_tight()
        if self.sign in ("(", "[", "|"):
            argument = self.read_atom()
        elif self.sign in ("-", "+"):
            argument = self.read_term(self.take().text)
        else:
            argument = self.read_product(of_function=True)
        if argument.op == "tuple" and argument.value != "()":
            raise Unreadable("brackets of two kinds")
        is_many = argument.op in ("tuple", "list", "set")
        args = argument.args if is_many else (argument,)
        if base is not None:
            function, args = f"{function}_", (base, *args)
        tree = Node("call", tuple(map(settle_fraction, args)), function)
        if power is None:
            return tree
        inverse = Node("neg", (number(1),))
        if power == inverse and f"arc{function}" in FUNCTIONS:
            return tree._replace(value=f"arc{function}")
        return Node("pow", (tree, power))

    def _command(self, token: Token) -> Node:
        command = token.text
        if command == "frac":
            return self._fraction()
        if command == "sqrt":
            degree = number(2)
            if self.skip("["):
                degree = self.read_sum()
                self.expect("]")
            return Node("root", (degree, self.read_tight()))
        if command == "binom":
            return Node("binom", (self.read_tight(), self.read_tight()))
        if command in ("sum", "prod"):
            return self._big(command)
        if command == "mathbb":
            return self._blackboard()
        if command in ("abs", "floor", "ceil"):
            return Node(command, (self.read_tight(),))
        if command == "cbrt":
            return Node("root", (number(3), self.read_tight()))
        if command in ACCENTS:
            return self._indexed(Node("accent", (self.read_tight(),), command))
        if command in ("angle", "triangle"):
            return self._points(command)
        if command.startswith("begin "):
            return self.read_table(command.removeprefix("begin "))
        raise Unreadable(f"\\{command} is not expected", token.start)

    def _points(self, command: str) -> Node:
        r"""The points that `\angle ABC` names."""
        points = [self.read_tight()]
        while self.token.kind == "letters" and self.token.text.isupper():
            points.append(self.read_tight())
        return Node("accent", (Node("tuple", tuple(points), "()"),), command)

    def _fraction(self) -> Node:
        top, bottom = self._single(), self._single()
        if top.op == bottom.op == "number" and not (
            top.value.digits or bottom.value.digits
        ):
            if bottom.value.value == 0:
                raise Unreadable("a fraction over zero")
            return Node("fraction", (top, bottom))
        return Node("div", (top, bottom))

    def _single(self) -> Node:
        r"""An argument in braces; without them one digit: `\frac12`."""
        token = self.token
        if token.kind == "number" and len(token.text) > 1 and token.text.isdigit():
            rest = token._replace(text=token.text[1:], start=token.start + 1)
            digit = token._replace(text=token.text[0])
            self.tokens[self.index : self.index + 1] = [digit, rest]
            self.move_to(self.index)
        return self.read_tight()

    def _big(self, command: str) -> Node:
        self.expect("_")
        start = self.read_tight()
        if start.op != "relation" or start.value != ("=",):
            raise Unreadable("a sum without `variable = start`", self.token.start)
        variable, first = start.args
        self.expect("^")
        end = self.read_exponent()
        if end is None:
            raise Unreadable("a sum without an end", self.token.start)
        body = self.read_product()
        if variable == constant("i"):
            variable, body = name("i"), rename_unit(body)
        if variable.op != "name":
            raise Unreadable("a sum without a variable", self.token.start)
        return Node(command, (variable, first, end, body))

    def _blackboard(self) -> Node:
        letter = self.read_tight()
        if (
            letter.op != "name"
            or letter.value not in BLACKBOARD
            or self.token.text == "_"
        ):
            return self._indexed(Node("accent", (letter,), "mathbb"))
        value = letter.value
        if self.sign in ("^", "_") and self.peek().text in SUPERSCRIPT_SETS:
            self.take()
            value += self.take().text
        elif self.token.text in ("^", "_") and self.peek().text == "{":
            sign = self.peek(2).text
            if sign in SUPERSCRIPT_SETS and self.peek(3).text == "}":
                self.move_to(self.index + 4)
                value += sign
        return constant(value)

    def _group(self, token: Token) -> Node:
        sign = token.text
        if sign in CONSTANTS:
            return constant(sign)
        if sign == "lfloor" or sign == "lceil":
            inner = self.read_sum()
            self.expect("r" + sign[1:])
            return Node(sign[1:] if sign == "lfloor" else "ceil", (inner,))
        if sign in ("|", "||"):
            self.bars += 1
            inner = self.read_sum()
            self.bars -= 1
            self.expect(sign)
            return Node("abs", (inner,))
        if sign in ("+", "-"):
            self.descend()
            inner = self.read_power()
            self.depth -= 1
            return Node("neg", (inner,)) if sign == "-" else inner
        if sign == "...":
            return Node("dots")
        if sign not in CLOSING:
            raise Unreadable(f"{sign!r} is not expected", token.start)
        return self._bracket(sign)

    def _bracket(self, opening: str) -> Node:
        if opening == "{" and self.peek().text == "}" and self.token.kind in SIMPLE:
            inner = self.read_atom()
            self.take()
            return inner
        depth, self.bars = self.bars, 0
        is_set = opening in ("\\{", "{")
        if self.skip("\\}", "}"):
            return constant("emptyset")
        self.bars = int(is_set)  # a colon in a set is a condition, not a ratio
        inner = self.read_list()
        if is_set and opening == "\\{" and self.skip("|", ":", "mid"):
            condition = self.read_list()
            self.expect("\\}", "}")
            self.bars = depth
            return Node("builder", (inner, condition))
        self.bars = depth
        closing = self.expect(*CLOSING[opening])
        members = inner.args if inner.op == "list" else (inner,)
        if is_set:
            if opening == "{" and inner.op != "list":
                return inner
            return Node("set", members)
        brackets = OPENINGS.get(opening, opening) + CLOSINGS.get(closing, closing)
        if len(members) != 2 and brackets in ("[)", "(]"):
            raise Unreadable("brackets of two kinds")
        if inner.op == "list":
            return Node("tuple", members, brackets)
        if brackets == "[]":
            return Node("bracketed", (inner,))
        inner = settle_fraction(inner)
        return self._with_base(inner) if inner.op == "number" else inner
