"""The command line as Typer reads it: help, completion, and what each command calls."""

import inspect
import shlex
import subprocess
import sys
from importlib import import_module
from typing import Any

import pytest
from typer.core import TyperGroup as Group
from typer.main import get_command
from typer.models import CommandInfo

from pipeline import dag
from pipeline.__main__ import call
from pipeline.cli.commands import shared
from pipeline.cli.commands.app import app
from pipeline.cli.commands.examples import EXAMPLES
from pipeline.cli.stages import stage_kind
from pipeline.verifiers import contract


def output(line: str, capsys: pytest.CaptureFixture[str]) -> str:
    call(line.split())
    return " ".join(capsys.readouterr().out.split())


def test_the_help_names_every_stage_and_every_verifier(
    capsys: pytest.CaptureFixture[str],
):
    assert shared.stages() == dag.stage_names()
    assert shared.verifiers() == contract.verifier_names()
    for name in dag.stage_names():
        does = "filter" if stage_kind(dag.load_stage(name)) == "judge" else "make"
        names = output(f"{does} --help", capsys).partition("One of ")[2]
        assert name in names.partition(".")[0].split(", ")
    for name in contract.verifier_names():
        assert name in output("score --help", capsys)


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]):
    assert output("--version", capsys).startswith("goldsieve 0.")


@pytest.mark.parametrize(
    ("typed", "names"),
    [("filter dedup", ["dedup_embedding", "dedup_exact", "dedup_ngram"]),
     ("score a --verifier ch", ["choice"]), ("fun", ["funnel"])],
)  # fmt: skip
def test_names_are_completed(
    typed: str, names: list[str], monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):  # fmt: skip
    monkeypatch.setenv("_GOLDSIEVE_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", f"goldsieve {typed}")
    monkeypatch.setenv("COMP_CWORD", str(len(typed.split())))
    call([])

    assert capsys.readouterr().out.split() == names


@pytest.mark.parametrize(
    "command",
    app.registered_commands,
    ids=lambda command: command.callback.__name__,
)
def test_a_command_calls_what_takes_its_arguments(
    command: CommandInfo, monkeypatch: pytest.MonkeyPatch
):
    callback: Any = command.callback
    calls: list[tuple[str, dict[str, Any]]] = []
    module = inspect.getmodule(callback)
    monkeypatch.setattr(module, "do", lambda *call: calls.append(call))
    callback(**dict.fromkeys(inspect.signature(callback).parameters))
    ((target, arguments),) = calls
    file, _, function = target.partition(".")

    inspect.signature(getattr(import_module(f"pipeline.cli.{file}"), function)).bind(
        **arguments
    )


def test_every_command_is_explained_with_examples_that_can_be_typed():
    group = get_command(app)
    assert isinstance(group, Group)
    assert set(EXAMPLES) == set(group.commands)
    for name, command in group.commands.items():
        assert not command.get_short_help_str(limit=66).endswith("..."), name
        for option in command.params:
            assert option.name == "names" or option.help, (name, option.name)
        for line in EXAMPLES[name]:
            program, typed, *words = shlex.split(line)
            assert (program, typed) == ("goldsieve", name)
            command.make_context(name, words)


def test_what_is_no_command_is_told_and_exits_with_2(
    capsys: pytest.CaptureFixture[str],
):
    with pytest.raises(SystemExit) as end:
        call(["nope"])
    assert end.value.code == 2
    assert "No such command 'nope'" in capsys.readouterr().err


def test_the_start_imports_no_table_and_no_page():
    code = "import sys; from pipeline.cli.commands.app import app; app(['--version'], "
    code += "standalone_mode=False); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    loaded = set(done.stdout.split())
    assert "typer" in loaded
    assert not loaded & {"polars", "pydantic", "rich", "duckdb", "numpy", "yaml"}
