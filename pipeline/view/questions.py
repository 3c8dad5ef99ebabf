"""Free SQL: a question to the tables, which cannot touch anything else.

A question is one SELECT; it runs on a connection of its own that can open nothing
(`library.open_closed`), for a bounded time, and a bounded part of its result is shown.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.errors import UserError
from pipeline.view.library import Library, open_closed, quote

MOST_ROWS = 500
LIMIT_S = 20.0
EXAMPLES = {
    "dropped": "select stage, reason, count(*) n from dropped group by all",
    "rows": "select source, avg(pass_rate) rate, count(*) n from rows group by all",
    "grades": "select why, correct, count(*) n from grades group by all",
    "reviews": "select reviews.*, reason from reviews left join rows using (id)",
}
AT_ONCE = threading.Semaphore(2)


@dataclass(frozen=True)
class Result:
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    is_cut: bool


def ask(library: Library, query: str, *, limit_s: float = LIMIT_S) -> Result:
    """The first rows of what a SELECT gives; UserError where it is none or fails."""
    import duckdb

    try:
        statements = duckdb.extract_statements(query)
    except duckdb.Error as error:
        raise UserError(str(error).splitlines()[0]) from None
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise UserError(
            "a question is one SELECT", hint="also FROM, DESCRIBE, SUMMARIZE"
        )
    text = statements[0].query
    with AT_ONCE, open_closed(library) as connection:
        alarm = threading.Timer(limit_s, connection.interrupt)
        alarm.start()
        try:
            # Only as many rows as are shown are made, where DuckDB can stop early.
            cut = f"from (\n{text.strip().rstrip(';')}\n) limit {MOST_ROWS + 1}"
            result = connection.execute(cut)
            columns = [column[0] for column in result.description or []]
            rows = result.fetchall()
        except duckdb.InterruptException:
            raise UserError(f"stopped after {limit_s:g} seconds") from None
        except duckdb.Error as error:
            raise UserError(str(error).splitlines()[0]) from None
        finally:
            alarm.cancel()
    return Result(columns, rows[:MOST_ROWS], len(rows) > MOST_ROWS)


def list_examples(tables: Sequence[str]) -> list[str]:
    """Questions that these tables can answer."""
    known = [text for table, text in EXAMPLES.items() if table in tables]
    return known or [f"from {quote(name)} limit 20" for name in tables[:3]]
