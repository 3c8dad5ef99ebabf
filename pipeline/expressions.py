"""What an SQL expression of a recipe may hold, told from its syntax.

A recipe may come from a stranger, and the same rows must give the same values on every
machine and day. So an expression is parsed before it runs, and may hold columns,
constants and functions alone: no query, and no function that reads the clock, draws
numbers or looks at the settings.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from pipeline.errors import UserError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Node = dict[str, Any]
# What a connection may do, where the expressions of strangers are evaluated; in this
# order, since each of the last two forbids what stands before it.
CLOSED = {
    "threads": "1",  # sums of floats come out in one order
    # Divided by zero is unknown. NaN would be above every bound, and so fulfil it.
    "error_on_division_by_zero": "false",
    "ieee_floating_point_ops": "false",
    "python_enable_replacements": "false",
    "memory_limit": "8GB",
    "temp_directory": "",
    "enable_external_access": "false",
    "lock_configuration": "true",
}
# Functions by what disqualifies them. Macros have no stability, only a text.
UNFIT = """
select function_name, function_type = 'aggregate' as is_aggregate
from duckdb_functions()
where list_contains(?, function_name)
group by all
having bool_or(stability <> 'CONSISTENT')
    or bool_or(regexp_matches(macro_definition, '(?i)select|current_|sleep'))
    or bool_and(function_type = 'aggregate')
"""


def connect() -> "DuckDBPyConnection":
    """A connection without access to files, the network or its own settings."""
    import duckdb

    connection = duckdb.connect()
    for name, value in CLOSED.items():
        connection.execute(f"set {name} = '{value}'")
    return connection


def check_syntax(expression: str) -> str:
    """The expression; ValueError where it is none, or may not be evaluated.

    A recipe is read long before its rows are there: this much can be said at once.
    """
    try:
        with connect() as connection:
            parse(connection, expression)
    except UserError as error:
        raise ValueError(f"{error} ({error.hint})" if error.hint else error) from None
    return expression


def parse(connection: "DuckDBPyConnection", expression: str) -> list[Node]:
    """The nodes of its syntax tree; UserError where it may not be evaluated."""
    query = f"select {expression}\n"
    answer = connection.execute("select json_serialize_sql(?)", [query]).fetchall()
    tree = json.loads(answer[0][0])
    if tree["error"]:
        why = str(tree["error_message"]).splitlines()[0]
        raise UserError(f"{expression!r} is no SQL expression: {why}")
    nodes = [*_nodes(tree["statements"])]
    classes = {node.get("class") for node in nodes}
    if not _is_expression(tree["statements"]) or "SUBQUERY" in classes:
        raise UserError(f"{expression!r} has to be one expression, without a query")
    if classes & {"STAR", "POSITIONAL_REFERENCE", "PARAMETER"}:
        raise UserError(f"{expression!r} has to name its columns")
    _check_functions(connection, expression, nodes)
    return nodes


def _is_expression(statements: list[Any]) -> bool:
    """Whether all that stands behind SELECT is one expression."""
    select = statements[0]["node"]
    clauses = (
        "modifiers", "where_clause", "group_expressions", "having", "sample", "qualify",
    )  # fmt: skip
    return (
        len(statements) == 1
        and select["type"] == "SELECT_NODE"
        and select["from_table"]["type"] == "EMPTY"
        and not any(select[clause] for clause in clauses)
        and [value["alias"] for value in select["select_list"]] == [""]
    )


def _nodes(tree: Any) -> Iterator[Node]:
    if isinstance(tree, dict):
        yield tree
        tree = list(tree.values())
    if isinstance(tree, list):
        for part in tree:
            yield from _nodes(part)


def _check_functions(
    connection: "DuckDBPyConnection", expression: str, nodes: list[Node]
) -> None:
    # An aggregate with `over` is a node of class WINDOW.
    called = [n["function_name"].lower() for n in nodes if n.get("class") == "FUNCTION"]
    for name, is_aggregate in connection.execute(UNFIT, [called]).fetchall():
        if is_aggregate:
            raise UserError(
                f"{expression!r}: {name}() is of many rows",
                hint=f"{name}(…) over () is that of all rows, beside each of them",
            )
        raise UserError(f"{expression!r}: {name}() would not give the same every time")


@dataclass(frozen=True)
class ColumnPath:
    """A column that an expression reads, and the fields within it."""

    expression: str
    column: str
    fields: tuple[str, ...]


def list_paths(
    expression: str, nodes: list[Node], columns: Sequence[str]
) -> list[ColumnPath]:
    parameters = {
        node["column_names"][0]
        for function in nodes
        if function.get("class") == "LAMBDA"
        for node in _nodes(function["lhs"])
        if node.get("class") == "COLUMN_REF"
    }
    known = {name.lower(): name for name in columns}
    paths = []
    for node in nodes:
        if node.get("class") != "COLUMN_REF":
            continue
        column, *fields = node["column_names"]
        if column in parameters:
            continue
        if column.lower() not in known:
            raise unknown(expression, f"there is no column {column!r}", column, columns)
        paths.append(ColumnPath(expression, known[column.lower()], tuple(fields)))
    return paths


def unknown(
    expression: str, message: str, name: str, known: Sequence[str]
) -> UserError:
    near = get_close_matches(name, known, n=1)
    question = f"did you mean {near[0]!r}? " if near else ""
    hint = f"{question}there are {', '.join(known)}" if known else "there are none"
    return UserError(f"{expression!r}: {message}", hint=hint)
