r"""Sums, products, signs and powers, with all that is written without a sign."""

from fractions import Fraction

from pipeline.verifiers.answers.atoms import CONSTANTS, Atoms
from pipeline.verifiers.answers.cursor import read_number, settle_fraction
from pipeline.verifiers.answers.tokens import Token, Unreadable
from pipeline.verifiers.answers.tree import Node, name, number

RAISED = "*", "+", "-"  # `a^+` is a name
HEADS = ("name", "indexed", "prime", "accent")


class Arithmetic(Atoms):
    """The layer of values."""

    def read_sum(self) -> Node:
        terms = [self.read_term(self.skip("+", "-", "+-", "-+"), is_first=True)]
        while sign := self.skip("+", "-", "+-", "-+", "oplus"):
            if sign == "oplus":
                terms = [Node("call", (_sum(terms), self.read_product()), "oplus")]
                continue
            terms.append(self.read_term(sign))
        return _sum(terms)

    def read_term(self, sign: str, *, is_first: bool = False) -> Node:
        while self.sign in ("+", "-"):
            other = self.take().text
            if sign in ("+-", "-+"):
                raise Unreadable("two signs", self.token.start)
            if is_first and sign + other in ("+-", "-+"):
                sign += other  # `+- 7` as plain text writes plus or minus
            else:
                sign = "-" if (sign == "-") != (other == "-") else "+"
        tree = self.read_product()
        if sign in ("+-", "-+"):
            return Node("pm", (tree,), sign)
        return Node("neg", (tree,)) if sign == "-" else tree

    def read_product(self, *, of_function: bool = False) -> Node:
        tree = self.read_power()
        while True:
            if not of_function and (sign := self.skip("*", "/", "mod", "otimes")):
                right = self._factor()
                op = {"*": "mul", "/": "div", "mod": "remainder"}.get(sign, "call")
                tree = Node(op, (tree, right), "otimes" if op == "call" else None)
            elif self._is_mixed(tree):
                tree = self._mixed(tree)
            elif self._juxtaposes(tree, of_function):
                is_call = self.token.text == "(" and not self.token.spaced
                right = self.read_power()
                if right.op == "tuple" and tree.op in ("tuple", "list"):
                    # Points side by side: `(1,2)(3,4)`.
                    points = tree.args if tree.op == "list" else (tree,)
                    tree = Node("list", (*points, right), ",")
                elif is_call and tree.op in HEADS:
                    tree = Node("mul", (tree, settle_fraction(right)), "()")
                elif is_call and tree.op == "mul" and _is_function(tree.args[1], right):
                    call = Node("mul", (tree.args[1], settle_fraction(right)), "()")
                    tree = tree._replace(args=(tree.args[0], call))
                else:
                    tree = self._join(tree, right)
            else:
                return tree

    def _is_mixed(self, left: Node) -> bool:
        """Whether `2 5/9` stands here: a whole number, a space and a fraction."""
        if left.op != "number" or self.token.kind != "number" or not self.token.spaced:
            return False
        parts = self.token.text, self.peek(2).text
        is_fraction = self.peek().text == "/" and all(map(str.isdigit, parts))
        return is_fraction and left.value.digits == 0 and int(parts[0]) < int(parts[1])

    def _mixed(self, whole: Node) -> Node:
        top, _, bottom = self.take(), self.take(), self.take()
        return number(whole.value.value + Fraction(int(top.text), int(bottom.text)))

    def _factor(self) -> Node:
        """A factor behind a sign of multiplication; it may have a sign of its own."""
        is_negative = False
        while sign := self.skip("-", "+"):
            is_negative ^= sign == "-"
        tree = self.read_power()
        if self._is_before_fraction():
            tree = self._join(tree, self.read_power())  # `3 \\cdot 2\\frac{2}{5}`
        return Node("neg", (tree,)) if is_negative else tree

    def _is_before_fraction(self) -> bool:
        r"""Whether a number stands before `\\frac{2}{5}` or `\\frac25`."""
        if self.token.text != "frac" or self.tokens[self.index - 1].kind != "number":
            return False
        is_braced = self.peek().text == "{" and self.peek(3).text == "}"
        return self.peek(2 if is_braced else 1).kind == "number"

    def _juxtaposes(self, left: Node, of_function: bool) -> bool:
        token = self.token
        if left.op in ("tuple", "set", "union") and token.text in ("[", "U"):
            return False
        if token.text == "[" and self.peek().text in ("", "cup", "U", ")", "cap"):
            return False  # `[1, 2[` as in French
        if token.kind in ("name", "letters"):
            return True
        if token.kind == "number":
            if self.tokens[self.index - 1].kind == "number":
                raise Unreadable("two numbers side by side", token.start)
            return True
        if token.kind == "function":
            return not of_function
        if token.kind == "command":
            return token.text != "not" and not token.text.startswith("end ")
        if token.text == "(" and (
            self.peek().text in ("mod", "=") or self.peek(2).text in ("in", "!=")
        ):
            return False
        if token.text == "|" and token.kind == "sign":
            return not self.bars and self._bars_ahead() % 2 == 0
        signs = ("(", "[", "{", "<(", "lfloor", "lceil", *CONSTANTS)
        return (
            token.kind == "sign"
            and token.text in signs
            and not (of_function and token.text in ("(", "["))
        )

    def _bars_ahead(self) -> int:
        """How many bars stand before the group ends: an even number are pairs."""
        depth = bars = 0
        for token in self.tokens[self.index :]:
            if token.kind == "sign":
                depth += (token.text in "([{") - (token.text in ")]}")
                bars += token.text == "|" and depth == 0
            if depth < 0:
                break
        return bars

    @staticmethod
    def _join(left: Node, right: Node) -> Node:
        r"""Multiplication, but `3\frac{1}{2}` is a mixed number."""
        if right.op == "percent" and right.args[0].op == "fraction":
            mixed = Arithmetic._join(left, right.args[0])
            if mixed.op == "number":
                return Node("percent", (mixed,))
        if left.op == "number" and right.op == "fraction":
            whole, parts = left.value.value, [part.value.value for part in right.args]
            if (
                whole.denominator == 1
                and left.value.digits == 0
                and parts[0] < parts[1]
            ):
                return number(whole + parts[0] / parts[1])
        return Node("mul", (settle_fraction(left), settle_fraction(right)))

    def read_power(self) -> Node:
        base = self.read_postfix()
        if self.skip("^"):
            exponent = self.read_exponent()
            if exponent is None:
                return self._minutes(settle_fraction(base))
            tree = Node("pow", (settle_fraction(base), exponent))
            if exponent.value in RAISED:
                tree = Node("accent", (settle_fraction(base),), exponent.value)
            if exponent.op == "primes":
                tree = settle_fraction(base)
                for _ in range(exponent.value):
                    tree = Node("prime", (tree,))
            return self._postfix(tree)
        return base

    def _minutes(self, degrees: Node) -> Node:
        """Degrees, with the minutes and seconds that may follow, or a temperature."""
        if self.token.text in ("C", "F") and self.peek().text not in ("(", "^", "_"):
            return Node("temperature", (degrees,), self.take().text)
        parts = [degrees]
        for marks in ("'", "''"):
            ends = self.peek(len(marks) + 1).text != "'"
            signs = [self.peek(1 + index).text for index in range(len(marks))]
            if self.token.kind == "number" and signs == list(marks) and ends:
                minutes = read_number(self.take())
                self.move_to(self.index + len(marks))
                parts.append(Node("div", (minutes, number(60 ** len(marks)))))
        return Node(
            "degrees", (parts[0] if len(parts) == 1 else Node("add", tuple(parts)),)
        )

    def read_exponent(self) -> Node | None:
        r"""What is raised; None for the sign of degrees, `^\circ` or `^{\circ}`."""
        braced = self.token.text == "{" and self.peek().text in ("circ", "degree")
        if braced or self.token.text in ("circ", "degree"):
            self.move_to(self.index + (3 if braced else 1))
            return None
        if self.token.text == "{" and self.peek().text == "'":
            self.take()
            return self._primes()
        if self.token.text == "'":
            return self._primes()
        if self.sign == "{" and self.peek(2).text == "}" and self.peek().text in RAISED:
            self.move_to(self.index + 3)
            return name(self.tokens[self.index - 2].text)
        is_sign = self.token.text == "*" or not self._starts_value(self.peek())
        if self.token.text in RAISED and is_sign:
            return name(self.take().text)
        if self.token.text == "-" or self.token.text == "+":
            negative = self.take().text == "-"
            self.descend()
            inner = self.read_power()
            self.depth -= 1
            return Node("neg", (inner,)) if negative else inner
        if self.token.kind in ("number", "letters", "name"):
            tree = self.read_postfix()
        else:
            tree = self.read_atom()
        if self.skip("^"):  # towers without braces: 2^3^4
            self.descend()
            above = self.read_exponent()
            self.depth -= 1
            if above is None:
                raise Unreadable("degrees in an exponent", self.token.start)
            return Node("pow", (settle_fraction(tree), above))
        return settle_fraction(tree)

    def _primes(self) -> Node:
        count = 0
        while self.skip("'"):
            count += 1
        self.skip("}")
        return Node("primes", (), count)

    @staticmethod
    def _starts_value(token: Token) -> bool:
        return token.kind in ("number", "letters", "name") or token.text in ("(", "{")

    def read_postfix(self) -> Node:
        return self._postfix(self.read_atom())

    def _postfix(self, tree: Node) -> Node:
        while True:
            if self.skip("!"):
                op = "double_factorial" if self.skip("!") else "factorial"
                tree = Node(op, (settle_fraction(tree),))
            elif self.skip("%"):
                if self._starts_value(self.token):
                    raise Unreadable("a value behind %", self.token.start)
                tree = Node("percent", (tree,))
            elif self.token.text == "degree":
                self.take()
                tree = Node("degrees", (settle_fraction(tree),))
            elif self.skip("'"):
                if tree.op == "number":  # minutes and seconds of an angle
                    size = 3600 if self.skip("'") else 60
                    tree = Node("degrees", (Node("div", (tree, number(size))),))
                else:
                    tree = Node("prime", (settle_fraction(tree),))
            else:
                return tree


def _is_function(tree: Node, argument: Node) -> bool:
    """Whether a bracket behind it holds an argument: `2y(0)` is no product with 0."""
    is_zero = tree.op == "name" and argument == number(0)
    return is_zero or tree.op == "prime" or tree == name("f")


def _sum(terms: list[Node]) -> Node:
    return terms[0] if len(terms) == 1 else Node("add", tuple(terms))
