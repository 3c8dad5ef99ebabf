"""What each page shows of the tables as they are now."""

from markupsafe import escape

from pipeline.errors import UserError
from pipeline.view.columns import Columns
from pipeline.view.differences import compare, mark_span
from pipeline.view.evidence import find_suspects, list_pairs, read_hits
from pipeline.view.filters import link, read_filters
from pipeline.view.funnel import count_sources, read_funnel
from pipeline.view.life import Life, tell_life
from pipeline.view.listing import SIZE, find_ids, read_page
from pipeline.view.marking import read_mark
from pipeline.view.markup import draw_text
from pipeline.view.questions import ask, list_examples
from pipeline.view.samples import count_votes, find_graded, read_samples
from pipeline.view.visits import Values, Visit, count_rows

SUSPECTS = "/suspects?key_suspect=true"


def list_sections(columns: Columns) -> list[tuple[str, str, str]]:
    """The pages that have something to show: address, name, and the key behind `g`."""
    sections: list[tuple[str, str, str, bool]] = [
        ("/", "Funnel" if columns.library.is_project else "Tables", "f", True),
        ("/rows", "Rows", "w", True),
        ("/hits", "Hits", "h", bool(list_pairs(columns))),
        ("/samples", "Samples", "s", bool(find_graded(columns))),
        (SUSPECTS, "Suspects", "k", bool(find_suspects(columns))),
        ("/reviews", "Reviews", "m", True),
        ("/sql", "SQL", "q", True),
    ]
    return [(path, name, key) for path, name, key, has_rows in sections if has_rows]


def show_funnel(visit: Visit) -> Values:
    """The stages with their rows; for other tables, a list of them."""
    library = visit.library
    sizes = visit.remember("sizes", lambda: _count_tables(visit))
    sources = []
    if library.last_table and library.is_project:
        sources = visit.remember("sources", lambda: [*count_sources(visit.columns)])
    return {"levels": read_funnel(library), "sizes": sizes, "sources": sources}


def _count_tables(visit: Visit) -> dict[str, int]:
    return {name: visit.columns.table(name).height for name in visit.library.names}


def show_rows(visit: Visit) -> Values:
    """A page of a table, under filters."""
    filters = read_filters(visit.query, visit.library.main)
    counts = count_rows(visit, filters)
    table = visit.columns.table(filters.table)
    page = read_page(table, filters, counts)
    return {"page": page, "tables": visit.library.names}


def show_row(visit: Visit) -> Values:
    """A row's life; with `at`, the rows before and behind it in the list it is in."""
    id = visit.query.get("id", "")
    life = tell_life(visit.columns, id)
    around = _around(visit)
    is_raw = visit.query.get("raw") == "1"
    return {
        "life": life,
        "around": around,
        "raw": is_raw,
        "other_raw": link("/row", visit.query, raw=None if is_raw else 1),
        "draw": escape if is_raw else draw_text,
        "samples": read_samples(visit.columns, id),
        "votes": count_votes(visit.columns, [id]).get(id, []),
        "hits": read_hits(visit.columns, id),
        "onward": _onward(visit, around),
        **read_mark(visit, id),
        **_beside_twin(life),
    }


def _onward(visit: Visit, around: Values) -> str:
    """The query of the page behind a mark: the next row of the list, or this one."""
    following = around.get("next", "")
    return following.partition("?")[2] or link("", visit.query).removeprefix("?")


def show_answer(visit: Visit) -> Values:
    """What a SELECT gives, or why it gives nothing."""
    query = visit.query.get("sql", "").strip()
    tables = [name for (name,) in visit.columns.query("show tables")]
    values: Values = {"sql": query, "result": None, "mistake": None, "tables": tables}
    if not query:
        return values | {"examples": list_examples(tables)}
    try:
        return values | {"result": ask(visit.library, query)}
    except UserError as error:
        return values | {"mistake": error}


def _beside_twin(life: Life) -> Values:
    """The problem and its twin's, with the difference marked."""
    problem, twin = str(life.row.get("problem") or ""), life.twin
    if twin is None:
        return {"both": None}
    other = str(twin.get("problem") or "")
    span = life.evidence.get("span")
    if span:
        both = mark_span(problem, span), mark_span(other, life.evidence["item_span"])
        return {"both": both, "shows": "shared"}
    return {"both": compare(problem, other), "shows": "different"}


def _around(visit: Visit) -> Values:
    """Addresses of the rows before and behind, where the address says which list."""
    text = visit.query.get("at", "")
    if not text.isdecimal() or len(text) > 9:
        return {}
    filters, at = read_filters(visit.query, visit.library.main), int(text)
    address = filters.address()
    listed = link("/rows", address, page=at // SIZE or None)
    around: Values = {"list": f"{listed}#r{at}"}
    ids = find_ids(visit.columns.table(filters.table), filters, at)
    for name, number in (("previous", at - 1), ("next", at + 1)):
        if (id := ids.get(number)) is not None:
            around[name] = link("/row", address, id=id, at=number)
    return around
