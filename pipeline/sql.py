"""SQL expressions that people write into a recipe, over the columns of a table.

What they may hold is said in expressions.py. DuckDB evaluates them without access to
files, the network or other tables.

Columns of JSON are structs: `meta.level`, `meta."avg@8"`. A field has the type that
all rows agree on, else it is text; it is null where a row lacks it.
"""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import polars as pl
import polars.selectors as cs
from pydantic import AfterValidator, Field

from pipeline.errors import UserError
from pipeline.expressions import (
    ColumnPath,
    check_syntax,
    connect,
    list_paths,
    parse,
    unknown,
)
from pipeline.filter import drop
from pipeline.schema import VERDICT

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def _check(where: str | dict[str, str]) -> str | dict[str, str]:
    for expression in [where] if isinstance(where, str) else where.values():
        check_syntax(expression)
    return where


Expression = Annotated[str, AfterValidator(check_syntax)]
Reason = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
# A condition that a row must fulfil, or several, each under the reason to leave.
Where = Annotated[str | dict[Reason, str], AfterValidator(_check)]

JSON_COLUMNS = ("meta", "ask", "verify_info")
ROW = "#row"
Table = pl.DataFrame | pl.LazyFrame
Structure = Any  # a type's name, or a dict or a list of one of structures


def drop_unless(
    rows: pl.DataFrame, where: Where, *, setting: str, seen: Table | None = None
) -> pl.DataFrame:
    """Mark the rows for which a condition is not true; what is null is not.

    The reason is the condition's name, or `where`. Conditions see the rows, or what is
    `seen` of them. UserError that names the `setting` where a condition cannot be
    understood, or is none.
    """
    conditions = {"where": where} if isinstance(where, str) else where
    table = (rows if seen is None else seen).drop(VERDICT.names(), strict=False)
    fulfilled = decide(table, [*conditions.values()], setting=setting)
    for (reason, condition), holds in zip(conditions.items(), fulfilled, strict=True):
        evidence = json.dumps({"condition": condition}, ensure_ascii=False)
        rows = drop(rows, pl.lit(~holds), reason, evidence=pl.lit(evidence))
    return rows


def select(rows: pl.DataFrame, condition: str, *, setting: str) -> pl.DataFrame:
    """The rows for which the `condition` is true; what is null is not."""
    (holds,) = decide(rows, [condition], setting=setting)
    return rows.filter(holds)


def evaluate(rows: Table, expressions: Sequence[str], *, setting: str) -> pl.DataFrame:
    """A column for each of the `expressions`, with a value for each of the `rows`.

    Of a lazy table the columns that are used are collected, and no others. UserError
    that names the `setting`, and the columns or fields there are, where an expression
    cannot be understood or may not be evaluated.
    """
    if not expressions:
        return pl.DataFrame(height=rows.lazy().select(pl.len()).collect().item())
    import duckdb

    try:
        with connect() as connection:
            return _evaluate(connection, rows, expressions)
    except UserError as error:
        raise UserError(f"{setting}: {error}", hint=error.hint) from None
    except duckdb.Error as error:
        message = str(error).splitlines()[0]
        hint = f"the columns are {', '.join(rows.collect_schema())}"
        raise UserError(f"{setting}: {message}", hint=hint) from error


def decide(rows: Table, conditions: Sequence[str], *, setting: str) -> list[pl.Series]:
    """Whether each condition is true for each row; what is null is not."""
    values = evaluate(rows, conditions, setting=setting).get_columns()
    for condition, value in zip(conditions, values, strict=True):
        if value.dtype not in (pl.Boolean, pl.Null):
            raise UserError(f"{setting}: {condition!r} is neither true nor false")
    return [value.cast(pl.Boolean).fill_null(value=False) for value in values]


def measure(
    rows: Table, expressions: Sequence[str], *, setting: str
) -> list[pl.Series]:
    """The value (float64) of each expression for each row; truth counts as 1."""
    values = evaluate(rows, expressions, setting=setting).get_columns()
    for expression, value in zip(expressions, values, strict=True):
        if not (value.dtype.is_numeric() or value.dtype in (pl.Boolean, pl.Null)):
            raise UserError(f"{setting}: {expression!r} is no number")
    return [value.cast(pl.Float64) for value in values]


def _evaluate(
    connection: "DuckDBPyConnection", rows: Table, expressions: Sequence[str]
) -> pl.DataFrame:
    schema = rows.collect_schema()
    paths = [
        path
        for expression in expressions
        for path in list_paths(expression, parse(connection, expression), [*schema])
    ]
    names = [f"e{number}" for number in range(len(expressions))]
    used = [name for name in schema if any(p.column == name for p in paths)]
    table = rows.lazy().with_row_index(ROW).select(ROW, *used).collect()
    if table.is_empty():
        return pl.DataFrame(schema=dict.fromkeys(names, pl.Null))
    # Unsigned numbers would overflow below zero; NaN is above every bound. A text of
    # few values is a text.
    table = table.with_columns(
        cs.unsigned_integer().cast(pl.Int64),
        cs.float().fill_nan(None),
        (cs.categorical() | cs.enum()).cast(pl.String),
    )
    connection.register("rows", table.to_arrow())
    columns = [_read_column(connection, name, schema[name], paths) for name in used]
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


def _read_column(
    connection: "DuckDBPyConnection",
    name: str,
    type: pl.DataType,
    paths: Sequence[ColumnPath],
) -> str:
    """SQL for the column `name`: the struct that its JSON holds, or as it is."""
    if name not in JSON_COLUMNS or type != pl.String:
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


def _check_fields(path: ColumnPath, fields: Structure) -> None:
    at = path.column
    for name in path.fields:
        if not isinstance(fields, dict):
            return  # of a list or a text, and DuckDB says so
        known = {key.lower(): key for key in fields}
        if name.lower() not in known:
            message = f"{at} has no field {name!r}"
            raise unknown(path.expression, message, name, [*fields])
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
