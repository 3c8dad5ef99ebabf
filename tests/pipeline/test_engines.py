"""Engines sample what the seed says, and say how it ended."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.engines.contract import TOO_LONG, Completion, load
from pipeline.errors import UserError
from pipeline.models import resolve
from pipeline.prompts import messages
from tests.tiny import tiny_model

HOW = {"temperature": 1.0, "top_p": 1.0, "max_tokens": 12}
CHAINS = ["3+5", "3+5-2", "1+1+1+1+1+1", "9*9-4", "47-82"]


def prompts(*chains: str) -> list[list[dict[str, str]]]:
    return [messages(f"Compute {chain}.") for chain in chains]


def engine(**options: int):
    return load("transformers", resolve(tiny_model()), options)


def test_a_completion_depends_on_its_seed_and_not_on_its_neighbours():
    asked, seeds = prompts(*CHAINS), [11, 22, 33, 44, 55]
    together = engine().sample(asked, seeds, **HOW)

    backwards = engine(batch_size=2).sample(asked[::-1], seeds[::-1], **HOW)
    assert backwards[::-1] == together
    assert engine().sample(asked[2:3], [33], **HOW) == together[2:3]
    assert engine().sample(asked[2:3], [34], **HOW) != together[2:3]


def test_temperature_zero_is_greedy_and_needs_no_seed():
    how = HOW | {"temperature": 0.0}
    one, other = engine().sample(prompts("3+5", "3+5"), [1, 2], **how)

    assert one == other


def test_top_p_near_zero_leaves_only_the_likeliest_token():
    asked = prompts(*CHAINS)
    greedy = engine().sample(asked, [0] * 5, **HOW | {"temperature": 0.0})

    assert engine().sample(asked, [1, 2, 3, 4, 5], **HOW | {"top_p": 1e-6}) == greedy


def test_samples_follow_the_distribution_of_the_model():
    import torch

    from pipeline.engines.transformers import _pick

    logits = torch.tensor([0.5, 0.3, 0.2]).log().expand(10_000, 3)
    chances = (torch.arange(10_000, dtype=torch.double) + 0.5) / 10_000

    def shares(temperature: float, top_p: float) -> list[float]:
        picked = _pick(logits, chances, temperature, top_p)
        return (torch.bincount(picked, minlength=3) / 10_000).tolist()

    assert shares(1.0, 1.0) == pytest.approx([0.5, 0.3, 0.2], abs=1e-3)
    # 0.5² : 0.3² : 0.2² = 0.25 : 0.09 : 0.04, of 0.38
    assert shares(0.5, 1.0) == pytest.approx([0.6579, 0.2368, 0.1053], abs=1e-3)
    # 0.5 alone is less than 0.7, so 0.3 stays too: 0.5 and 0.3 of 0.8
    assert shares(1.0, 0.7) == pytest.approx([0.625, 0.375, 0.0], abs=1e-3)


def test_the_end_is_told_apart_from_a_cut():
    cut, *_ = engine().sample(prompts("3+5"), [0], **HOW | {"max_tokens": 1})

    assert (cut.n_tokens, cut.finish_reason) == (1, "length")


def test_a_prompt_that_fills_the_context_is_not_cut_but_refused():
    long = "1+" * 600 + "1"  # 1,201 characters, and the context holds 1,024
    refused, answered = engine().sample(prompts(long, "3+5"), [0, 1], **HOW)

    assert refused == TOO_LONG == Completion("", 0, "prompt_too_long")
    assert answered.n_tokens > 0


def test_a_prompt_near_the_end_of_the_context_has_the_rest_of_it():
    small = engine()
    fixed = len("Compute .") + 1  # and the newline, or mark, that ends the turn
    chain = "1" * (1024 - fixed - 5)
    (completion,) = small.sample(prompts(chain), [0], **HOW)

    assert 1 <= completion.n_tokens <= 7


def test_an_unknown_engine_is_named_with_those_there_are():
    with pytest.raises(UserError, match="'sglang'") as caught:
        load("sglang", resolve(tiny_model()), {})
    assert caught.value.hint == "try server, transformers, vllm"


VLLM = """
import json, sys
from pathlib import Path
from dataclasses import asdict
from pipeline.engines.contract import load
from pipeline.models import resolve

if __name__ == "__main__":
    engine = load("vllm", resolve(Path(sys.argv[1])), {"max_model_len": 256})
    asked, how = json.loads(sys.argv[2]), json.loads(sys.argv[3])
    long = [[{"role": "user", "content": "1" * 300}]]
    sampled = engine.sample(asked + long, list(range(len(asked) + 1)), **how)
    print("ANSWER", json.dumps([asdict(completion) for completion in sampled]))
"""


@pytest.mark.slow
def test_vllm_on_the_cpu_writes_what_transformers_writes(tmp_path: Path):
    pytest.importorskip("vllm", reason="vLLM is not installed")
    script = tmp_path / "sample.py"
    script.write_text(VLLM)
    how = HOW | {"temperature": 0.0}
    asked = prompts(*CHAINS)
    arguments = [str(tiny_model()), json.dumps(asked), json.dumps(how)]
    done = subprocess.run(
        [sys.executable, str(script), *arguments], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]

    answer = done.stdout.partition("ANSWER ")[2].splitlines()[0]
    *sampled, refused = [Completion(**said) for said in json.loads(answer)]
    assert sampled == engine().sample(asked, [0] * 5, **how)
    assert refused == TOO_LONG
