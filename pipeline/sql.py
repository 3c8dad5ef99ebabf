"""SQL expressions that people write into a recipe, over the columns of a table.

A recipe may come from a stranger, and the same rows must give the same values on every
machine and day. So an expression is parsed before it runs, and may hold columns,
constants and functions alone: no query, and no function that reads the clock, draws
numbers or looks at the settings. DuckDB evaluates it without access to files, the
network or other tables.

Columns of JSON are structs: `meta.level`, `meta."avg@8"`. A field has the type that
all rows agree on, else it is text; it is null where a row lacks it.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any

import polars as pl
import polars.selectors as cs
from pydantic import Field

from pipeline.errors import UserError
from pipeline.filter import drop
from pipeline.schema import VERDICT

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Reason = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
# A condition that a row must fulfil, or several, each under the reason to leave.
Where = str | dict[Reason, str]

CLOSED: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "lock_configuration": "true",
    "python_enable_replacements": "false",
    "temp_directory": "",
    "threads": "1",  # sums of floats come out in one order
    # Divided by zero is unknown. NaN would be above every bound, and so fulfil it.
    "error_on_division_by_zero": "false",
    "ieee_floating_point_ops": "false",
}
JSON_COLUMNS = ("meta", "ask", "verify_info")
ROW = "#row"
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
Structure = Any  # a type's name, or a dict or a list of one of structures


def drop_unless(rows: pl.DataFrame, where: Where, *, setting: str) -> pl.DataFrame:
    """Mark the rows for which a condition is not true; what is null is not.

    The reason is the condition's name, or `where`. UserError that names the `setting`
    where a condition cannot be understood, or is none.
    """
    conditions = {"where": where} if isinstance(where, str) else where
    table = rows.drop(VERDICT.names(), strict=False)
    fulfilled = _decide(table, [*conditions.values()], setting)
    for (reason, condition), holds in zip(conditions.items(), fulfilled, strict=True):
        evidence = json.dumps({"condition": condition}, ensure_ascii=False)
        rows = drop(rows, pl.lit(~holds), reason, evidence=pl.lit(evidence))
    return rows


def select(rows: pl.DataFrame, condition: str, *, setting: str) -> pl.DataFrame:
    """The rows for which the `condition` is true; what is null is not."""
    (holds,) = _decide(rows, [condition], setting)
    return rows.filter(holds)


def evaluate(
    rows: pl.DataFrame, expressions: Sequence[str], *, setting: str
) -> pl.DataFrame:
    """A column for each of the `expressions`, with a value for each of the `rows`.

    UserError that names the `setting`, and the columns or fields there are, where an
    expression cannot be understood or may not be evaluated.
    """
    import duckdb

    if not expressions:
        return pl.DataFrame(height=rows.height)
    try:
        with duckdb.connect(config=CLOSED) as connection:
            return _evaluate(connection, rows, expressions)
    except UserError as error:
        raise UserError(f"{setting}: {error}", hint=error.hint) from None
    except duckdb.Error as error:
        message = str(error).splitlines()[0]
        hint = f"the columns are {', '.join(rows.columns)}"
        raise UserError(f"{setting}: {message}", hint=hint) from error


def _decide(
    rows: pl.DataFrame, conditions: Sequence[str], setting: str
) -> list[pl.Series]:
    """Whether each of the `rows` fulfils each of the `conditions`."""
    values = evaluate(rows, conditions, setting=setting).get_columns()
    for condition, value in zip(conditions, values, strict=True):
        if value.dtype not in (pl.Boolean, pl.Null):
            raise UserError(f"{setting}: {condition!r} is neither true nor false")
    return [value.cast(pl.Boolean).fill_null(value=False) for value in values]


def _evaluate(
    connection: "DuckDBPyConnection", rows: pl.DataFrame, expressions: Sequence[str]
) -> pl.DataFrame:
    paths = [
        path
        for expression in expressions
        for path in _parse(connection, expression, rows.columns)
    ]
    names = [f"e{number}" for number in range(len(expressions))]
    if rows.is_empty():
        return pl.DataFrame(schema=dict.fromkeys(names, pl.Null))
    used = [name for name in rows.columns if any(p.column == name for p in paths)]
    # Unsigned numbers would overflow below zero; NaN is above every bound.
    table = rows.with_row_index(ROW).select(ROW, *used)
    table = table.with_columns(
        cs.unsigned_integer().cast(pl.Int64), cs.float().fill_nan(None)
    )
    connection.register("rows", table.to_arrow())
    columns = [_read_column(connection, name, rows, paths) for name in used]
    results = [f"({e}\n) as {name}" for name, e in zip(names, expressions, strict=True)]
    # Window functions leave rows in an order of their own.
    query = (
        f'select {", ".join(results)}, "{ROW}" '
        f"from (select {', '.join([*columns, _quote(ROW)])} from rows)"
    )
    values: pl.DataFrame = connection.sql(query).pl().sort(ROW)
    if not values[ROW].equals(table[ROW]):
        raise UserError("an expression gives several values a row, or none")
    return values.drop(ROW)


@dataclass(frozen=True)
class _Path:
    """A column that an expression reads, and the fields within it."""

    expression: str
    column: str
    fields: tuple[str, ...]


def _parse(
    connection: "DuckDBPyConnection", expression: str, columns: Sequence[str]
) -> list[_Path]:
    """What `expression` reads; UserError where it may not be evaluated."""
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
    return _list_paths(expression, nodes, columns)


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


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
        tree = list(tree.values())
    if isinstance(tree, list):
        for part in tree:
            yield from _nodes(part)


def _check_functions(
    connection: "DuckDBPyConnection", expression: str, nodes: list[dict[str, Any]]
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


def _list_paths(
    expression: str, nodes: list[dict[str, Any]], columns: Sequence[str]
) -> list[_Path]:
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
            raise _unknown(
                expression, f"there is no column {column!r}", column, columns
            )
        paths.append(_Path(expression, known[column.lower()], tuple(fields)))
    return paths


def _unknown(
    expression: str, message: str, name: str, known: Sequence[str]
) -> UserError:
    near = get_close_matches(name, known, n=1)
    question = f"did you mean {near[0]!r}? " if near else ""
    hint = f"{question}there are {', '.join(known)}" if known else "there are none"
    return UserError(f"{expression!r}: {message}", hint=hint)


def _read_column(
    connection: "DuckDBPyConnection",
    name: str,
    rows: pl.DataFrame,
    paths: Sequence[_Path],
) -> str:
    """SQL for the column `name`: the struct that its JSON holds, or as it is."""
    if name not in JSON_COLUMNS or rows.schema[name] != pl.String:
        return _quote(name)
    text = f"try_cast({_quote(name)} as json)"
    objects = f"from rows where json_type({text}) = 'OBJECT'"
    query = f"select json_group_structure({text}) {objects}"
    structure = json.loads(connection.sql(query).fetchall()[0][0] or "{}")
    fields = structure if isinstance(structure, dict) else {}
    its = [path for path in paths if path.column == name]
    for path in its:
        _check_fields(path, fields)
    wanted = {path.fields[0].lower() for path in its if path.fields}
    if all(path.fields for path in its):
        fields = {key: of for key, of in fields.items() if key.lower() in wanted}
    types = json.dumps(_typed(fields)).replace("'", "''")
    return f"from_json({text}, '{types}') as {_quote(name)}"


def _check_fields(path: _Path, fields: Structure) -> None:
    at = path.column
    for name in path.fields:
        if not isinstance(fields, dict):
            return  # of a list or a text, and DuckDB says so
        known = {key.lower(): key for key in fields}
        if name.lower() not in known:
            message = f"{at} has no field {name!r}"
            raise _unknown(path.expression, message, name, [*fields])
        at, fields = f"{at}.{name}", fields[known[name.lower()]]


def _typed(structure: Structure) -> Structure:
    """The types of fields: signed, and text where rows disagree."""
    if isinstance(structure, dict) and structure:
        return {name: _typed(of) for name, of in structure.items()}
    if isinstance(structure, list):
        return [_typed(of) for of in structure]
    if structure in ("UBIGINT", "BIGINT"):
        return "HUGEINT"
    return structure if structure in ("DOUBLE", "BOOLEAN") else "VARCHAR"


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
