"""Every query of the pages is answered by `goldsieve sql`, on a project's tables."""

import re
import shlex
from pathlib import Path

import pytest

from pipeline.cli.ledger import sql
from pipeline.schema import RL_HISTORY
from stages.export import PREFERENCES
from tests.support import project
from trainers.evaluate import SAMPLES

PAGES = [project.HERE / "README.md", *sorted((project.HERE / "docs").glob("*.md"))]
QUERY = re.compile(r"goldsieve sql (\"(?:[^\"\\]|\\.)*\"|'[^']*')")
# Tables of training, which the small project leaves out, and a preference a recipe has.
TRAINED = {
    "evaluate": SAMPLES,
    "rl_history": RL_HISTORY,
    "export/preferences": PREFERENCES,
}
QUERIES = [
    (page.stem, *shlex.split(match[1]))
    for page in PAGES
    for match in QUERY.finditer(page.read_text("utf-8"))
    if "'out/" not in match[1]  # a file that the page's commands write
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = project.run_in(tmp_path_factory.mktemp("project"))
    for name, schema in TRAINED.items():
        schema.to_frame().write_parquet(folder / f"data/{name}.parquet")
    return folder


@pytest.mark.parametrize(("page", "query"), QUERIES)
def test_the_queries_of_the_pages_are_answered(
    page: str, query: str, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(folder)
    sql(query)


def test_the_page_of_a_stage_has_a_query():
    stages = {file.stem for file in (project.HERE / "stages").glob("[a-z]*")}
    pages = {page for page, _ in QUERIES}
    assert stages - {"sources", "py"} <= pages
