"""Marks of a reviewer: kept, used by `where`, to and from Label Studio; free SQL."""

import json
from pathlib import Path

import polars as pl
import pytest
from starlette.testclient import TestClient

from pipeline.errors import UserError
from pipeline.sql import select
from pipeline.view.app import build
from pipeline.view.label_studio import CONFIG, write_tasks
from pipeline.view.library import find_files
from pipeline.view.marking import read_marks
from pipeline.view.questions import ask
from pipeline.view.reviews import Review, find_review, read_reviews, write_reviews
from pipeline.view.shelf import Shelf
from stages.sources._load import read_source
from stages.sources._source import Source

ORIGIN = {"Origin": "http://localhost"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    rows = pl.DataFrame(
        {"id": ["a/00000", "a/00001"], "problem": ["1+1?", "2+2?"], "answer": "2"}
    )
    rows.write_parquet(tmp_path / "rows.parquet")
    return tmp_path


@pytest.fixture
def client(project: Path) -> TestClient:
    files = {"rows": (project / "rows.parquet",)}
    app = build(Shelf(lambda: find_files("t", project, files)), {"localhost"})
    return TestClient(app, base_url="http://localhost", follow_redirects=False)


def secret_of(client: TestClient) -> str:
    page = client.get("/row?id=a/00000").text
    return page.partition('name="secret" value="')[2].partition('"')[0]


def test_marks_are_kept_in_the_order_of_rows_and_the_last_one_counts(tmp_path):
    write_reviews(tmp_path, [Review("a/00010", "bad"), Review("a/00009", "good")])
    write_reviews(tmp_path, [Review("a/00010", "unsure", "Why?"), Review("b/x", "bad")])

    assert read_reviews(tmp_path) == [
        Review("a/00009", "good"),
        Review("a/00010", "unsure", "Why?"),
        Review("b/x", "bad"),
    ]
    assert [*json.loads((tmp_path / "reviews/a.json").read_text())] == ["9", "10"]
    assert find_review(tmp_path, "a/00010") == Review("a/00010", "unsure", "Why?")

    write_reviews(tmp_path, [Review("a/00009", "")])
    assert find_review(tmp_path, "a/00009") is None


@pytest.mark.parametrize(
    "id", ["../../etc/x", "/x", "..", "a", "a/b/../c", "é/1", "\0/1"]
)
def test_a_mark_on_any_id_stays_in_its_folder(tmp_path, id):
    home = tmp_path / "home"
    home.mkdir()
    write_reviews(home, [Review(id, "bad")])

    assert find_review(home, id) == Review(id, "bad")
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert [file.parent for file in files] == [home / "reviews"]


def test_a_file_that_holds_no_reviews_is_named(tmp_path):
    (tmp_path / "reviews").mkdir()
    for content in ("[1]", '{"1": {"id": "a/1", "mark": "great"}}', "{"):
        (tmp_path / "reviews/a.json").write_text(content)
        with pytest.raises(UserError, match=r"reviews/a\.json"):
            read_reviews(tmp_path)


def test_a_recipe_reads_the_marks_and_where_uses_them(tmp_path):
    lines = [{"problem": f"{n}+1?", "answer": str(n + 1)} for n in range(3)]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, lines)))
    write_reviews(tmp_path, [Review("a/00001", "bad", "unclear")])

    recorded = {"review": {"path": str(tmp_path / "reviews/a.json")}}
    path = str(tmp_path / "a.jsonl")
    source = Source(adapter="generic", path=path, recorded=recorded)
    rows = read_source("a", source).kept
    left = select(rows, "meta.review.mark is distinct from 'bad'", setting="where")

    assert left["id"].to_list() == ["a/00000", "a/00002"]


def test_a_mark_is_set_by_the_form_of_this_page_alone(client, project):
    form = {"id": "a/00001", "mark": "bad", "note": "two answers", "reviewer": "Ann"}
    assert client.post("/mark", data=form, headers=ORIGIN).status_code == 400
    form["secret"] = secret_of(client)
    assert client.post("/mark", data=form).status_code == 403
    other = {"Origin": "http://evil.example"}
    assert client.post("/mark", data=form, headers=other).status_code == 403
    assert read_reviews(project) == []

    form["onward"] = "id=a/00000"
    answer = client.post("/mark", data=form, headers=ORIGIN)
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/row?id=a%2F00000",
    )
    assert read_reviews(project) == [Review("a/00001", "bad", "two answers", "Ann")]
    assert "two answers" in client.get("/reviews").text
    assert "two answers" in client.get("/row?id=a/00001").text
    asked = client.get("/sql?sql=select mark from reviews join rows using (id)").text
    assert '<div class="clamp">bad</div>' in asked


def test_where_a_form_leads_is_always_a_row(client):
    form = {"id": "a/00001", "mark": "bad", "secret": secret_of(client)}
    for onward in ("//evil.example", "https://evil.example/?id=1", "\r\nX: y"):
        answer = client.post("/mark", data=form | {"onward": onward}, headers=ORIGIN)
        assert answer.headers["location"].startswith("/row")
        assert "X" not in answer.headers


def test_marks_go_to_label_studio_and_come_back(client, project):
    write_reviews(project, [Review("a/00001", "bad", "two answers")])
    tasks = client.get("/tasks.json").json()

    assert [task["data"]["row"] for task in tasks] == ["a/00000", "a/00001"]
    assert tasks[0] == {
        "data": {"row": "a/00000", "problem": "1+1?", "answer": "2"},
        "annotations": [],
    }
    assert read_marks(json.dumps(tasks).encode()) == [
        Review("a/00001", "bad", "two answers", "label studio")
    ]
    assert client.get("/tasks.json?q=2%2B2").json() == tasks[1:]
    assert 'name="mark"' in client.get("/label-studio.xml").text
    assert all(f'<Choice value="{mark}"/>' in CONFIG for mark in ("good", "bad"))


def test_marks_go_to_argilla_and_come_back(client, project):
    write_reviews(project, [Review("a/00001", "bad", "two answers", "Ann")])
    records = client.get("/records.json").json()

    assert [record["id"] for record in records] == ["a/00000", "a/00001"]
    assert records[0]["fields"] == {"problem": "1+1?", "answer": "2"}
    assert records[1]["suggestions"] == {
        "mark": {"value": "bad", "score": None, "agent": "Ann"},
        "note": {"value": "two answers", "score": None, "agent": "Ann"},
    }
    records[0]["responses"] = {
        "mark": [{"value": "bad", "user_id": "1"}, {"value": "good", "user_id": "2"}],
        "note": [{"value": "clear", "user_id": "2"}, {"value": "no", "user_id": "1"}],
    }
    headers = ORIGIN | {"X-Secret": secret_of(client)}
    assert client.post("/import", json=records, headers=headers).json() == {"count": 1}
    assert read_reviews(project)[0] == Review("a/00000", "good", "clear", "argilla 2")


def annotated(mark: str, **more: object) -> dict:
    (task,) = write_tasks([{"id": "a/00000"}], [Review("a/00000", mark)])
    task["annotations"][0] |= more
    return task


def test_what_was_annotated_there_is_imported(client, project):
    cancelled = annotated("bad", was_cancelled=True)
    later = annotated("good", completed_by=7)
    later["annotations"] = cancelled["annotations"] + later["annotations"]
    headers = ORIGIN | {"X-Secret": secret_of(client)}

    assert client.post("/import", json=[later], headers=ORIGIN).status_code == 400
    answer = client.post(
        "/import", json=[later, cancelled, {"data": {}}], headers=headers
    )
    assert answer.status_code == 400
    answer = client.post("/import", json=[later, cancelled], headers=headers)
    assert answer.json() == {"count": 1}
    assert read_reviews(project) == [Review("a/00000", "good", "", "label studio 7")]


def test_marks_of_rows_that_are_not_here_say_so(client, project):
    write_reviews(project, [Review("a/00000", "good"), Review("other/00007", "bad")])
    text = client.get("/reviews").text

    assert "other/00007 <small>no row here</small>" in text
    assert text.count("no row here") == 1


@pytest.mark.parametrize(
    ("content", "mistake"),
    [
        ("{", "no JSON"),
        ("{}", "a list of tasks"),
        ('[{"fields": {}, "id": "a", "responses": {"mark": 1}}]', "record 0"),
        (
            '[{"fields": {}, "id": "a", "responses": {"mark": [{"value": "?"}]}}]',
            "none of",
        ),
        ("[1]", "task 0"),
        ('[{"data": {}}]', "task 0"),
        (json.dumps([annotated("good"), annotated("great")]), "task 1: 'great'"),
        ("[" * 100_000, "no JSON"),
    ],
)
def test_a_mistake_in_what_is_imported_is_named(content, mistake):
    with pytest.raises(UserError, match=mistake):
        read_marks(content.encode())


@pytest.mark.parametrize(
    ("query", "columns", "rows"),
    [
        ("select count(*) n from rows", ["n"], [(2,)]),
        ("from rows order by id limit 1;", ["id", "problem", "answer"], None),
        ("with x as (select 1 a) from x -- why not", ["a"], [(1,)]),
        ("values (1), (2)", ["col0"], [(1,), (2,)]),
    ],
)
def test_a_question_is_answered(project, query, columns, rows):
    library = find_files("t", project, {"rows": (project / "rows.parquet",)})
    result = ask(library, query)

    assert [*result.columns] == columns
    assert rows is None or [*result.rows] == rows
    assert not result.is_cut


@pytest.mark.parametrize(
    ("query", "mistake"),
    [
        ("selec 1", "syntax error"),
        ("select 1; select 2", "one SELECT"),
        ("copy rows to 'x.csv'", "one SELECT"),
        ("attach 'x.db'", "one SELECT"),
        ("set threads = 1", "one SELECT"),
        ("create table t as select 1", "one SELECT"),
        ("from read_text('/etc/passwd')", "disabled"),
        ("from '/etc/passwd'", "does not exist"),
        ("from rows.parquet", "does not exist|disabled"),
        ("with x as (insert into rows values ('b')) from rows", "."),
        ("select 1) union (select 2", "syntax error"),
    ],
)
def test_a_question_that_asks_for_more_is_refused(project, monkeypatch, query, mistake):
    monkeypatch.chdir(project)
    library = find_files("t", project, {"rows": (project / "rows.parquet",)})
    with pytest.raises(UserError, match=mistake):
        ask(library, query)
    assert [file.name for file in project.iterdir()] == ["rows.parquet"]


def test_a_question_that_takes_too_long_is_stopped_and_a_long_answer_cut(project):
    library = find_files("t", project, {"rows": (project / "rows.parquet",)})
    endless = "select count(*) from range(10000000000) a, range(10000000000) b"
    with pytest.raises(UserError, match=r"stopped after 0\.5 seconds"):
        ask(library, endless, limit_s=0.5)

    result = ask(library, "from range(1000000000)")
    assert len(result.rows) == 500
    assert result.is_cut
