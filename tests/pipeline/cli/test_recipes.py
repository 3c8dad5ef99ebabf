"""`goldsieve recipe`: list, show, use, diff and pin."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from pipeline import recipe
from pipeline import recipes as named
from pipeline.cli import recipes
from pipeline.errors import UserError

HERE = Path(__file__).parents[3]
WHOLE = "# The first.\ncard: {title: One}\n"
SKYWORK = {
    "extends": "_rl",
    "about": {
        "system": "Skywork-OR1",
        "domain": "math",
        "paper": "arXiv 2505.22312",
        "size": {"out": 105055},
    },
    "collect": {"skywork": {"where": "meta.failures > 0"}},
    "quality": {"drop": ["link"]},
    "grpo": {"algorithm": "dapo"},
}


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a whole recipe, and one that extends a base."""
    monkeypatch.chdir(tmp_path)
    # The package has recipes, too: here it has one.
    monkeypatch.setattr(named, "project_files", lambda: tmp_path / "package")
    packaged = tmp_path / "package/recipes"
    packaged.mkdir(parents=True)
    shutil.copy(HERE / "dvc.yaml", tmp_path)
    (tmp_path / "recipes").mkdir()
    write("whole", WHOLE)
    write("_rl", "quality: off\ncard: {title: A base}\nsft: off\ngrpo: off\n")
    write("_sources", "skywork: {adapter: verl, repo: Skywork/or1, revision: null}\n")
    write("skywork", yaml.safe_dump(SKYWORK, sort_keys=False))
    return tmp_path


def write(name: str, text: str) -> None:
    Path(f"recipes/{name}.yaml").write_text(text)


def test_a_whole_recipe_keeps_its_comments():
    recipes.run("use", ["whole"])

    head, _, rest = Path("params.yaml").read_text().partition("\n")
    assert head.startswith("# Written by `goldsieve recipe use whole` [")
    assert rest == WHOLE


def test_a_recipe_that_extends_another_is_written_in_full():
    recipes.run("use", ["skywork"])

    assert recipe.read() == {
        "quality": {"drop": ["link"]},
        "card": {"title": "A base"},
        "sft": False,
        "grpo": {"algorithm": "dapo"},
        "about": SKYWORK["about"],
        "collect": {
            "skywork": {
                "adapter": "verl",
                "repo": "Skywork/or1",
                "revision": None,
                "where": "meta.failures > 0",
            }
        },
        "pool": {"order": ["skywork"]},
    }


def test_what_was_written_and_not_edited_may_be_replaced():
    recipes.run("use", ["skywork"])
    write("skywork", "extends: _rl\n")  # the recipe goes on, params.yaml did not

    recipes.run("use", ["whole"])
    assert recipes.active() == "whole"


def test_a_copy_of_a_recipe_is_that_recipe():
    shutil.copy("recipes/whole.yaml", "params.yaml")

    assert recipes.active() == "whole"
    recipes.run("use", ["skywork"])


def test_edits_are_lost_only_where_that_is_wanted():
    recipes.run("use", ["whole"])
    with Path("params.yaml").open("a") as file:
        file.write("pool: {order: []}\n")

    assert recipes.active() is None
    with pytest.raises(UserError, match="edits that no recipe holds"):
        recipes.run("use", ["skywork"])
    recipes.run("use", ["skywork"], force=True)
    assert recipes.active() == "skywork"


def test_a_recipe_without_commits_says_how_to_get_them(
    capsys: pytest.CaptureFixture[str],
):
    recipes.run("use", ["skywork"])

    told = "without a commit: collect.skywork; `goldsieve recipe pin skywork`"
    assert told in capsys.readouterr().out


def test_pinning_keeps_the_commits_as_edits(monkeypatch: pytest.MonkeyPatch):
    commits = {"Skywork/or1": "c" * 40}
    monkeypatch.setattr(recipes, "_latest_commit", lambda key, repo: commits[repo])
    recipes.run("use", ["skywork"])
    recipes.run("pin", ["skywork"])

    assert recipe.read()["collect"]["skywork"]["revision"] == "c" * 40
    with pytest.raises(UserError, match="edits that no recipe holds"):
        recipes.run("use", ["skywork"])


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("model", "model"),
        ("rollouts.passes.0.model", "model"),
        ("collect.models", "dataset"),
        ("benchmarks.sets.3", "dataset"),
    ],
)
def test_models_and_data_sets_are_asked_for_as_what_they_are(
    key: str, kind: str, monkeypatch: pytest.MonkeyPatch
):
    for name in ("model", "dataset"):
        monkeypatch.setattr(
            f"huggingface_hub.HfApi.{name}_info",
            lambda _, repo, timeout, name=name: SimpleNamespace(sha=f"{name} {repo}"),
        )

    assert recipes._latest_commit(key, "a/b") == f"{kind} a/b"


def test_pinning_without_the_hub_changes_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)

    with pytest.raises(UserError, match=r"collect\.skywork: the Hub says nothing"):
        recipes.run("pin", ["skywork"])
    assert not Path("params.yaml").exists()


def test_recipes_differ_by_their_values_and_not_by_their_words(
    capsys: pytest.CaptureFixture[str],
):
    write("other", "extends: skywork\nabout: {paper: x}\nquality: {drop: [], min: 2}\n")
    recipes.run("diff", ["skywork", "other"])

    assert capsys.readouterr().out == (
        "quality.drop: – → []\nquality.drop.0: link → –\nquality.min: – → 2\n"
    )


def test_the_list_says_what_a_recipe_is(capsys: pytest.CaptureFixture[str]):
    recipes.run("use", ["skywork"])
    capsys.readouterr()
    recipes.run("list", [])

    assert capsys.readouterr().out == (
        "* skywork  Skywork-OR1 · math · 105,055 · public data\n"
        "      sources    skywork\n"
        "      operators  collect.where, quality\n"
        "  whole  – · – · – · public data\n"
        "      sources    –\n"
        "      operators  –\n"
    )


@pytest.mark.parametrize(
    ("sections", "status"),
    [
        ("collect: {a: {adapter: math}}", "fixtures only"),
        ("rollouts: {engine: server}", "needs generation"),
        ("rollouts: {engine: replay}", "public data"),
    ],
)
def test_the_status_says_on_what_a_recipe_runs(
    sections: str, status: str, capsys: pytest.CaptureFixture[str]
):
    write("whole", sections)
    recipes.run("list", [])

    assert f"  whole  – · – · – · {status}\n" in capsys.readouterr().out


def test_the_survey_s_tables_come_from_the_recipes(capsys: pytest.CaptureFixture[str]):
    write("traces", "extends: _rl\nabout: {system: s1K, kind: sft}\n")
    recipes.run("list", [], markdown=True)

    sft, _, rl = capsys.readouterr().out.partition("### Sets for reinforcement")
    assert "| s1K | – | – | – | – | public data | – | `traces` |" in sft
    assert (
        "| Skywork-OR1 | math | skywork | collect.where, quality | 105,055 | "
        "public data | arXiv 2505.22312 | `skywork` |" in rl
    )


def test_an_unknown_recipe_names_the_known_ones():
    with pytest.raises(UserError, match="'two'") as error:
        recipes.run("show", ["two"])
    assert error.value.hint == "try skywork, whole; `goldsieve recipe list` has all"


def test_a_recipe_of_the_package_is_used_and_extended_without_a_copy_of_it(
    capsys: pytest.CaptureFixture[str],
):
    Path("package/recipes/shipped.yaml").write_text("card: {title: Shipped}\n")
    write("mine", "extends: shipped\ncard: {title: Mine}\n")
    recipes.run("list", [])
    recipes.run("use", ["shipped"])

    told = capsys.readouterr().out
    assert "shipped" in told
    assert "extends: shipped" in told
    assert named.resolve("mine")["card"] == {"title": "Mine"}
    write("shipped", "card: {title: My own}\n")
    assert named.resolve("shipped") == {"card": {"title": "My own"}}


def test_the_active_recipe_of_the_repository_is_the_demo(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.chdir(HERE)

    assert Path("params.yaml").read_text() == recipes.render("demo")
