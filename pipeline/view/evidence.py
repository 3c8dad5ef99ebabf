"""Pages on what verdicts rest on: benchmark hits, samples, keys that are suspected."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pipeline.errors import UserError
from pipeline.view.columns import Columns
from pipeline.view.filters import Filters, read_filters
from pipeline.view.library import quote
from pipeline.view.listing import Page, read_whole
from pipeline.view.samples import (
    add_completions,
    count_votes,
    find_golds,
    find_graded,
)
from pipeline.view.visits import Values, Visit, count_rows

HITS, SAMPLES, SUSPECTS = 20, 10, 12  # on a page
PAIR = {"id", "item", "text", "item_text"}  # columns of a table of hits
EVIDENCE = {"id", "key_wrong_p", "majority_answer"}


def show_hits(visit: Visit) -> Values:
    """Texts beside the benchmark items that they hold, dropped ones first."""
    tables = list_pairs(visit.columns)
    if not tables:
        raise UserError("there are no hits", hint="the stage decontaminate finds them")
    filters = _read_sorted(visit, tables[0], "-dropped", "-score")
    return {"page": _read_page(visit, filters, "/hits", HITS), "tables": tables}


def list_pairs(columns: Columns) -> list[str]:
    """The tables of hits, those with rows first."""
    pairs = columns.find_tables(*PAIR)
    return [table.name for table in sorted(pairs, key=lambda table: -table.height)]


def read_hits(columns: Columns, id: str) -> list[Mapping[str, Any]]:
    """The benchmark items that a row was found to hold, the nearest first."""
    hits: list[Mapping[str, Any]] = []
    for table in map(columns.table, list_pairs(columns)):
        rows = table.take(table.find_places([id]), [*table.schema])
        hits += sorted(rows, key=lambda row: -(row["score"] or 0))[:HITS]
    return hits


def _read_sorted(visit: Visit, table: str, *order: str) -> Filters:
    """The filters of the address; without an order of its own, rows are in `order`."""
    filters = read_filters(visit.query, table)
    columns = visit.columns.table(filters.table).schema
    known = [term for term in order if term.removeprefix("-") in columns]
    return filters if filters.sort else replace(filters, sort=",".join(known))


def _read_page(visit: Visit, filters: Filters, path: str, size: int) -> Page:
    table, counts = visit.columns.table(filters.table), count_rows(visit, filters)
    return read_whole(table, filters, counts, path, size)


def show_samples(visit: Visit) -> Values:
    """Completions with their verdicts, beside the gold answers."""
    graded = find_graded(visit.columns)
    if graded is None:
        raise UserError("there are no samples", hint="the stages rollouts and grades")
    filters = read_filters(visit.query, graded)
    page = _read_page(visit, filters, "/samples", SAMPLES)
    samples = add_completions(visit.columns, page.rows)
    ids = [row["id"] for row in page.rows if row.get("id")]
    golds = find_golds(visit.columns, ids)
    return {"page": page, "samples": samples, "golds": golds, "tables": [graded]}


def show_suspects(visit: Visit) -> Values:
    """Rows whose gold answer the samples speak against, the surest first."""
    table = find_suspects(visit.columns)
    if table is None:
        raise UserError("no keys were weighed", hint="the stage verify does it")
    filters = _read_sorted(visit, table, "-key_wrong_p")
    page = _read_page(visit, filters, "/suspects", SUSPECTS)
    ids = [row["id"] for row in page.rows]
    votes = count_votes(visit.columns, ids)
    witnesses = _read_witnesses(visit, ids)
    return {"page": page, "votes": votes, "witnesses": witnesses, "tables": [table]}


def find_suspects(columns: Columns) -> str | None:
    """The table of rows whose keys were weighed."""
    if {*columns.table(columns.library.main).schema} >= EVIDENCE:
        return columns.library.main
    return next((table.name for table in columns.find_tables(*EVIDENCE)), None)


def _read_witnesses(visit: Visit, ids: list[str]) -> dict[str, Mapping[str, Any]]:
    """What each witness says of a row's key: True for it, False against it."""
    if "verify_witnesses" not in visit.library.files:
        return {}
    names = ("id", "rules", "majority", "judge", "references", "copies")
    query = (
        f"select {', '.join(map(quote, names))} from verify_witnesses "
        "where list_contains(?, id)"
    )
    rows = visit.columns.query(query, ids)
    return {row[0]: dict(zip(names[1:], row[1:], strict=True)) for row in rows}
