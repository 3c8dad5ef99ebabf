"""sql, explain and funnel, on what a small run left behind."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.cli import funnel, ledger
from pipeline.errors import UserError
from tests.support.project import HERE, ITEM, SECTIONS, run_in


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return run_in(tmp_path)


def printed(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


def test_dropped_is_the_ledger_of_all_stages(project: Path, capsys):
    ledger.sql(
        "select stage, reason, id from dropped order by id, stage", format="json"
    )

    lines = [json.loads(line) for line in printed(capsys).splitlines()]
    assert [tuple(line.values()) for line in lines] == [
        ("dedup_exact", "exact_duplicate", "a/00001"),
        ("decontaminate", "contaminated", "a/00002"),
        ("difficulty", "too_easy", "a/00003"),
        ("collect", "source_unreadable", "a/00005"),
    ]


def test_every_table_is_a_view(project: Path, capsys):
    ledger.sql("select name from (show all tables)", format="csv")

    views = set(printed(capsys).split()[1:])
    assert views >= {
        "benchmarks", "collect_a", "pool", "quality", "dedup_exact", "rollouts",
        "grades", "difficulty", "verify", "select", "dropped", "export_rl",
        "export_sft",
    }  # fmt: skip


def test_a_source_of_an_earlier_recipe_is_no_view(project: Path, capsys):
    shutil.copy("data/collect/a.parquet", "data/collect/former.parquet")
    ledger.sql("select name from (show all tables)", format="csv")

    assert "former" not in printed(capsys)


def test_a_table_is_printed_for_people(project: Path, capsys):
    ledger.sql("select count(*) as rows from pool")

    assert "5" in printed(capsys)


def test_lists_and_objects_stand_in_a_csv_as_json(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    ledger.sql("select [1, 2] a, {'b': 'ü'} o, null n, 'x,y' t", format="csv")

    assert printed(capsys) == 'a,o,n,t\n"[1, 2]","{""b"": ""ü""}",,"x,y"\n'


@pytest.mark.parametrize("format", ["table", "csv", "json"])
def test_a_query_that_fails_on_a_row_is_a_mistake(project: Path, format: str):
    with pytest.raises(UserError, match="Could not convert"):
        ledger.sql("select problem::int from pool", format=format)


def test_a_mistake_in_a_query_names_the_views(project: Path):
    with pytest.raises(UserError, match="pol") as error:
        ledger.sql("select * from pol")
    assert "pool" in error.value.hint


def test_a_query_cannot_change_the_files(project: Path):
    before = (project / "data/pool.parquet").read_bytes()
    with pytest.raises(UserError):
        ledger.sql("delete from pool")

    assert (project / "data/pool.parquet").read_bytes() == before


def test_explain_tells_who_kept_and_who_dropped_a_row(project: Path, capsys):
    ledger.explain("a/00002")

    output = printed(capsys)
    assert "kept     by dedup_ngram" in output
    assert "dropped  by decontaminate: contaminated, score 1.000" in output
    assert "benchmark: exam" in output
    assert f"twin     exam/00000: {ITEM}" in output


def test_explain_shows_the_twin_that_stayed(project: Path, capsys):
    ledger.explain("a/00001")

    assert "twin     a/00000: 1+1?" in printed(capsys)


def test_explain_counts_the_traces_of_a_row_by_their_fate(project: Path, capsys):
    ledger.explain("a/00000")

    assert "traces   learnt from 1, not_best 1" in printed(capsys).splitlines()


def test_explain_tells_the_pass_rate_of_a_row_that_stayed(project: Path, capsys):
    ledger.explain("a/00000")

    output = printed(capsys)
    assert "n_correct 2, n_undecided 0, tokens_right 4.5, pass_rate 0.5" in output
    assert "in the data set" in output


def test_a_row_that_was_never_read_is_explained_too(project: Path, capsys):
    ledger.explain("a/00005")

    assert "dropped  by collect: source_unreadable" in printed(capsys)


def test_an_unknown_row_names_near_ones(project: Path):
    with pytest.raises(UserError, match="'a/0000'") as error:
        ledger.explain("a/0000")
    assert error.value.hint.startswith("did you mean a/0000")


def test_before_anything_has_run_it_says_what_to_run(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(HERE / "dvc.yaml", tmp_path)

    with pytest.raises(UserError) as error:
        ledger.explain("a/00000")
    assert "dvc repro" in error.value.hint
    with pytest.raises(UserError, match="nothing has run"):
        funnel.funnel()


def test_what_an_earlier_recipe_left_is_not_counted(project: Path, capsys):
    (project / "data/dropped/collect/a.parquet").rename(
        project / "data/dropped/collect/old.parquet"
    )
    (project / "data_cards/metrics/collect/old.json").write_text(
        '{"rows_in": 999, "rows_out": 999, "dropped": {}}'
    )
    ledger.sql("select count(*) n from dropped where stage = 'collect'", format="csv")
    assert printed(capsys) == "n\n0\n"

    funnel.funnel()
    assert "999" not in printed(capsys)


def lock(**settings: Any) -> None:
    """A dvc.lock that says with which settings each stage was run."""
    stages = {
        name: {"params": {"params.yaml": {name: value}}}
        for name, value in settings.items()
    }
    Path("dvc.lock").write_text(yaml.safe_dump({"schema": "2.0", "stages": stages}))


def test_the_funnel_ends_where_a_former_recipe_begins(project: Path, capsys):
    lock(quality=SECTIONS["quality"], dedup_ngram={"n": 9}, evaluate={"samples": 2})
    file = project / "data_cards/metrics/evaluate.json"
    file.write_text(json.dumps({"models": {"base": SCORES}}))
    funnel.funnel()

    shown, _, rest = printed(capsys).partition("not shown, because another recipe")
    assert "dedup_exact" in shown
    assert "dedup_ngram" not in shown
    assert "made them: dedup_ngram, dedup_embedding, decontaminate," in rest
    assert "0.400 to 0.600" not in rest


def test_the_funnel_ends_where_rows_do_not_go_on(project: Path, capsys):
    metrics = {"rows_in": 5, "rows_out": 4, "dropped": {"over_quota": 1}}
    (project / "data_cards/metrics/pool.json").write_text(json.dumps(metrics))
    funnel.funnel()

    assert "another recipe made them: quality, ask, dedup_exact" in printed(capsys)


def test_a_recipe_of_which_nothing_has_run_has_no_funnel(project: Path):
    sections = SECTIONS | {"collect": {"b": SECTIONS["collect"]["a"]}}
    lock(**{"collect@a": {}})
    Path("params.yaml").write_text(yaml.safe_dump(sections))
    counted = project / "data_cards/metrics/collect"
    shutil.copy(counted / "a.json", counted / "b.json")
    with pytest.raises(UserError, match="nothing has run yet with this recipe"):
        funnel.funnel()


def test_the_funnel_says_how_long_stages_took(project: Path, capsys):
    folder = project / "data/timings"
    folder.mkdir()
    times = {
        "collect@a": 1.2, "collect@b": 1.3, "quality": 61.0, "rollouts": 3600.0,
        "sft": 9.0,  # of an earlier recipe: this one has it off
    }  # fmt: skip
    for name, seconds in times.items():
        (folder / f"{name}.json").write_text(json.dumps({"seconds": seconds}))
    funnel.funnel()

    shown = printed(capsys)
    assert "0:00:02" in shown, "1.2 + 1.3 s, rounded to even"
    assert "0:01:01" in shown
    assert "1:01:04 in all; beside these stages: rollouts 1:00:00" in shown


SCORES = {
    "pass@1": 0.5,
    "pass@1_interval": [0.4, 0.6],
    "mean_tokens": 1234.2,
    "truncated": 4,
    "samples": 32,
}


def test_the_funnel_counts_every_stage_and_shows_training(project: Path, capsys):
    file = project / "data_cards/metrics/evaluate.json"
    settings = {
        "preset": "open_r1",
        "unlike_preset": ["samples"],
        "samples": 2,
        "temperature": 0.6,
        "top_p": 0.95,
        "max_tokens": 32768,
    }
    metrics = {"settings": {"aime24": settings}, "models": {"base": SCORES}}
    file.write_text(json.dumps(metrics))
    funnel.funnel()

    output = printed(capsys)
    for stage in ("collect", "dedup_exact", "select"):
        assert stage in output
    assert "contaminated 1" in output
    assert "off" in output or "dedup_embedding" in output
    assert "0.400 to 0.600" in output
    assert "0.500" in output
    assert "1,234" in output
    assert "12.5%" in output, "4 of 32 samples"
    as_preset = "at most 32,768 tokens, as open_r1 but for samples"
    assert as_preset in " ".join(output.split())


@pytest.mark.parametrize("off", ["off", "'off'"])
def test_the_funnel_shows_no_evaluation_of_an_earlier_recipe(
    project: Path, capsys, off: str
):
    file = project / "data_cards/metrics/evaluate.json"
    file.write_text(json.dumps({"models": {"base": SCORES}}))
    with (project / "params.yaml").open("a") as params:
        params.write(f"evaluate: {off}\n")
    funnel.funnel()

    assert "0.400 to 0.600" not in printed(capsys)


def test_tables_without_rows_or_columns_break_no_query(project: Path, capsys):
    import polars as pl

    for name in ("rl", "sft"):
        table = pl.read_parquet(f"data/export/{name}.parquet")
        table.clear().write_parquet(f"data/export/{name}.parquet")
    pl.DataFrame().write_parquet("data/export/verl.parquet")
    pl.DataFrame().write_parquet("data/dropped/quality.parquet")
    shutil.rmtree("data/rollouts")
    Path("data/rollouts").mkdir()
    ledger.sql("select count(*) n from export_rl, export_sft", format="csv")
    ledger.sql("select count(*) n from dropped", format="csv")
    ledger.explain("a/00000")

    assert printed(capsys).startswith("n\n0\nn\n4\n")


def test_explain_shows_what_each_stage_added_and_which_were_off(project: Path, capsys):
    ledger.explain("a/00000")

    lines = printed(capsys).splitlines()
    assert "kept     by quality: n_chars 4, answer_type integer" in lines
    assert "kept     by dedup_embedding (off)" in lines
    assert "kept     by select: curriculum_rank 0" in lines
