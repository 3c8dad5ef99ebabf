"""The pages: an address in, HTML out. Templates escape all that they are given.

Pages are made in threads, since DuckDB works while it is waited for. A mistake in an
address is a page that says so.
"""

from collections.abc import Awaitable, Callable, Collection
from functools import partial
from pathlib import Path

import duckdb
from anyio import to_thread
from jinja2 import Environment, FileSystemLoader
from polars.exceptions import PanicException, PolarsError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from pipeline.errors import UserError
from pipeline.view import downloads, evidence, marking, pages, wording
from pipeline.view.differences import mark_brackets
from pipeline.view.filters import link
from pipeline.view.guard import Guard, new_secret
from pipeline.view.markup import code_styles, draw_text
from pipeline.view.shelf import Shelf
from pipeline.view.visits import Make, Visit

# What a form sets in the folder of the project, if it knows the secret.
Form = Callable[[Request, Path, str], Awaitable[Response]]
HERE = Path(__file__).parent
# A file that is written anew while polars reads it may be a panic.
UNREADABLE = (duckdb.Error, OSError, PolarsError, PanicException)
BUSY = "the tables cannot be read right now; a stage may be writing them"
PAGES: dict[str, tuple[str, Make]] = {
    "/": ("funnel.html", pages.show_funnel),
    "/rows": ("rows.html", pages.show_rows),
    "/row": ("row.html", pages.show_row),
    "/hits": ("hits.html", evidence.show_hits),
    "/samples": ("samples.html", evidence.show_samples),
    "/suspects": ("suspects.html", evidence.show_suspects),
    "/sql": ("sql.html", pages.show_answer),
    "/reviews": ("reviews.html", marking.show_reviews),
}
FILES: dict[str, Callable[[Visit], Response]] = {
    "/tasks.json": marking.export_tasks,
    "/records.json": marking.export_records,
    "/label-studio.xml": marking.export_config,
    "/row.json": downloads.download_row,
    "/rows.jsonl": downloads.download_rows("jsonl"),
    "/rows.parquet": downloads.download_rows("parquet"),
}
FORMS: dict[str, Form] = {
    "/mark": marking.mark,
    "/import": marking.import_reviews,
}


def build(shelf: Shelf, names: Collection[str], token: str = "") -> Starlette:
    """The application; `names` are those by which a browser may ask for it."""
    secret = new_secret()
    templates = _templates(secret)
    routes = [
        Route(path, _page(shelf, templates, template, make))
        for path, (template, make) in PAGES.items()
    ]
    return Starlette(
        routes=[
            *routes,
            *(Route(path, _file(shelf, make)) for path, make in FILES.items()),
            *(
                Route(path, _form(shelf, secret, change), methods=["POST"])
                for path, change in FORMS.items()
            ),
            Route("/code.css", _code_styles),
            Mount("/static", StaticFiles(directory=HERE / "static")),
        ],
        middleware=[Middleware(Guard, names=names, token=token)],
        exception_handlers={HTTPException: partial(_no_page, shelf, templates)},
    )


def _page(
    shelf: Shelf, templates: Environment, template: str, make: Make
) -> Callable[[Request], Awaitable[Response]]:
    def render(request: Request) -> Response:
        query = dict(request.query_params)
        visit = Visit(shelf.look(), query, shelf.remember)
        known = _known(shelf, request.url.path) | {"query": query}
        try:
            values = make(visit)
        except UserError as error:
            return _mistake(templates, known, error, 404)
        except UNREADABLE as error:
            return _mistake(templates, known, UserError(BUSY, str(error)), 503)
        return HTMLResponse(templates.get_template(template).render(known | values))

    async def answer(request: Request) -> Response:
        return await to_thread.run_sync(render, request)

    return answer


def _file(
    shelf: Shelf, make: Callable[[Visit], Response]
) -> Callable[[Request], Awaitable[Response]]:
    def render(request: Request) -> Response:
        visit = Visit(shelf.look(), dict(request.query_params), shelf.remember)
        try:
            return make(visit)
        except UserError as error:
            return PlainTextResponse(f"{error}\n", 404)

    async def answer(request: Request) -> Response:
        return await to_thread.run_sync(render, request)

    return answer


def _form(
    shelf: Shelf, secret: str, change: Form
) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        columns = await to_thread.run_sync(shelf.look)
        try:
            response = await change(request, columns.library.home, secret)
        except UserError as error:
            return PlainTextResponse(f"{error}\n", 400)
        shelf.look_again()
        return response

    return answer


def _known(shelf: Shelf, path: str) -> dict[str, object]:
    """What every page shows."""
    columns = shelf.look()
    sections = shelf.remember("sections", lambda: pages.list_sections(columns))
    return {"library": columns.library, "path": path, "sections": sections}


def _mistake(
    templates: Environment, known: dict[str, object], error: UserError, status: int
) -> Response:
    values = known | {"error": str(error), "hint": error.hint}
    return HTMLResponse(templates.get_template("error.html").render(values), status)


async def _no_page(
    shelf: Shelf, templates: Environment, request: Request, error: Exception
) -> Response:
    known = await to_thread.run_sync(_known, shelf, request.url.path)
    missing = UserError("there is no such page")
    return _mistake(templates, known, missing, getattr(error, "status_code", 404))


async def _code_styles(_: Request) -> Response:
    return Response(code_styles(), media_type="text/css")


def _templates(secret: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "draw": draw_text,
        "link": link,
        "secret": secret,
        "mark": mark_brackets,
    }
    environment.filters |= {
        "number": wording.number,
        "share": wording.share,
        "value": wording.value,
        "label": wording.label,
        "choice": wording.choice,
    }
    return environment
