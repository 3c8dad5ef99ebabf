"""Recipes extend one another, and say where their numbers come from."""

from pathlib import Path

import pytest
import yaml

from pipeline import recipes
from pipeline.errors import UserError

HERE = Path(__file__).parents[2]
BASE = {"quality": False, "difficulty": {"lo": 1, "list": [1, 2]}, "card": {}}
SOURCES = {
    "aime": {"adapter": "math", "repo": "a/aime", "revision": None, "split": "test"}
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project with a base and one published source."""
    monkeypatch.chdir(tmp_path)
    write("_base", **BASE)
    write("_sources", **SOURCES)
    return tmp_path


def write(name: str, **sections: object) -> None:
    Path("recipes").mkdir(exist_ok=True)
    Path(f"recipes/{name}.yaml").write_text(yaml.safe_dump(sections, sort_keys=False))


def test_mappings_are_merged_and_all_else_is_replaced():
    write("one", extends="_base", difficulty={"list": [3], "hi": 4}, card="off")

    assert recipes.resolve("one") == {
        "quality": False,
        "difficulty": {"lo": 1, "list": [3], "hi": 4},
        "card": "off",
        "collect": {},
        "pool": {"order": []},
    }


def test_a_stage_that_the_base_leaves_out_can_be_turned_on():
    write("one", extends="_base", quality={"drop": ["link"]})

    assert recipes.resolve("one")["quality"] == {"drop": ["link"]}


def test_recipes_extend_recipes():
    write("one", extends="_base", difficulty={"hi": 4}, about={"system": "One"})
    write("two", extends="one", difficulty={"lo": 2}, about={"paper": "arXiv 1"})

    resolved = recipes.resolve("two")
    assert resolved["difficulty"] == {"lo": 2, "list": [1, 2], "hi": 4}
    assert resolved["about"] == {"system": "One", "paper": "arXiv 1"}


def test_recipes_that_extend_each_other_are_an_error():
    write("one", extends="two")
    write("two", extends="one")

    with pytest.raises(UserError, match="one extends two extends one"):
        recipes.resolve("one")


def test_a_published_source_is_taken_by_its_name():
    write("one", extends="_base", collect={"aime": None, "b": {"path": "b.jsonl"}})

    resolved = recipes.resolve("one")
    assert resolved["collect"] == {**SOURCES, "b": {"path": "b.jsonl"}}
    assert resolved["pool"] == {"order": ["aime", "b"]}


def test_a_benchmark_may_be_named_by_its_entry():
    mine = {"name": "mine", "path": "mine.jsonl"}
    write("one", extends="_base", benchmarks={"sets": ["aime24", "aime", mine]})

    assert recipes.resolve("one")["benchmarks"]["sets"] == [
        "aime24",
        {"name": "aime", **SOURCES["aime"]},
        mine,
    ]


def test_a_source_that_lies_elsewhere_keeps_what_its_columns_mean():
    write("one", extends="_base", collect={"aime": {"path": "mine.jsonl"}})

    collect = recipes.resolve("one")["collect"]
    assert collect == {"aime": {"adapter": "math", "path": "mine.jsonl"}}


def test_a_source_may_be_off_and_an_unknown_one_says_what_to_write():
    write("one", extends="_base", collect={"aime": False})
    write("two", extends="_base", collect={"amie": {}})

    assert recipes.resolve("one")["collect"] == {"aime": False}
    with pytest.raises(UserError, match=r"collect\.amie: _sources\.yaml has no such"):
        recipes.resolve("two")


def test_the_order_of_trust_is_the_recipe_s_where_it_gives_one():
    write(
        "one",
        extends="_base",
        collect={"aime": {}, "b": {"path": "b"}},
        pool={"order": ["b", "aime"]},
    )

    assert recipes.resolve("one")["pool"] == {"order": ["b", "aime"]}


def test_a_number_says_where_it_comes_from():
    sections = {
        "about": {"from": {"difficulty": 6.2}, "unpublished": {"a.b": "a guess"}},
        "difficulty": {"lo": 1},
        "a": {"b": {"c": 2.5}, "bb": 3, "flag": True},
        "list": [{"n": 0}],
    }

    assert [mistake.partition(";")[0] for mistake in find(sections)] == [
        "a.bb: 3 comes from nowhere",
        "list.0.n: 0 comes from nowhere",
    ]


def test_a_place_of_a_key_that_is_not_there_is_a_mistake():
    sections = {"about": {"from": {"difficulty.hi": "6.2"}}, "difficulty": {"lo": "a"}}

    assert find(sections) == [
        "about.from.difficulty.hi: the recipe sets no such key",
    ]


def test_a_place_may_be_of_a_part_that_holds_other_things_than_numbers():
    assert find({"about": {"from": {"quality": "3"}}, "quality": {"drop": ["a"]}}) == []
    assert find({"about": {"from": {"quality": "3"}}, "quality": False}) == []


@pytest.mark.parametrize("text", ["1e-6", "5e5", "1.5e6"])
def test_what_yaml_takes_for_a_text_is_a_mistake(text: str):
    sections = yaml.safe_load(f"sft: {{learning_rate: {text}}}")
    (mistake,) = find(sections)

    assert mistake.startswith(f"sft.learning_rate: {text} is a text to YAML")
    again = mistake.rpartition(" ")[2]
    assert yaml.safe_load(again) == float(text)


def test_what_recipes_say_of_themselves_is_checked():
    with pytest.raises(UserError, match=r"about\.papper: unknown name"):
        find({"about": {"papper": "arXiv 1"}})


def test_what_names_no_commit_is_found():
    sections = {
        "about": {"code": "a/b"},
        "model": {"kind": "hub", "repo": "m", "revision": None},
        "collect": {"a": {"repo": "a", "revision": "f" * 40}, "b": {"repo": "b"}},
        "benchmarks": {"sets": ["aime24", {"name": "x", "repo": "x"}]},
    }

    keys = [key for key, _ in recipes.unpinned(sections)]
    assert keys == ["model", "collect.b", "benchmarks.sets.1"]


def find(sections: dict[str, object]) -> list[str]:
    return list(recipes.find_unsourced(sections))
