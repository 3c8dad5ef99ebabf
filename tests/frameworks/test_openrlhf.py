"""The export for OpenRLHF, as its own loader reads it and its executor rewards it."""

import json
from collections.abc import Callable
from pathlib import Path

from tests.frameworks.conftest import HERE, environment
from tests.support.tiny_chat import build as build_chat_model


def test_openrlhf_loads_the_rows_and_calls_the_reward_file(
    exported: Path, tmp_path: Path, run: Callable[..., str]
):
    python = environment("openrlhf") / "python"
    build_chat_model(tmp_path / "model")
    run(
        python, "-m", "tests.frameworks.in_openrlhf",
        exported / "openrlhf.parquet", tmp_path / "model",
        HERE / "pipeline" / "grading" / "reward_file.py", tmp_path / "out.json",
    )  # fmt: skip
    out = json.loads((tmp_path / "out.json").read_text())

    source, prompt, label = out["rows"][0]
    assert len(out["rows"]) == 8
    assert source == "test"
    assert prompt == (
        "<|im_start|>system\nThink.<|im_end|>\n"
        "<|im_start|>user\nWhat is 1+8?\nBox it.<|im_end|>\n<|im_start|>assistant\n"
    )
    assert json.loads(label)["answer"] == "9"
    assert out["rewards"] == {"rewards": [1.0], "scores": [1.0]}
