from pathlib import Path

import pytest
from pydantic import Field

from pipeline import recipe
from pipeline.errors import UserError
from pipeline.settings import Settings, Shared


class Params(Settings):
    threshold: float = Field(default=0.8, le=1)
    n: int = 3


def test_a_section_is_read_as_its_params(workshop):
    workshop("dedup_ngram:\n  threshold: 0.5\n")

    assert recipe.load(Params, "dedup_ngram") == Params(threshold=0.5, n=3)


class Window(Shared):
    lo: float = 0.0
    hi: float = Field(default=1.0, le=1)


class Cut(Settings):
    n: int = 3
    window: Window = Window()


def test_a_shared_section_is_read_from_the_top_level(workshop):
    workshop("cut: {n: 4}\nwindow: {lo: 0.25}\n")

    assert recipe.load(Cut, "cut") == Cut(n=4, window=Window(lo=0.25, hi=1.0))


def test_a_shared_section_that_is_absent_has_its_defaults(workshop):
    workshop("cut: {}\n")

    assert recipe.load(Cut, "cut") == Cut()


def test_a_stage_does_not_set_what_stages_share(workshop):
    workshop("cut:\n  n: 4\n  window: {lo: 0.25}\n")

    with pytest.raises(
        UserError, match=r"params.yaml:3: cut.window: .*stages"
    ) as error:
        recipe.load(Cut, "cut")
    assert error.value.hint == "write it once, as the section `window` at the top level"


def test_what_belongs_in_a_shared_section_is_sent_there(workshop):
    workshop("cut:\n  lo: 0.25\n")

    with pytest.raises(UserError, match=r"params.yaml:2: cut.lo: .* `window`"):
        recipe.load(Cut, "cut")


def test_an_unknown_name_inside_a_section_is_told_with_those_known_there():
    with pytest.raises(UserError, match=r"cut\.window\.low: unknown") as error:
        recipe.check(Cut, {"window": {"low": 0.1}}, "cut", Path("--set"))
    assert "cut.window knows lo, hi (got 0.1)" in str(error.value)


def test_a_mistake_in_a_shared_section_is_told_where_it_stands(workshop):
    workshop("cut: {}\nwindow:\n  hi: 2\n")

    with pytest.raises(UserError, match=r"params.yaml:3: window.hi: .*\(got 2\)"):
        recipe.load(Cut, "cut")


def test_an_empty_section_means_the_defaults(workshop):
    workshop("dedup_ngram: {}\n")

    assert recipe.load(Params, "dedup_ngram") == Params()


def test_off_takes_the_stage_out(workshop):
    workshop("dedup_ngram: off\n")

    assert recipe.load(Params, "dedup_ngram") is None


def test_a_typo_is_told_with_its_line_and_the_known_names(workshop):
    workshop("quality: {}\ndedup_ngram:\n  n: 4\n  treshold: 0.5\n")

    with pytest.raises(
        UserError, match=r"params.yaml:4: dedup_ngram.treshold"
    ) as error:
        recipe.load(Params, "dedup_ngram")
    assert "threshold" in str(error.value)


def test_a_wrong_type_is_told_with_what_was_found(workshop):
    workshop("dedup_ngram:\n  n: many\n")

    with pytest.raises(UserError, match=r"params.yaml:2: .*\(got 'many'\)"):
        recipe.load(Params, "dedup_ngram")


def test_a_value_out_of_range_is_told(workshop):
    workshop("dedup_ngram: {threshold: 1.5}\n")

    with pytest.raises(UserError, match="less than or equal to 1"):
        recipe.load(Params, "dedup_ngram")


def test_a_missing_section_says_what_to_write(workshop):
    workshop("quality: {}\n")

    with pytest.raises(UserError, match="no section 'dedup_ngram'") as error:
        recipe.load(Params, "dedup_ngram")
    assert "dedup_ngram: {}" in error.value.hint


def test_broken_yaml_is_a_user_error(workshop):
    workshop("quality: {\n")

    with pytest.raises(UserError, match="not YAML"):
        recipe.load(Params, "quality")
