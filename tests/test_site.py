"""The site of docs/: no link is broken, no page lost, nothing loaded from elsewhere.

It is built without a network, and opens from the disk, its search included.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.browser import Watch, open_browser

pytest.importorskip("material", reason="the extra `docs` is not installed: make setup")

HERE = Path(__file__).parents[1]
REMOTE = re.compile(r'<(?:script|link|img|iframe)\b[^>]*(?:src|href)="(https?:[^"]*)"')


def build(project: Path, site: Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", site]
    quiet = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(words, cwd=project, env=quiet, capture_output=True, text=True)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = build(HERE, folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_page_of_the_docs_is_a_page_of_the_site(site: Path):
    pages = {file.stem for file in (HERE / "docs").glob("*.md")} - {"README"}
    pages |= {"index", "CONTRIBUTING", "tour", "404"}

    assert {file.stem for file in site.glob("*.html")} == pages


def test_no_page_stands_twice_in_the_navigation(site: Path):
    text = (site / "glossary.html").read_text("utf-8")
    start = text.index('<nav class="md-nav md-nav--primary')
    items = re.findall(r'<a href="(\w+\.html)"[^>]*md-nav__link', text[start:])

    assert len(items) > 40
    assert len(items) == len(set(items))


def test_pages_load_nothing_from_elsewhere(site: Path):
    texts = {file.name: file.read_text("utf-8") for file in site.glob("*.html")}

    assert {name: REMOTE.findall(text) for name, text in texts.items()} == {
        name: [] for name in texts
    }


def test_the_notebook_is_a_page_with_what_its_cells_show(site: Path):
    text = (site / "tour.html").read_text("utf-8")
    assert "no verifier is called 'maths'" in text
    assert 'href="python.html"' in text


def test_broken_links_end_the_build_and_new_pages_are_in_the_navigation(tmp_path: Path):
    for name in ("docs", "mkdocs.yml", "CONTRIBUTING.md"):
        copy = shutil.copytree if (HERE / name).is_dir() else shutil.copy
        copy(HERE / name, tmp_path / name)
    text = "# A new page\n\n[a](nowhere.md) [b](glossary.md#nowhere)\n"
    (tmp_path / "docs/new.md").write_text(text)
    done = build(tmp_path, tmp_path / "site")

    assert done.returncode == 1
    assert "'nowhere.md'" in done.stderr
    assert "'glossary.md#nowhere'" in done.stderr
    navigation = (tmp_path / "site/glossary.html").read_text("utf-8")
    assert navigation.index("More") < navigation.index('href="new.html"')


def test_the_search_works_from_the_disk(site: Path):
    with open_browser() as browser:
        page = browser.new_page()
        watch, elsewhere = Watch(page), []
        page.on("request", lambda request: elsewhere.append(request.url))
        page.goto((site / "index.html").as_uri())
        page.keyboard.press("/")
        page.keyboard.type("pass rate")
        page.wait_for_selector(".md-search-result__item a[href*='difficulty.html']")

    assert watch.errors == []
    assert [url for url in elsewhere if url.startswith("http")] == []


def test_names_of_settings_stay_whole_and_no_page_is_wider_than_a_phone(site: Path):
    broken = "each => each.getClientRects().length > 1"
    names = ".md-typeset td:first-child code"
    with open_browser() as browser:
        page = browser.new_page(viewport={"width": 420, "height": 900})
        for file in sorted(site.glob("*.html")):
            page.goto(file.as_uri())
            width = page.evaluate("document.documentElement.scrollWidth")
            found = page.evaluate(
                f"[...document.querySelectorAll('{names}')].filter({broken}).length"
            )
            assert (file.name, width, found) == (file.name, 420, 0)
