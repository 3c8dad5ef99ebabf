"""Programs are parsed where they hurt nobody, and none spoils another's verdict."""

import polars as pl
import pytest

from pipeline.traces import parsing
from pipeline.traces.parsing import find_parsable

DEEP = ["-" * 1_000_000 + "1", "(" * 5000 + ")" * 5000, "[" * 300_000]


def test_each_program_has_its_verdict():
    programs = pl.Series(["x = 1", None, "x = = 1", "x = 1", "", "def f(:"])

    assert find_parsable(programs).to_list() == [True, None, False, True, True, False]
    assert find_parsable(pl.Series([None], dtype=pl.String)).to_list() == [None]
    assert find_parsable(pl.Series([], dtype=pl.String)).to_list() == []


@pytest.mark.parametrize("deep", DEEP, ids=["minus", "pairs", "brackets"])
def test_a_program_that_brings_the_parser_down_is_none(deep: str):
    programs = pl.Series(["x = 1", deep, "y = 2", "z = = 3"])

    assert find_parsable(programs).to_list() == [True, False, True, False]


def test_nothing_runs():
    program = (
        "import os\nos.write(int(os.environ['GOLDSIEVE_FD']), b'0' * 9)\nos._exit(1)"
    )

    assert find_parsable(pl.Series([program, "x = 1"])).to_list() == [True, True]


def test_more_programs_than_a_sandbox_takes_keep_their_order(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(parsing, "BATCH", 4)
    programs = pl.Series(["a", "b b", "c", "d d", "e"])

    assert find_parsable(programs).to_list() == [True, False, True, False, True]


def test_programs_may_have_any_characters():
    assert find_parsable(pl.Series(["é = '你好 😀'", "×"])).to_list() == [True, False]
