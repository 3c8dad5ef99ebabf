"""Marks of a reviewer: the forms that set them, and their way in and out.

A form must hold the secret of this process, beside coming from this server (guard.py):
whoever only guesses the address of this machine cannot mark a row.
"""

import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pipeline.errors import UserError
from pipeline.view.argilla import read_record, write_records
from pipeline.view.filters import check_column, link, read_filters
from pipeline.view.label_studio import CONFIG, SHOWN, read_task, write_tasks
from pipeline.view.library import quote
from pipeline.view.listing import find_places
from pipeline.view.reviews import (
    LONGEST,
    MARKS,
    Review,
    find_review,
    read_reviews,
    write_reviews,
)
from pipeline.view.visits import Values, Visit

Write = Callable[[Iterable[Mapping[str, Any]], Iterable[Review]], Iterable[object]]
MOST_BYTES = 64 * 2**20  # of what is imported
MOST_TASKS = 10_000


async def read_body(request: Request) -> bytes:
    """What was sent; UserError where it is too long."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise UserError(f"more than {MOST_BYTES:,} bytes were sent")
    return body


def check_secret(given: str, expected: str) -> None:
    if not hmac.compare_digest(given.encode(), expected.encode()):
        hint = "load the page again: the server was started anew"
        raise UserError("this form is not of this server", hint=hint)


async def mark(request: Request, home: Path, secret: str) -> Response:
    """Set or take away the mark of a row, and go on to the page that the form names."""
    fields = parse_qs((await read_body(request)).decode(errors="replace"))
    values = {name: texts[-1] for name, texts in fields.items()}
    check_secret(values.get("secret", ""), secret)
    mark, id = values.get("mark", ""), values.get("id", "")
    if mark not in (*MARKS, "") or not id:
        raise UserError(f"a mark is one of {', '.join(MARKS)}")
    note = values.get("note", "").strip()[:LONGEST]
    review = Review(id, mark, note, values.get("reviewer", "").strip()[:80])
    await to_thread.run_sync(write_reviews, home, [review])
    onward = {name: of[-1] for name, of in parse_qs(values.get("onward", "")).items()}
    return RedirectResponse(link("/row", onward), 303)


async def import_reviews(request: Request, home: Path, secret: str) -> Response:
    """Take over the marks of a file that Label Studio or Argilla exported."""
    check_secret(request.headers.get("x-secret", ""), secret)
    body = await read_body(request)

    def write() -> int:
        return write_reviews(home, read_marks(body))

    count = await to_thread.run_sync(write)
    return Response(json.dumps({"count": count}), media_type="application/json")


def read_marks(text: bytes) -> list[Review]:
    """The marks of tasks or records; UserError that names one with a mistake."""
    try:
        items = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(f"this is no JSON: {error}") from None
    if not isinstance(items, list):
        raise UserError("expected a list of tasks (Label Studio) or records (Argilla)")
    read = [
        (read_record if isinstance(item, dict) and "fields" in item else read_task)(
            number, item
        )
        for number, item in enumerate(items)
    ]
    return [review for review in read if review]


def show_reviews(visit: Visit) -> Values:
    """All marks, with how to use them in a recipe."""
    reviews = read_reviews(visit.library.home)
    counts = {mark: sum(r.mark == mark for r in reviews) for mark in MARKS}
    chosen = visit.query.get("mark", "")
    shown = [review for review in reviews if chosen in ("", review.mark)]
    sources = sorted({review.id.rpartition("/")[0] for review in reviews})
    return {
        "counts": counts,
        "chosen": chosen,
        "reviews": shown[:MOST_TASKS],
        "absent": _find_absent(visit, [review.id for review in shown[:MOST_TASKS]]),
        "sources": sources,
        "config": CONFIG,
    }


def _find_absent(visit: Visit, ids: list[str]) -> set[str]:
    """Ids that no row of the main table has: marks of another set, or of rows gone."""
    main = visit.library.main
    if "id" not in visit.columns.table(main).schema:
        return set()
    query = f"select id from {quote(main)} where id in (select unnest($1::varchar[]))"
    return {*ids}.difference(id for (id,) in visit.columns.query(query, ids))


def read_mark(visit: Visit, id: str) -> Values:
    """The mark on a row, and the marks there are."""
    return {"review": find_review(visit.library.home, id), "marks": MARKS}


def export(visit: Visit, write: Write, file: str) -> Response:
    """The first rows of a list with their marks, as `write` makes them, as a file."""
    filters = read_filters(visit.query, visit.library.main)
    table = visit.columns.table(filters.table)
    check_column("id", table.schema, filters.table)
    names = ["id", *(name for name in SHOWN if name in table.schema)]
    places = find_places(table, filters, 0, MOST_TASKS)
    rows = table.take(places, names)
    items = [*write(rows, read_reviews(visit.library.home))]
    return Response(
        json.dumps(items, ensure_ascii=False, indent=1, default=str),
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{file}"'},
    )


export_tasks = partial(export, write=write_tasks, file="tasks.json")
export_records = partial(export, write=write_records, file="records.json")


def export_config(_: Visit) -> Response:
    """The labelling page for these tasks."""
    return Response(CONFIG, media_type="text/xml")
