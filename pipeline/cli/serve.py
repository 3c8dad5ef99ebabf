"""`goldsieve serve`: the verifiers behind HTTP, for trainers on other machines."""

from pathlib import Path

from pipeline.errors import UserError

MODULES = {"prometheus_client", "starlette", "uvicorn"}


def run(
    host: str, port: int, token_file: Path | None, queue: int, drain_s: float
) -> None:
    """Serve verdicts over HTTP: POST /verdicts, GET /health, /metrics, /verifiers.

    UserError where the packages of the extra `serve` are not there.
    """
    try:
        from pipeline.serve.server import serve
    except ModuleNotFoundError as error:
        if error.name not in MODULES:
            raise
        raise UserError(
            f"goldsieve serve needs {error.name}", hint='pip install "goldsieve[serve]"'
        ) from None
    from pipeline import recipe
    from pipeline.serve.contract import MOST_ROWS, Limits

    values = {"queue": queue, "drain_s": drain_s, "rows": min(queue, MOST_ROWS)}
    serve(host, port, token_file, recipe.check(Limits, values, "", Path("serve")))
