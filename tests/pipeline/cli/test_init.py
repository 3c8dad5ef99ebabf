"""`goldsieve init`: what is guessed of a file, and the project that is written."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.cli import init
from pipeline.cli.guess import Guess, guess
from pipeline.errors import UserError

ASKED = "How many days do {} weeks have, if none of them is short?"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def guessed(*rows: dict[str, Any], **renames: str) -> Guess:
    Path("a.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return guess(Path("a.jsonl"), renames)


def test_names_say_what_a_column_is():
    row = {"id": "7", "prompt": ASKED.format(2), "gold_answer": "14"}
    found = guessed(row)

    assert found.renames == {"problem": "prompt", "answer": "gold_answer"}
    assert (found.verifier, found.domain) == ("math", "math")
    assert found.evidence["verifier"] == "it reads 100% of 1 answers, such as '14'"


def test_without_a_name_that_says_it_the_longest_text_is_the_problem():
    found = guessed({"code": "x7", "aufgabe": ASKED.format(3), "target": 21})

    assert found.renames == {"problem": "aufgabe", "answer": "target"}
    assert found.evidence["problem"].startswith("the longest text")


def test_what_lies_inside_of_objects_and_chats_is_found():
    chat = [{"role": "user", "content": ASKED.format(2)}]
    found = guessed({"messages": chat, "reward_model": {"ground_truth": "14"}})

    assert found.renames["answer"] == "reward_model.ground_truth"
    assert found.renames["problem"] == "messages"


def test_letters_are_a_choice_and_words_are_compared_as_they_are():
    letters = [{"question": ASKED.format(n), "answer": "ABCD"[n % 4]} for n in range(8)]
    words = [{"question": f"Which river is {n}?", "answer": "Rhine"} for n in range(8)]

    assert guessed(*letters).verifier == "choice"
    assert (guessed(*words).verifier, guessed(*words).domain) == ("exact", "general")


def test_a_published_schema_is_read_by_its_adapter():
    row = {"question": ASKED.format(2), "answer": f"{'2 times 7. ' * 12}\n#### 14"}
    found = guessed(row)

    assert (found.adapter, found.renames, found.verifier) == ("gsm8k", {}, "math")


def test_what_the_user_says_is_not_guessed():
    rows = {"question": "a short one", "body": ASKED.format(2), "answer": "14"}

    assert guessed(rows, problem="body").renames["problem"] == "body"
    with pytest.raises(UserError, match=r"has no column 'bod'; it has question, body"):
        guessed(rows, problem="bod")


def test_a_file_without_texts_is_told_with_its_columns():
    with pytest.raises(
        UserError, match=r"no column holds the problems; it has n \(num"
    ):
        guessed({"n": 1})


def written(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    Path("a.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    init.run(Path("set"), [Path("a.jsonl")], [], **more)
    sections: dict[str, Any] = yaml.safe_load(Path("set/params.yaml").read_text())
    return sections


def test_recorded_completions_are_replayed_and_need_no_model():
    row = {"question": ASKED.format(2), "answer": "14", "responses": ["\\boxed{14}"]}
    sections = written(row)

    assert sections["rollouts"]["replay"] == [
        {"path": "../a.jsonl", "problem": "question", "completions": ["responses"]}
    ]
    assert sections["model"] is False
    assert Path("set/.dvc/config").exists()
    entries = yaml.safe_load(Path("set/dvc.yaml").read_text())["stages"]
    assert entries["pool"]["deps"] == ["data/collect", "goldsieve.txt"]


def test_without_completions_a_real_model_is_sampled():
    row = {"question": ASKED.format(2), "answer": "14"}
    commit = "1" * 40
    sections = written(row, model=f"org/model@{commit}")

    model = {"kind": "hub", "repo": "org/model", "revision": commit}
    assert sections["model"] == model
    assert sections["rollouts"]["samples"] == 8
    with pytest.raises(UserError, match="exists already"):
        written(row)
