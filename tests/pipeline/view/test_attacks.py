"""Rows of strangers, pages of other sites, other names of this machine."""

import contextlib

import polars as pl
import pytest
from starlette.testclient import TestClient

from pipeline.view.app import build
from pipeline.view.library import find_files, open_closed
from pipeline.view.reviews import Review, write_reviews
from pipeline.view.shelf import Shelf
from tests.support.browser import Watch, open_browser, serve_view

HOSTILE = (
    "<script>window.hacked=1</script>",
    '"><img src=x onerror="window.hacked=1">',
    "'><svg/onload=window.hacked=1>",
    "javascript:window.hacked=1//",
    r"$\href{javascript:window.hacked=1}{x}$",
    r"$\text{<img src=x onerror=window.hacked=1>}$",
    r"$\style{background:url(//evil.example)}{x}$",
    "```html\n<script>window.hacked=1</script>\n```",
    "`<img src=x onerror=window.hacked=1>`",
    "{{ 7*7 }}{% raw %}",
    "</textarea></select><script>window.hacked=1</script>",
    "⟦<script>window.hacked=1</script>⟧",
    "\x00\u202e\ufeff<b onclick=window.hacked=1>",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Kept and dropped rows of which every text attacks, in files whose names do."""
    folder = tmp_path_factory.mktemp("hostile")
    count = len(HOSTILE)
    rows = pl.DataFrame(
        {
            "id": [f"{text}/{n}" for n, text in enumerate(HOSTILE)],
            **{
                name: HOSTILE
                for name in ("source", "license", "problem", "answer", "verifier")
            },
            "<img src=x onerror=window.hacked=1>": HOSTILE,
            "pass_rate": [0.5] * count,
            "solutions": [[{"text": text, "model": text}] for text in HOSTILE],
        }
    )
    rows.write_parquet(folder / "kept.parquet")
    dropped = rows.with_columns(
        id=pl.col("id") + "!",
        stage="source",
        reason="source",
        twin="id",
        evidence=pl.lit('{"<script>window.hacked=1</script>": "<b>", "span": "s"}'),
    )
    dropped.write_parquet(folder / "dropped.parquet")
    samples = rows.select("id", sample=0, model="source", **{"pass": "source"})
    verdicts = rows.select(extracted="answer", why="answer", judge_why="answer")
    grades = samples.hstack(verdicts).with_columns(correct=pl.lit(None, pl.Boolean))
    grades.write_parquet(folder / "grades.parquet")
    completions = samples.hstack(rows.select(completion="answer"))
    completions.write_parquet(folder / "rollouts.parquet")
    names = ("item", "text", "item_text", "benchmark", "method", "level", "field")
    pairs = rows.select("id", *(pl.col("answer").alias(name) for name in names))
    pairs.with_columns(score=0.5).write_parquet(folder / "pairs.parquet")
    weighed = rows.with_columns(key_wrong_p=0.5, majority_answer="answer")
    weighed.write_parquet(folder / "weighed.parquet")
    rows.write_ndjson(folder / "<img src=x onerror=window.hacked=1>.jsonl")
    rows.write_parquet(folder / "it's [a] *.parquet")
    write_reviews(folder, [Review(id, "bad", id, id) for id in rows["id"]])
    return folder


def test_no_row_runs_a_script_or_leaves_the_page(folder):
    with open_browser() as browser, serve_view(folder) as address:
        context = browser.new_context(base_url=address)
        page = context.new_page()
        watch = Watch(page)
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        seen, ahead = set(), ["/", "/rows", "/rows?table=dropped"]
        ahead += ["/hits", "/samples", "/suspects", "/reviews", "/sql?sql=from+rows"]
        while ahead and len(seen) < 22:
            path = ahead.pop(0)
            seen.add(path)
            assert page.goto(path).ok, path
            assert page.evaluate("window.hacked") is None, path
            assert page.locator("main img, main script, [onerror]").count() == 0
            links = page.eval_on_selector_all("a", LINKS)
            assert all(link.startswith(f"{address}/") for link in links), links
            page_links = [link for link in links if "/row?" in link or "table=" in link]
            new = [link for link in page_links if link not in (*seen, *ahead)]
            ahead += new[:8]
        context.close()

    assert len(seen) == 22
    assert watch.errors == []
    assert all(url.startswith(address) for url in asked)


LINKS = "links => links.map(link => link.href).filter(href => !href.includes('#'))"


@pytest.fixture
def client(tmp_path):
    pl.DataFrame({"id": ["a"], "problem": ["1+1?"]}).write_parquet(
        tmp_path / "t.parquet"
    )
    library = find_files("t", tmp_path, {"t": (tmp_path / "t.parquet",)})
    app = build(Shelf(lambda: library), {"127.0.0.1", "localhost", "::1"})
    return TestClient(app, base_url="http://127.0.0.1:8418")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8418", 200),
        ("localhost:1", 200),
        ("[::1]:8418", 200),
        ("evil.example:8418", 421),
        ("127.0.0.1.evil.example", 421),
        ("192.168.0.7:8418", 421),
        ("[", 421),
        ("", 421),
    ],
)
def test_a_name_that_merely_points_here_is_refused(client, host, status):
    assert client.get("/", headers={"Host": host}).status_code == status


@pytest.mark.parametrize(
    "origin", [None, "null", "http://evil.example", "http://127.0.0.1"]
)
def test_forms_of_other_sites_are_refused(client, origin):
    headers = {} if origin is None else {"Origin": origin}
    assert client.post("/rows", headers=headers).status_code == 403


def test_every_answer_forbids_scripts_that_are_not_ours(client):
    for path in ("/", "/rows", "/row?id=b", "/nowhere", "/static/view.js", "/code.css"):
        policy = client.get(path).headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy


def test_no_file_beside_the_static_ones_is_served(client):
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static//etc/passwd"):
        assert client.get(path).status_code == 404


def test_others_need_the_token_once(tmp_path):
    pl.DataFrame({"id": ["a"]}).write_parquet(tmp_path / "t.parquet")
    library = find_files("t", tmp_path, {"t": (tmp_path / "t.parquet",)})
    app = build(Shelf(lambda: library), {"0.0.0.0"}, token="secret")
    client = TestClient(app, base_url="http://192.168.0.7:8418")

    assert client.get("/").status_code == 401
    assert client.get("/?token=wrong").status_code == 401
    assert client.get("/?token=secret").status_code == 200
    assert client.get("/rows").status_code == 200
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 421


@pytest.mark.parametrize(
    "query",
    [
        "from read_text('/etc/passwd')",
        "from read_csv('/etc/passwd')",
        "from glob('/*')",
        "from parquet_metadata('t.parquet')",
        "copy t to 'stolen.csv'",
        "attach 'other.db'",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "reset lock_configuration",
        "export database 'stolen'",
        "insert into t values ('b')",
        "drop view t",
        "pragma enable_profiling",
    ],
)
def test_a_closed_connection_opens_and_changes_nothing(tmp_path, monkeypatch, query):
    import duckdb

    monkeypatch.chdir(tmp_path)
    pl.DataFrame({"id": ["a"]}).write_parquet("t.parquet")
    library = find_files("t", tmp_path, {"t": (tmp_path / "t.parquet",)})
    with open_closed(library) as connection:
        assert connection.execute("from t").fetchall() == [("a",)]
        with contextlib.suppress(duckdb.Error):
            connection.execute(query)
    assert [file.name for file in tmp_path.iterdir()] == ["t.parquet"]
    assert pl.read_parquet("t.parquet")["id"].to_list() == ["a"]
