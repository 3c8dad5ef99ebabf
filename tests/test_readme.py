"""README's commands for one's own data, word for word, on small files of a user."""

import json
import re
import shlex
from pathlib import Path

import polars as pl
import pytest

from pipeline import console
from pipeline.__main__ import call
from tests.support import project

README = (project.HERE / "README.md").read_text("utf-8")
BLOCK = re.compile(r"```sh\n(.*?)```", re.S)


def own_data() -> list[str]:
    """The commands of the section, one by one."""
    section = README.partition("## Your own data")[2].partition("\n## ")[0]
    lines = "\n".join(BLOCK.findall(section)).splitlines()
    texts = [part.partition("  #")[0] for line in lines for part in line.split("&&")]
    return [text.strip() for text in texts if text.strip()]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What README calls the user's files; half of the completions are right."""
    monkeypatch.chdir(tmp_path)
    sums = [(f"Ada has {n} pens and buys {n * 7}. How many?", str(8 * n))
            for n in range(11, 23)]  # fmt: skip
    rows = [
        {"question": problem, "answer": answer, "id": number,
         "responses": [f"It is \\boxed{{{answer}}}.", "It is \\boxed{0}."] * 2}
        for number, (problem, answer) in enumerate(sums)
    ]  # fmt: skip
    Path("mine.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    items = [{"problem": row["question"], "answer": row["answer"]} for row in rows]
    pl.DataFrame(items).write_parquet("mine.parquet")
    Path("my_benchmark.jsonl").write_text(json.dumps(items[3]))
    pairs = [{"id": 1, "gold": "0.5", "prediction": "\\boxed{\\frac12}"}]
    Path("pairs.jsonl").write_text(json.dumps(pairs[0]))
    return tmp_path


def run(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One command as a shell would run it; DVC's stages run in this process."""
    program, *words = shlex.split(line)
    if program == "cd":
        monkeypatch.chdir(words[0])
    elif program == "dvc":
        names = [stage.name for stage in project.data_stages()]
        project.run_stages(Path.cwd(), names)
    else:
        assert program == "goldsieve"
        assert console.run(lambda: call(words)) == 0, line


def test_the_commands_of_the_readme_work_word_for_word(
    files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    lines = own_data()
    assert "goldsieve init my-set mine.jsonl" in lines
    assert lines[-1] == "goldsieve publish org/name --dry-run out/"
    for line in lines:
        run(line, monkeypatch)

    shown = capsys.readouterr().out
    assert "it reads 100% of 12 answers, such as '88'" in shown
    assert "ok    files, columns, packages, models" in shown
    kept = pl.read_parquet(files / "my-set/out/rl/*.parquet")
    # Each problem is solved in half of its samples, so none is too easy or too hard.
    assert kept.height == 12
    # With a benchmark at hand, the leak leaves.
    assert pl.read_parquet(files / "out/dropped.parquet").height == 1
