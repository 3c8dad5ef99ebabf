"""The commands of docs/first_hour.md, and what the page says that they print."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from pipeline import console
from pipeline.__main__ import call
from tests.support import project

PAGE = (project.HERE / "docs/first_hour.md").read_text("utf-8")
BLOCKS = re.findall(r"(?ms)^```(\w*)\n(.*?)^```", PAGE.partition("## 6. ")[0])


@pytest.mark.realdata
def test_the_commands_of_the_first_hour_print_what_the_page_says(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):  # fmt: skip
    monkeypatch.chdir(tmp_path)
    shutil.copy(data / "math_train_7500/math_train_7500.json", "math_train.json")
    shutil.copy(data / "bench_math/math500.jsonl", ".")
    (pairs,) = (text for kind, text in BLOCKS if kind == "json")
    Path("pairs.jsonl").write_text(pairs)
    said, printed = [], []
    for kind, text in BLOCKS:
        for command in [] if kind else re.split(r"(?m)^\$ ", text)[1:]:
            line, _, expected = command.partition("\n")
            program, *words = shlex.split(line)
            assert program == "goldsieve"
            assert console.run(lambda words=words: call(words)) == 0
            said.append(expected.rstrip())
            printed.append(capsys.readouterr().out.rstrip())

    assert len(said) == 7
    assert printed == said
