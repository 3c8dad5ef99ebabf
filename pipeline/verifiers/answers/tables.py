r"""What stands between `\begin` and `\end`: matrices, cases, systems, aligned lines."""

from pipeline.verifiers.answers.cursor import END, Cursor
from pipeline.verifiers.answers.tokens import Token, Unreadable
from pipeline.verifiers.answers.tree import Node

SYSTEMS = "aligned", "align", "align*", "gathered"
CHAINED = "=", "<", ">", "<=", ">=", "approx"
CONDITIONAL = "if", "for", "when", "where", "as"
OTHERWISE = "otherwise", "else", "elsewhere"


class Tables(Cursor):
    """The part of the parser that reads environments."""

    def read_table(self, kind: str) -> Node:
        """An environment of this kind, from behind its beginning to its end."""
        if kind in SYSTEMS:
            self._join_lines(kind)
        rows: list[list[Node]] = [[]]
        while not (self.token.kind == "command" and self.token.text == f"end {kind}"):
            if self.token is END:
                raise Unreadable(f"{kind} does not end")
            if self.skip("\\\\"):
                rows.append([])
            elif self.token.text in OTHERWISE:
                rows[-1].append(Node("words", (), "otherwise"))
                self.take()
            elif self.token.kind == "word" and self.token.text.lower() in CONDITIONAL:
                self.take()
            elif not self.skip("&", ","):
                rows[-1].append(self._cell())
        self.take()
        rows = [row for row in rows if row]
        if kind in (*SYSTEMS, "cases", "rcases", "dcases"):
            if rows and kind in SYSTEMS and len(rows) == len(rows[0]) == 1:
                return rows[0][0]
            if all(len(row) == 1 for row in rows):  # a system of equations
                return Node("list", tuple(row[0] for row in rows), "and")
            return Node("cases", tuple(Node("case", tuple(row)) for row in rows))
        if kind == "vmatrix":
            return Node("determinant", tuple(Node("row", tuple(row)) for row in rows))
        if len({len(row) for row in rows}) != 1:
            raise Unreadable("a matrix with rows of different length")
        return Node("matrix", tuple(Node("row", tuple(row)) for row in rows))

    def _join_lines(self, kind: str) -> None:
        r"""Lines that go on with a relation are one: `x &= 6 \\cdot 7 \\\\ &= 42`."""
        start, kept = self.index, list[Token]()
        while self.token is not END and self.token.text != f"end {kind}":
            token = self.take()
            if kept and kept[-1].text == "\\\\" and token.text in CHAINED:
                kept.pop()
            if token.text != "&":
                kept.append(token)
        self.tokens[start : self.index] = kept
        self.move_to(start)

    def _cell(self) -> Node:
        # In a table `&` ends a cell.
        tree = self.read_relation()
        while self.skip(",", ";", "."):
            pass
        return tree
