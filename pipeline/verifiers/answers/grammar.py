r"""Tokens as a tree: a parser by precedence (Pratt, 1973) for mathematical answers.

From loose to tight: lists (`,` `;` and, or), relations, ratios, set operations, sums,
products (written or by juxtaposition), signs, powers and what stands behind. Depth and
size are bounded by counted work, so nothing that is written can exhaust the stack.
Every token is used, or Unreadable says where the reader stopped.
"""

from operator import is_not

from pipeline.verifiers.answers.arithmetic import Arithmetic
from pipeline.verifiers.answers.cursor import END, settle_fraction
from pipeline.verifiers.answers.tokens import Token, Unreadable, spell, tokenise
from pipeline.verifiers.answers.tree import Node, name

BOUNDS = ("!=", "<", ">", "<=", ">=", "approx", "in", "notin", "subset")
MAX_TREE = 150
RELATIONS = ("=", "!=", "<", ">", "<=", ">=", "in", "notin", "approx", "equiv",
             "subset", "sim", "cong", "propto", "->")  # fmt: skip
VALUES = ("number", "fraction", "add", "mul", "div", "pow", "root")
SETS = {"cup": "union", "cap": "intersection", "setminus": "minus"}


def parse(text: str, *, grouping: bool = True) -> Node:
    """The tree of an answer; raises Unreadable."""
    return parse_tokens(tokenise(spell(text), grouping=grouping))


def parse_tokens(tokens: tuple[Token, ...]) -> Node:
    """The tree of all the tokens; raises Unreadable."""
    reader = Reader(tokens)
    tree = reader.read_list()
    if (left := reader.token) is not END:
        raise Unreadable(f"{left.text!r} is not expected", left.start)
    if tree.is_deeper_than(MAX_TREE):
        raise Unreadable("nested too deeply")
    return _settle(tree)


def _settle(tree: Node) -> Node:
    """The tree without what only the parser needed to know."""
    if not tree.args:
        return tree
    args = tuple(map(_settle, tree.args))
    if any(map(is_not, args, tree.args)):
        tree = Node(tree.op, args, tree.value)
    tree = settle_fraction(tree)
    if tree.op == "add" and len(tree.args) == 2 and tree.args[1].op == "neg":
        whole, left_out = tree.args[0], tree.args[1].args[0]
        if left_out.op == "set" or whole.op in ("union", "set"):
            return Node("minus", (whole, left_out))
    return tree


class Reader(Arithmetic):
    """The loosest layer: lists, relations, ratios and sets."""

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
        while self.sign == "(" and self.peek(2).text in ("in", "!="):
            words.add(",")
            members.append(self.read_tight())  # `(k \\in Z)` behind a family
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
        self.descend()
        # `> 5` says nothing of what is larger.
        starts = self.sign in BOUNDS
        sides, signs = [name("?") if starts else self.read_ratio()], list[str]()
        while self.token.kind in ("sign", "command"):
            if self.token.text == "not" and self.peek().text in ("=", "in"):
                self.take()
                signs.append({"=": "!=", "in": "notin"}[self.take().text])
            elif self.sign in RELATIONS:
                signs.append(self.take().text)
            elif self.token.text in ("mid", "|") and not self.bars:
                self.take()
                signs.append("mid")
            else:
                break
            sides.append(self.read_ratio())
        if self.sign == "(" and self.peek().text == "=":  # `12 (= 3 \\cdot 4)`
            self.take()
            signs.append(self.take().text)
            sides.append(self.read_ratio())
            self.expect(")")
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
        while self.sign == ":" and not self.bars:
            self.take()
            parts.append(self.read_set())
        return parts[0] if len(parts) == 1 else Node("ratio", tuple(parts))

    def read_set(self) -> Node:
        tree = self.read_sum()
        while sign := self.skip(*SETS) or self._union_letter(tree):
            if sign in ("choose", "over"):
                op = "binom" if sign == "choose" else "div"
                tree = Node(op, (tree, self.read_sum()))
            else:
                other = self.read_sum()
                of_number = other.op if sign == "cap" else tree.op
                if of_number in VALUES and sign != "cup":
                    raise Unreadable("a number as a set", self.token.start)
                tree = Node(SETS[sign], (tree, other))
        return tree

    def _union_letter(self, tree: Node) -> str:
        r"""A `U` between two intervals, and LaTeX's infix `\choose` and `\over`."""
        if sign := self.skip("choose", "over"):
            return sign
        is_union = tree.op in ("tuple", "set", "union") and self.token.text == "U"
        if is_union and self.peek().text in ("(", "[", "\\{", "{"):
            self.take()
            return "cup"
        return ""
