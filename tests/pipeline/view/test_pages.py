"""What the pages show, as HTML, and the filters of addresses."""

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from starlette.testclient import TestClient

from pipeline.cli.publish import publish
from pipeline.cli.view import list_tables
from pipeline.errors import UserError
from pipeline.view.app import build
from pipeline.view.library import find_files, find_project
from pipeline.view.shelf import Shelf
from tests.support import project


def look_at(folder: Path, drafts: Path | None = None) -> TestClient:
    """A client of the page on the files of a folder."""
    library = find_files("set", folder, list_tables(folder, drafts or folder))
    app = build(Shelf(lambda: library), {"localhost"})
    return TestClient(app, base_url="http://localhost")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three rows kept and one dropped, with samples of one of them."""
    kept = pl.DataFrame(
        {
            "id": ["a/0", "a/1", "b/0"],
            "source": ["a", "a", "b"],
            "problem": ["What is $1+1$?", "Say 50%_x", "Prove it."],
            "answer": ["2", "50", None],
            "pass_rate": [0.25, 0.75, None],
            "meta": ['{"level": 3}', '{"level": 5}', "{oops"],
        }
    )
    kept.write_parquet(tmp_path / "kept.parquet")
    dropped = pl.DataFrame(
        {
            "id": ["a/2"],
            "source": ["a"],
            "problem": ["What is 1+1, Ann?"],
            "answer": ["3"],
            "reason": ["near_duplicate"],
            "twin": ["a/0"],
            "score": [0.9],
            "evidence": ['{"kept_problem": "What is $1+1$?"}'],
        }
    )
    dropped.write_parquet(tmp_path / "dropped.parquet")
    grades = pl.DataFrame(
        {
            "id": ["a/0"] * 4,
            "sample": [0, 1, 2, 3],
            "model": ["m"] * 4,
            "pass": [None] * 4,
            "correct": [True, False, False, None],
            "extracted": ["2", "3", "3", None],
            "why": ["equal", "differs", "differs", "no answer found"],
        },
        schema_overrides={"pass": pl.String},
    )
    grades.write_parquet(tmp_path / "grades.parquet")
    rollouts = grades.select("id", "sample", "model", "pass").with_columns(
        completion=pl.Series([rf"\boxed{{{n}}}" for n in "2330"])
    )
    rollouts.reverse().write_parquet(tmp_path / "rollouts.parquet")
    return tmp_path


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", ["a/0", "a/1", "b/0", "a/2"]),
        ("table=kept", ["a/0", "a/1", "b/0"]),
        ("source=b", ["b/0"]),
        ("reason=near_duplicate", ["a/2"]),
        ("reason=∅&source=a", ["a/0", "a/1"]),
        ("min=0.5", ["a/1"]),
        ("max=0.5", ["a/0"]),
        ("meta.level=5", ["a/1"]),
        ("q=what is", ["a/0", "a/2"]),
        ("q=What", ["a/0", "a/2"]),
        ("q=WHAT", []),
        ("q=%25_", ["a/1"]),
        ("q=.*", []),
        ("q=(%23%26~- %0A[", []),
        ("q=a/2", ["a/2"]),
        ("sort=-pass_rate&table=kept", ["a/1", "a/0", "b/0"]),
        ("page=1", []),
    ],
)
def test_an_address_says_which_rows(folder, query, ids):
    page = look_at(folder).get(f"/rows?{query}").text

    listed = page.partition("<tbody>")[2]
    known = ["a/0", "a/1", "b/0", "a/2"]
    found = sorted(
        (listed.find(f">{id}</a>"), id) for id in known if f">{id}</a>" in listed
    )
    assert [id for _, id in found] == ids


@pytest.mark.parametrize(
    ("query", "mistake"),
    [
        ("table=nothing", "there is no table &#39;nothing&#39;"),
        ("min=x", "expected a number"),
        ("page=-1", "expected a number"),
        ("page=1e300", "expected a number"),
        ("sort=nothing", "has no column &#39;nothing&#39;"),
        ("verifier=math", "has no column &#39;verifier&#39;"),
        ("table=grades&min=0.5", "has no column &#39;pass_rate&#39;"),
    ],
)
def test_a_mistake_in_an_address_is_a_page_that_says_so(folder, query, mistake):
    answer = look_at(folder).get(f"/rows?{query}")

    assert answer.status_code == 404
    assert mistake in answer.text


def test_a_row_stands_beside_its_twin_and_says_what_differs(folder):
    page = look_at(folder).get("/row?id=a/2").text

    assert "What is 1+1<del>, Ann</del>?" in page
    assert "What is <ins>$</ins>1+1<ins>$</ins>?" in page
    assert '<a href="/row?id=a%2F0">a/0</a>' in page
    assert "≠ another" in page
    assert look_at(folder).get("/row?id=a/9").status_code == 404


def test_a_row_that_a_stage_elsewhere_let_go_was_not_kept_here(folder):
    dropped = pl.read_parquet(folder / "dropped.parquet")
    dropped = dropped.with_columns(stage=pl.lit("elsewhere"))
    dropped.write_parquet(folder / "dropped.parquet")

    page = look_at(folder).get("/row?id=a/2").text
    assert "let it go: near duplicate" in page
    assert "kept it" not in page


def test_files_that_do_not_fit_together_spoil_no_other_page(folder):
    for number, value in enumerate((date(2026, 1, 1), {"a": 1})):
        file = folder / "odd" / f"0000{number}.parquet"
        file.parent.mkdir(exist_ok=True)
        pl.DataFrame({"n": [value]}).write_parquet(file)
    client = look_at(folder)

    assert client.get("/").status_code == 200
    assert client.get("/rows").status_code == 200
    answer = client.get("/rows?table=odd")
    assert answer.status_code == 404
    assert "the files of &#39;odd&#39; are no table" in answer.text


def test_a_row_that_could_not_be_read_says_why_in_the_list(tmp_path):
    rows = pl.DataFrame(
        {
            "id": ["a/0", "a/1", "a/2"],
            "problem": [None, "1+1?", None],
            "reason": ["source_unreadable", "blank", "source_unreadable"],
            "evidence": ['{"detail": "not JSON: <b>cut"}', '{"detail": "no"}', "[1"],
        },
    )
    rows.write_parquet(tmp_path / "dropped.parquet")
    text = look_at(tmp_path).get("/rows?table=dropped").text

    assert '<div class="clamp none">not JSON: &lt;b&gt;cut</div>' in text
    assert text.count('class="clamp none"') == 1


def test_an_empty_table_says_so(folder):
    pl.DataFrame({"id": [], "problem": []}).write_parquet(folder / "empty.parquet")
    client = look_at(folder)
    assert "This table has no rows" in client.get("/rows?table=empty").text
    assert "Take a filter away" in client.get("/rows?q=nothing").text


def test_samples_have_their_verdict_answer_why_and_text(folder):
    client = look_at(folder)
    page = client.get("/samples?correct=false").text
    assert page.count("differs") == 2
    assert page.count(r"\boxed{3}") == 2
    assert page.count("gold 2") == 2

    assert client.get("/samples?correct=∅").text.count("no answer found") == 1
    row = client.get("/row?id=a/0").text
    assert row.count('class="sample"') == 4
    votes = row.partition('class="votes"')[2].partition("</ol>")[0]
    assert [votes.count(text) for text in ("2 of 4", "1 of 4")] == [1, 2]


def test_a_plain_file_says_nothing_of_what_was_kept(tmp_path):
    rows = pl.DataFrame({"id": ["a"], "problem": ["1+1?"]})
    rows.write_parquet(tmp_path / "t.parquet")
    assert "kept" not in look_at(tmp_path).get("/row?id=a").text


def test_what_is_drawn_can_be_read_as_written(folder):
    client = look_at(folder)
    assert "<math" in client.get("/row?id=a/0").text
    assert "What is $1+1$?</div>" in client.get("/row?id=a/0&raw=1").text


def test_rows_before_and_behind_are_those_of_the_list(folder):
    page = look_at(folder).get("/row?id=a/1&source=a&sort=-id&at=1").text

    assert (
        'href="/row?table=rows&amp;sort=-id&amp;source=a&amp;id=a%2F2&amp;at=0"' in page
    )
    assert (
        'href="/row?table=rows&amp;sort=-id&amp;source=a&amp;id=a%2F0&amp;at=2"' in page
    )


def test_a_page_follows_files_that_change(tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.view.shelf.LOOK_S", 0)
    rows = pl.DataFrame({"id": ["a"], "problem": ["first"]})
    rows.write_parquet(tmp_path / "t.parquet")
    client = look_at(tmp_path)
    assert "first" in client.get("/rows").text

    changed = rows.with_columns(problem=pl.lit("second"), source=pl.lit("s"))
    changed.write_parquet(tmp_path / "t.parquet")
    assert "second" in client.get("/rows").text


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_a_file_of_any_kind_is_a_table(tmp_path, suffix):
    rows = pl.DataFrame({"question": ["1+1?"], "n": [3]})
    file = tmp_path / f"mine{suffix}"
    {".jsonl": rows.write_ndjson, ".csv": rows.write_csv}.get(
        suffix, rows.write_parquet
    )(file)
    (tmp_path / "drafts").mkdir()

    tables = list_tables(file, tmp_path / "drafts")
    page = look_at(file, tmp_path / "drafts").get("/rows").text

    assert [*tables] == ["mine"]
    assert "1+1?" in page
    assert "<b>1</b>" not in page
    assert "1 <span>row of mine</span>" in page


def test_shards_are_one_table_and_a_folder_without_tables_is_a_mistake(tmp_path):
    rows = pl.DataFrame({"id": ["a"]})
    for name in (
        "x/00000",
        "x/00001",
        "rl/train-00000-of-00002",
        "rl/train-00001-of-00002",
    ):
        file = tmp_path / f"{name}.parquet"
        file.parent.mkdir(exist_ok=True)
        rows.write_parquet(file)
    tables = list_tables(tmp_path, tmp_path)
    assert {name: len(files) for name, files in tables.items()} == {
        "x": 2,
        "rl": 2,
    }

    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="holds no tables"):
        list_tables(tmp_path / "empty", tmp_path)
    with pytest.raises(UserError, match="does not exist"):
        list_tables(tmp_path / "nowhere", tmp_path)


def test_stages_of_an_earlier_run_are_told_from_this_one(tmp_path, monkeypatch):
    monkeypatch.chdir(project.run_in(tmp_path))

    def see() -> str:
        app = build(Shelf(find_project), {"localhost"})
        return TestClient(app, base_url="http://localhost").get("/").text

    notice = "of an earlier run, which had"
    assert notice not in see()

    file = Path("data_cards/metrics/quality.json")
    counts = json.loads(file.read_text())
    file.write_text(json.dumps(counts | {"rows_out": counts["rows_out"] - 1}))
    text = see()
    assert text.count(notice) == 1
    assert text.index("<b>quality</b>") < text.index(notice) < text.index("<b>ask</b>")


def test_a_published_set_is_rows_kept_and_dropped(tmp_path, monkeypatch):
    monkeypatch.chdir(project.run_in(tmp_path))
    publish("me/set", dry_run=tmp_path / "set", public=False)
    client = look_at(tmp_path / "set", tmp_path)
    start, rows = client.get("/").text, client.get("/rows").text

    for name in ("rl", "sft", "kept", "dropped", "grades", "rows"):
        assert f">{name}</a>" in start, name
    assert "6 <span>rows, kept or not" in rows
    assert "exact duplicate" in rows
    assert "4 samples" in client.get("/row?id=a/00000").text
