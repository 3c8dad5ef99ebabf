r"""Tokens as a tree: a parser by precedence (Pratt, 1973) for mathematical answers.

From loose to tight: lists (`,` `;` and, or), relations, ratios, set operations, sums,
products (written or by juxtaposition), signs, powers and what stands behind. Depth and
size are bounded by counted work, so nothing that is written can exhaust the stack.
Every token is used, or Unreadable says where the reader stopped.
"""

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

from pipeline.verifiers.answers.tokens import (
    ACCENTS,
    FUNCTIONS,
    GREEK,
    PLAIN,
    Token,
    Unreadable,
    tokenise,
)
from pipeline.verifiers.answers.tree import Node, constant, name, number

BOUNDS = ("!=", "<", ">", "<=", ">=", "approx", "in", "notin", "subset")
MAX_DEPTH = 60
MAX_TREE = 150
HEADS = ("name", "indexed", "prime", "accent")
RELATIONS = ("=", "!=", "<", ">", "<=", ">=", "in", "notin", "approx", "equiv",
             "subset", "sim", "cong", "propto", "->")  # fmt: skip
SETS = {"cup": "union", "cap": "intersection", "setminus": "minus"}
CLOSING: dict[str, Sequence[str]] = {"(": ")]", "]": "[", "[": "])", "{": "}", "\\{": "\\}}", "<(": (")>", ">")}
BLACKBOARD = {*"RZNQC"}
CONSTANTS = {"infty", "emptyset", "pi"}
SUPERSCRIPT_SETS = ("+", "-", "*")
END = Token("end", "", -1)


@lru_cache(50_000)
def parse(text: str, *, grouping: bool = True) -> Node:
    """The tree of an answer; raises Unreadable."""
    return parse_tokens(tokenise(text, grouping=grouping))


def parse_tokens(tokens: tuple[Token, ...]) -> Node:
    """The tree of all the tokens; raises Unreadable."""
    reader = _Reader(tokens)
    tree = reader.read_list()
    if reader.token is not END:
        raise Unreadable(f"{reader.token.text!r} is not expected", reader.token.start)
    if tree.is_deeper_than(MAX_TREE):
        raise Unreadable("nested too deeply", is_answer=True)
    return _settle(tree)


def _settle(tree: Node) -> Node:
    """The tree without what only the parser needed to know."""
    tree = _plain(tree._replace(args=tuple(map(_settle, tree.args))))
    if tree.op == "add" and len(tree.args) == 2 and tree.args[1].op == "neg":
        whole, left_out = tree.args[0], tree.args[1].args[0]
        if left_out.op == "set" or whole.op in ("union", "set"):
            return Node("minus", (whole, left_out))
    return tree


class _Reader:
    """A place in the tokens."""

    def __init__(self, tokens: tuple[Token, ...]) -> None:
        self.tokens = [part for token in tokens for part in _split(token)]
        self.place = 0
        self.depth = 0
        self.bars = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.place] if self.place < len(self.tokens) else END

    def peek(self, distance: int = 1) -> Token:
        place = self.place + distance
        return self.tokens[place] if place < len(self.tokens) else END

    def take(self) -> Token:
        token = self.token
        self.place += 1
        return token

    def skip(self, *signs: str) -> str:
        """The sign that stands here and is one of `signs`, passed; else ""."""
        if self.token.kind == "sign" and self.token.text in signs:
            return self.take().text
        return ""

    def expect(self, *signs: str) -> str:
        if sign := self.skip(*signs):
            return sign
        raise Unreadable(f"expected {' or '.join(signs)}", self.token.start)

    def _descend(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Unreadable("nested too deeply", self.token.start, is_answer=True)

    # Lists and relations.

    def read_list(self) -> Node:
        """Members between commas and words, in groups between semicolons."""
        groups = [self._read_members()]
        while self.skip(";"):
            if self.token is END:
                break
            groups.append(self._read_members())
        if len(groups) == 1:
            return groups[0]
        are_groups = any(group.op == "list" for group in groups)
        members = [
            Node("tuple", group.args, "()")
            if group.op == "list" and are_groups
            else group
            for group in groups
        ]
        return Node("list", tuple(members), ",")

    def _read_members(self) -> Node:
        members, words = [self.read_relation()], set[str]()
        while separator := self._separator():
            if self.token is END and separator == ",":
                break  # a comma at the end separates nothing
            words.add(separator)
            members.append(self.read_relation())
        if modulus := self._modulus():
            members.append(Node("modulus", modulus))
            words.add(",")
        if not words:
            return members[0]
        word = next((word for word in ("or", "and") if word in words), ",")
        if {"or", "and"} <= words:
            raise Unreadable("both `and` and `or`")
        return Node("list", tuple(members), word)

    def _separator(self) -> str:
        comma = self.skip(",")
        word = self.token
        if word.kind == "word" and word.text.lower() in ("and", "or"):
            self.take()
            return word.text.lower()
        return self.skip("and", "or") or (comma and ",")

    def read_relation(self) -> Node:
        self._descend()
        # `> 5` says nothing of what is larger.
        starts = self.token.kind == "sign" and self.token.text in BOUNDS
        sides, signs = [name("?") if starts else self.read_ratio()], list[str]()
        while self.token.kind in ("sign", "command"):
            if self.token.text == "not" and self.peek().text in ("=", "in"):
                self.take()
                signs.append({"=": "!=", "in": "notin"}[self.take().text])
            elif self.token.kind == "sign" and self.token.text in RELATIONS:
                signs.append(self.take().text)
            elif self.token.text in ("mid", "|") and not self.bars:
                self.take()
                signs.append("mid")
            else:
                break
            sides.append(self.read_ratio())
        self.depth -= 1
        if not signs:
            return sides[0]
        modulus = self._modulus() if "equiv" in signs else ()
        return Node("relation", (*sides, *modulus), tuple(signs))

    def _modulus(self) -> tuple[Node, ...]:
        if self.skip("pmod"):
            return (self.read_tight(),)
        if self.token.text == "(" and self.peek().text == "mod":
            self.take()
            self.take()
            modulus = self.read_sum()
            self.expect(")")
            return (modulus,)
        return (self.read_sum(),) if self.skip("mod") else ()

    def read_ratio(self) -> Node:
        parts = [self.read_set()]
        while self.token.text == ":" and self.token.kind == "sign" and not self.bars:
            self.take()
            parts.append(self.read_set())
        return parts[0] if len(parts) == 1 else Node("ratio", tuple(parts))

    def read_set(self) -> Node:
        tree = self.read_sum()
        while sign := self.skip(*SETS) or self._union_letter(tree):
            if sign == "choose":
                tree = Node("binom", (tree, self.read_sum()))
            else:
                tree = Node(SETS[sign], (tree, self.read_sum()))
        return tree

    def _union_letter(self, tree: Node) -> str:
        r"""A `U` between two intervals, and LaTeX's infix `\\choose`."""
        if self.skip("choose"):
            return "choose"
        is_union = tree.op in ("tuple", "set", "union") and self.token.text == "U"
        if is_union and self.peek().text in ("(", "[", "\\{", "{"):
            self.take()
            return "cup"
        return ""

    # Arithmetic.

    def read_sum(self) -> Node:
        terms = [self._term(self.skip("+", "-", "+-", "-+"), is_first=True)]
        while sign := self.skip("+", "-", "+-", "-+", "oplus"):
            if sign == "oplus":
                terms = [Node("call", (_sum(terms), self.read_product()), "oplus")]
                continue
            terms.append(self._term(sign))
        return _sum(terms)

    def _term(self, sign: str, *, is_first: bool = False) -> Node:
        while self.token.kind == "sign" and self.token.text in ("+", "-"):
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
                if is_call and tree.op in HEADS:
                    tree = Node("mul", (tree, _plain(right)), "()")
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
        return Node("neg", (tree,)) if is_negative else tree

    def _juxtaposes(self, left: Node, of_function: bool) -> bool:
        token = self.token
        if left.op in ("tuple", "set", "union") and token.text in ("[", "U"):
            return False
        if token.text == "[" and self.peek().text in ("", "cup", "U", ")", "cap"):
            return False  # `[1, 2[` as in French
        if token.kind in ("name", "letters"):
            return True
        if token.kind == "number":
            if self.tokens[self.place - 1].kind == "number":
                raise Unreadable("two numbers side by side", token.start)
            return True
        if token.kind == "function":
            return not of_function
        if token.kind == "command":
            return token.text != "not" and not token.text.startswith("end ")
        if token.text == "(" and self.peek().text == "mod":
            return False
        if token.text == "|" and token.kind == "sign":
            return not self.bars and self._bars_ahead() % 2 == 0
        signs = ("(", "[", "{", "lfloor", "lceil", *CONSTANTS)
        return (
            token.kind == "sign"
            and token.text in signs
            and not (of_function and token.text in ("(", "["))
        )

    def _bars_ahead(self) -> int:
        """How many bars stand before the group ends: an even number are pairs."""
        depth = bars = 0
        for token in self.tokens[self.place :]:
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
            mixed = _Reader._join(left, right.args[0])
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
        return Node("mul", (_plain(left), _plain(right)))

    def read_power(self) -> Node:
        base = self.read_postfix()
        if self.skip("^"):
            exponent = self._exponent()
            if exponent is None:
                return self._minutes(_plain(base))
            tree = Node("pow", (_plain(base), exponent))
            if exponent.op == "primes":
                tree = _plain(base)
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
            signs = [self.peek(1 + place).text for place in range(len(marks))]
            if self.token.kind == "number" and signs == list(marks) and ends:
                minutes = _read_number(self.take())
                self.place += len(marks)
                parts.append(Node("div", (minutes, number(60 ** len(marks)))))
        return Node(
            "degrees", (parts[0] if len(parts) == 1 else Node("add", tuple(parts)),)
        )

    def _exponent(self) -> Node | None:
        r"""What is raised; None for the sign of degrees, `^\circ` or `^{\circ}`."""
        braced = self.token.text == "{" and self.peek().text in ("circ", "degree")
        if braced or self.token.text in ("circ", "degree"):
            self.place += 3 if braced else 1
            return None
        if self.token.text == "{" and self.peek().text == "'":
            self.take()
            return self._primes()
        if self.token.text == "'":
            return self._primes()
        if self.token.text in ("*", "+") and not self._starts_value(self.peek()):
            return name(self.take().text)
        if self.token.text == "-" or self.token.text == "+":
            negative = self.take().text == "-"
            self._descend()
            inner = self.read_power()
            self.depth -= 1
            return Node("neg", (inner,)) if negative else inner
        if self.token.kind in ("number", "letters", "name"):
            tree = self.read_postfix()
        else:
            tree = self._atom()
        if self.skip("^"):  # towers without braces: 2^3^4
            self._descend()
            above = self._exponent()
            self.depth -= 1
            if above is None:
                raise Unreadable("degrees in an exponent", self.token.start)
            return Node("pow", (_plain(tree), above))
        return _plain(tree)

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
        return self._postfix(self._atom())

    def _postfix(self, tree: Node) -> Node:
        while True:
            if self.skip("!"):
                op = "double_factorial" if self.skip("!") else "factorial"
                tree = Node(op, (_plain(tree),))
            elif self.skip("%"):
                if self._starts_value(self.token):
                    raise Unreadable("a value behind %", self.token.start)
                tree = Node("percent", (tree,))
            elif self.token.text == "degree":
                self.take()
                tree = Node("degrees", (_plain(tree),))
            elif self.skip("'"):
                if tree.op == "number":  # minutes and seconds of an angle
                    size = 3600 if self.skip("'") else 60
                    tree = Node("degrees", (Node("div", (tree, number(size))),))
                else:
                    tree = Node("prime", (_plain(tree),))
            else:
                return tree

    # What stands by itself.

    def read_tight(self) -> Node:
        """One argument: a group, or one atom."""
        return _plain(self._atom())

    def _atom(self) -> Node:
        self._descend()
        tree = self._read_atom()
        self.depth -= 1
        return tree

    def _read_atom(self) -> Node:
        token = self.take()
        if token.kind == "number":
            return self._with_base(_read_number(token))
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
        base = self.read_tight()
        return Node("based", (tree, base))

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
        if self.token.kind == "sign" and self.token.text == "{":
            return self.read_tight()
        if self.token.kind == "word":
            return Node("words", (), self.take().text.lower())
        return self.read_tight()

    def _call(self, function: str) -> Node:
        """`sin^2 x`, `log_2 x`, `sin(x)`, `sin 2x`."""
        base = self.read_tight() if self.skip("_") else None
        power = None
        if self.skip("^"):
            power = self._exponent()
        if base is None and self.skip("_"):
            base = self.read_tight()
        if self.token.kind == "sign" and self.token.text in ("(", "[", "|"):
            argument = self._atom()
        elif self.token.kind == "sign" and self.token.text in ("-", "+"):
            argument = self._term(self.take().text)
        else:
            argument = self.read_product(of_function=True)
        args = argument.args if argument.op in ("tuple", "list") else (argument,)
        if base is not None:
            function, args = f"{function}_", (base, *args)
        tree = Node("call", tuple(map(_plain, args)), function)
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
            return self._environment(command.removeprefix("begin "))
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
            self.tokens[self.place : self.place + 1] = [
                token._replace(text=token.text[0]),
                rest,
            ]
        return self.read_tight()

    def _big(self, command: str) -> Node:
        self.expect("_")
        start = self.read_tight()
        is_start = start.op == "relation" and start.value == ("=",)
        if is_start and start.args[0] == constant("i"):
            return self._big_over_i(command, start.args[1])
        if not is_start or start.args[0].op != "name":
            raise Unreadable("a sum without `variable = start`", self.token.start)
        self.expect("^")
        end = self._exponent()
        if end is None:
            raise Unreadable("a sum without an end", self.token.start)
        return Node(command, (*start.args, end, self.read_product()))

    def _big_over_i(self, command: str, start: Node) -> Node:
        """A sum over i, which is no imaginary unit in it."""
        self.expect("^")
        end = self._exponent()
        if end is None:
            raise Unreadable("a sum without an end", self.token.start)
        body = _rename_unit(self.read_product())
        return Node(command, (name("i"), start, end, body))

    def _blackboard(self) -> Node:
        letter = self.read_tight()
        if (
            letter.op != "name"
            or letter.value not in BLACKBOARD
            or self.token.text == "_"
        ):
            return self._indexed(Node("accent", (letter,), "mathbb"))
        value = letter.value
        if self.token.text in "^_" and self.peek().text in SUPERSCRIPT_SETS:
            self.take()
            value += self.take().text
        elif self.token.text in ("^", "_") and self.peek().text == "{":
            sign = self.peek(2).text
            if sign in SUPERSCRIPT_SETS and self.peek(3).text == "}":
                self.place += 4
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
            inner = self._between_bars(sign)
            return Node("abs", (inner,))
        if sign in ("+", "-"):
            self._descend()
            inner = self.read_power()
            self.depth -= 1
            return Node("neg", (inner,)) if sign == "-" else inner
        if sign == "...":
            return Node("dots")
        if sign == "*" and self.token.text == "}":
            return name("*")
        if sign not in CLOSING:
            raise Unreadable(f"{sign!r} is not expected", token.start)
        return self._bracket(sign)

    def _between_bars(self, sign: str) -> Node:
        self.bars += 1
        inner = self.read_sum()
        self.bars -= 1
        self.expect(sign)
        return inner

    def _bracket(self, opening: str) -> Node:
        depth, self.bars = self.bars, 0
        opening = "(" if opening == "]" else opening
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
        closing = self.expect(*_closings(opening))
        if closing == "[":
            closing = ")"
        members = inner.args if inner.op == "list" else (inner,)
        if is_set:
            if opening == "{" and inner.op != "list":
                return inner
            return Node("set", members)
        brackets = opening.replace("<(", "(") + closing.replace(")>", ")").replace(
            ">", ")"
        )
        if inner.op == "list":
            return Node("tuple", members, brackets)
        if brackets == "[]":
            return Node("bracketed", (inner,))
        return _plain(inner)

    def _environment(self, kind: str) -> Node:
        rows: list[list[Node]] = [[]]
        while not (self.token.kind == "command" and self.token.text == f"end {kind}"):
            if self.token is END:
                raise Unreadable(f"{kind} does not end")
            if self.skip("\\\\"):
                rows.append([])
            elif not self.skip("&"):
                rows[-1].append(self._cell())
        self.take()
        rows = [row for row in rows if row]
        if kind in ("cases", "rcases", "dcases", "aligned", "align", "align*"):
            if all(len(row) == 1 for row in rows):  # a system of equations
                return Node("list", tuple(row[0] for row in rows), "and")
            return Node("cases", tuple(Node("case", tuple(row)) for row in rows))
        if kind == "vmatrix":
            return Node("determinant", tuple(Node("row", tuple(row)) for row in rows))
        if len({len(row) for row in rows}) != 1:
            raise Unreadable("a matrix with rows of different length")
        return Node("matrix", tuple(Node("row", tuple(row)) for row in rows))

    def _cell(self) -> Node:
        # In a table `&` ends a cell.
        tree = self.read_relation()
        while self.skip(",", ";", "."):
            pass
        return tree


def _sum(terms: list[Node]) -> Node:
    return terms[0] if len(terms) == 1 else Node("add", tuple(terms))


def _rename_unit(tree: Node) -> Node:
    if tree == constant("i"):
        return name("i")
    return tree._replace(args=tuple(map(_rename_unit, tree.args)))


def _closings(opening: str) -> tuple[str, ...]:
    closing = CLOSING[opening]
    if opening == "\\{":
        return "\\}", "}"
    if opening in ("(", "["):
        return ")", "]", "["  # `[1,2[` as in French
    return tuple(closing)


def _plain(tree: Node) -> Node:
    """A fraction that is no part of a mixed number is a quotient."""
    if tree.op == "fraction":
        top, bottom = (part.value.value for part in tree.args)
        return number(top / bottom)
    if tree.op == "bracketed":
        return tree.args[0]
    return tree


def _split(token: Token) -> list[Token]:
    """A run of letters is a known name, or so many symbols."""
    if token.kind != "letters":
        return [token]
    text = token.text
    lower = text.lower() if text.lower() in ("and", "or") else text
    if len(text) == 1:
        return [token]
    if text in FUNCTIONS or text in ("arcsin", "arccos", "arctan"):
        return [token._replace(kind="function")]
    known = PLAIN.get(lower, "")
    if known in ("sqrt", "cbrt", "abs", "floor", "ceil", "frac"):
        return [token._replace(kind="command", text=known)]
    if known in GREEK:
        return [token._replace(kind="name", text=known)]
    if known:
        return [token._replace(kind="sign", text=known)]
    return [
        token._replace(
            text=letter, start=token.start + place, spaced=not place and token.spaced
        )
        for place, letter in enumerate(text)
    ]


def _read_number(token: Token) -> Node:
    text = token.text
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
