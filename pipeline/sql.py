"""SQL expressions that people write into a recipe, over the columns of a table.

DuckDB evaluates them without access to files, the network or other tables.
"""

from collections.abc import Sequence

import polars as pl

from pipeline.errors import UserError


def evaluate(
    rows: pl.DataFrame, expressions: Sequence[str], *, setting: str
) -> pl.DataFrame:
    """A column for each of the `expressions`, with a value for each of the `rows`.

    UserError that names the `setting` and the columns there are, where DuckDB does not
    understand an expression.
    """
    import duckdb

    columns = ", ".join(
        f"({expression}) as e{number}" for number, expression in enumerate(expressions)
    )
    with duckdb.connect(config={"enable_external_access": "false"}) as connection:
        connection.register("problems", rows.to_arrow())
        try:
            table: pl.DataFrame = connection.sql(f"select {columns} from problems").pl()
            return table
        except duckdb.Error as error:
            message = str(error).splitlines()[0]
            raise UserError(
                f"{setting}: {message}",
                hint=f"the columns are {', '.join(rows.columns)}",
            ) from error


def select(rows: pl.DataFrame, predicate: str, *, setting: str) -> pl.DataFrame:
    """The rows for which the SQL `predicate` is true; what is null is not."""
    (is_true,) = evaluate(rows, [f"({predicate})::boolean"], setting=setting)
    return rows.filter(is_true.fill_null(value=False))
