"""The command line as Typer reads it: help, completion, and what each command calls."""

import inspect
import subprocess
import sys
from importlib import import_module
from typing import Any

import pytest
from typer.models import CommandInfo

from pipeline import dag
from pipeline.__main__ import call
from pipeline.cli import commands
from pipeline.verifiers import contract


def output(line: str, capsys: pytest.CaptureFixture[str]) -> str:
    call(line.split())
    return " ".join(capsys.readouterr().out.split())


def test_the_help_names_every_stage_and_every_verifier(
    capsys: pytest.CaptureFixture[str],
):
    assert commands.stages() == dag.stage_names()
    assert commands.verifiers() == contract.verifier_names()
    for name in dag.stage_names():
        assert name in output("filter --help", capsys)
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
    commands.app.registered_commands,
    ids=lambda command: command.callback.__name__,
)
def test_a_command_calls_what_takes_its_arguments(
    command: CommandInfo, monkeypatch: pytest.MonkeyPatch
):
    callback: Any = command.callback
    calls: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(commands, "_do", lambda *call: calls.append(call))
    callback(**dict.fromkeys(inspect.signature(callback).parameters))
    ((target, arguments),) = calls
    module, _, function = target.partition(".")

    inspect.signature(getattr(import_module(f"pipeline.cli.{module}"), function)).bind(
        **arguments
    )


def test_what_is_no_command_is_told_and_exits_with_2(
    capsys: pytest.CaptureFixture[str],
):
    with pytest.raises(SystemExit) as end:
        call(["nope"])
    assert end.value.code == 2
    assert "No such command 'nope'" in capsys.readouterr().err


def test_the_start_imports_no_table_and_no_page():
    code = "import sys; from pipeline.cli import commands; commands.app(['--version'], "
    code += "standalone_mode=False); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    loaded = set(done.stdout.split())
    assert "typer" in loaded
    assert not loaded & {"polars", "pydantic", "rich", "duckdb", "numpy", "yaml"}
