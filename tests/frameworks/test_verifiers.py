"""The taskset for Prime Intellect's verifiers, as `vf-eval` runs it."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.frameworks.conftest import environment
from tests.support.judge_server import Fault, serving


def stream(body: dict[str, Any]) -> Fault:
    """An answer as it is streamed: right about 1+1 to 1+4, and 5 to all others."""
    *_, message = body["messages"]
    number = int(re.search(r"1\+(\d)", str(message["content"]))[1])
    reply = {"role": "assistant", "content": f"\\boxed{{{1 + min(number, 4)}}}"}
    chunks = [
        {"choices": [{"index": 0, "delta": reply, "finish_reason": None}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    ]
    same = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "tiny"}
    lines = [f"data: {json.dumps(same | chunk)}\n\n" for chunk in chunks]
    return Fault(
        body="".join(lines) + "data: [DONE]\n\n",
        headers={"Content-Type": "text/event-stream"},
    )


def test_vf_eval_scores_the_export_with_our_verifier(
    exported: Path, tmp_path: Path, run: Callable[..., str]
):
    program = environment("verifiers") / "vf-eval"
    with serving(stream) as server:
        run(
            program, "goldsieve-taskset",
            "--env.taskset.path", exported / "verifiers.parquet",
            "--env.agent.harness.id", "null",
            "--env.agent.runtime.type", "subprocess",
            "--client.base-url", server.url,
            "--client.api-key-var", "LOCAL_KEY",
            "--model", "tiny",
            "--output-dir", tmp_path / "outputs",
            "--run.name", "run",
            "--no-push", "--no-rich",
            LOCAL_KEY="none",
        )  # fmt: skip
    text = (tmp_path / "outputs" / "run" / "traces.jsonl").read_text()
    traces = [json.loads(line)["traces"][0] for line in text.splitlines()]
    correct = {t["task"]["data"]["id"]: t["rewards"]["correct"] for t in traces}
    undecided = {t["task"]["data"]["id"]: t["metrics"]["undecided"] for t in traces}

    # The gold answer to 1+1 is missing, so it is undecided, and 1+5 to 1+8 are wrong.
    ids = [f"test/{number:05d}" for number in range(8)]
    assert [correct[id]["score"] for id in ids] == [0, 1, 1, 1, 0, 0, 0, 0]
    assert [undecided[id] for id in ids] == [1, 0, 0, 0, 0, 0, 0, 0]
    prompts = {node["message"]["content"] for node in traces[0]["nodes"][:2]}
    assert "Think." in prompts
