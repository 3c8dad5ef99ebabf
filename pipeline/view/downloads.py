"""Rows to take away: one as JSON, or all those of a list under its filters."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile

import polars as pl
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from pipeline.errors import UserError
from pipeline.view.filters import choose, read_filters
from pipeline.view.life import find_row
from pipeline.view.visits import Visit

WRITERS: dict[str, Callable[[pl.LazyFrame, Path], object]] = {
    "jsonl": pl.LazyFrame.sink_ndjson,
    "parquet": pl.LazyFrame.sink_parquet,
}

CHOSEN = "#chosen"  # a column beside those of the table


def download_row(visit: Visit) -> Response:
    """A row with all that the table of all rows says of it."""
    table, id = visit.columns.table(visit.library.main), visit.query.get("id", "")
    row = find_row(table, id)
    if row is None:
        raise UserError(f"no row is called {id!r}")
    text = json.dumps(row, ensure_ascii=False, default=str, indent=1)
    return Response(text, media_type="application/json")


def download_rows(kind: str) -> Callable[[Visit], Response]:
    """All rows of a list, in the order of their table, as a file of this `kind`."""
    return partial(_download_rows, kind)


def _download_rows(kind: str, visit: Visit) -> Response:
    filters = read_filters(visit.query, visit.library.main)
    table = visit.columns.table(filters.table)
    rows = table.scan()
    if (chosen := choose(table, filters)) is not None:
        mask = chosen.alias(CHOSEN).to_frame().lazy()
        rows = pl.concat([rows, mask], how="horizontal").filter(CHOSEN).drop(CHOSEN)
    with NamedTemporaryFile(suffix=f".{kind}", delete=False) as file:
        path = Path(file.name)
    try:
        WRITERS[kind](rows, path)
    except BaseException:
        path.unlink()
        raise
    # The name of a table is part of a file's name, of whatever that consists.
    name = "".join(sign if sign.isalnum() else "_" for sign in table.name)
    end = BackgroundTask(path.unlink)
    return FileResponse(path, filename=f"{name}.{kind}", background=end)
