"""Engines sample what the seed says, and say how it ended."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.engines.contract import (
    TOO_LONG,
    Completion,
    Request,
    Sampling,
    encode,
)
from pipeline.engines.loading import load, machine_options
from pipeline.errors import UserError
from pipeline.models import resolve
from pipeline.prompts import messages
from tests.support.tiny import tiny_model

HOW = {"temperature": 1.0, "top_p": 1.0, "max_tokens": 12}
CHAINS = ["3+5", "3+5-2", "1+1+1+1+1+1", "9*9-4", "47-82"]


def prompts(*chains: str) -> list[list[dict[str, str]]]:
    return [messages(f"Compute {chain}.") for chain in chains]


def engine(**options: int):
    return load("transformers", resolve(tiny_model()), options)


def test_a_completion_depends_on_its_seed_and_not_on_its_neighbours():
    questions, seeds = prompts(*CHAINS), [11, 22, 33, 44, 55]
    together = engine().sample(questions, seeds, **HOW)

    backwards = engine(batch_size=2).sample(questions[::-1], seeds[::-1], **HOW)
    assert backwards[::-1] == together
    assert engine().sample(questions[2:3], [33], **HOW) == together[2:3]
    assert engine().sample(questions[2:3], [34], **HOW) != together[2:3]


def test_temperature_zero_is_greedy_and_needs_no_seed():
    how = HOW | {"temperature": 0.0}
    first, second = engine().sample(prompts("3+5", "3+5"), [1, 2], **how)

    assert first == second


def test_top_p_near_zero_leaves_only_the_likeliest_token():
    questions = prompts(*CHAINS)
    greedy = engine().sample(questions, [0] * 5, **HOW | {"temperature": 0.0})

    assert (
        engine().sample(questions, [1, 2, 3, 4, 5], **HOW | {"top_p": 1e-6}) == greedy
    )


def test_samples_follow_the_distribution_of_the_model():
    import torch

    from pipeline.engines.transformers import Cut, _pick_tokens

    logits = torch.tensor([0.5, 0.3, 0.2]).log().expand(10_000, 3)
    chances = (torch.arange(10_000, dtype=torch.double) + 0.5) / 10_000

    def shares(temperature: float, top_p: float) -> list[float]:
        picked = _pick_tokens(logits, chances, temperature, Cut(top_p))
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


@pytest.mark.parametrize("engine_of", [engine, lambda: engine(batch_size=3)])
def test_the_samples_of_a_problem_are_those_it_has_alone(engine_of):
    questions = [
        Request(prompt, 100 * i, n=3) for i, prompt in enumerate(prompts(*CHAINS))
    ]
    sampled = sorted(engine_of().stream(iter(questions), Sampling(**HOW)))

    assert [sample[:2] for sample in sampled] == [
        (i, j) for i in range(5) for j in range(3)
    ]
    alone = [
        completion
        for request in questions
        for completion in engine().sample(
            [request.prompt] * 3, [request.seed + j for j in range(3)], **HOW
        )
    ]
    assert [sample[2] for sample in sampled] == alone


def test_a_stop_string_ends_a_completion_and_is_not_in_it():
    questions, how = prompts(*CHAINS), HOW | {"temperature": 0.0, "max_tokens": 40}
    whole = engine().sample(questions, [0] * 5, **how)
    cut = engine().sample(questions, [0] * 5, **how, stop=("=",))

    assert any("=" in completion.text for completion in whole)
    for first, second in zip(whole, cut, strict=True):
        assert second.text == first.text.partition("=")[0]
        assert second.finish_reason == (
            "stop" if "=" in first.text else first.finish_reason
        )
        assert second.n_tokens <= first.n_tokens
    assert sum(c.n_tokens for c in cut) < sum(c.n_tokens for c in whole)


def test_unlikely_tokens_can_be_cut_in_three_ways():
    import torch

    from pipeline.engines.transformers import Cut, _pick_tokens

    logits = torch.tensor([0.5, 0.3, 0.2]).log().expand(1000, 3)
    chances = (torch.arange(1000, dtype=torch.double) + 0.5) / 1000

    def picked(**cut: float) -> set[int]:
        return set(_pick_tokens(logits, chances, 1.0, Cut(**cut)).tolist())

    assert picked() == {0, 1, 2}
    assert picked(top_k=2) == {0, 1}
    assert picked(min_p=0.5) == {0, 1}  # 0.2 is less than half of 0.5
    assert picked(min_p=0.7) == {0}
    # Two of three: 0.5 of 0.8 is more than 0.6 already.
    assert picked(top_k=2, top_p=0.6) == {0}


def test_a_setting_that_an_engine_lacks_is_a_mistake():
    with pytest.raises(UserError, match="no setting repetition_penalty") as caught:
        engine().sample(prompts("3+5"), [0], **HOW, more={"repetition_penalty": 1.1})
    assert "top_k, min_p" in caught.value.hint


def test_the_chat_template_is_told_whether_to_think():
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_model())
    tokenizer.chat_template = (
        "{{ messages[0].content }}{% if enable_thinking is defined and not "
        "enable_thinking %}<think></think>{% endif %}"
    )
    (prompt,) = prompts("3+5")
    thinking = encode(tokenizer, prompt, {"enable_thinking": True})

    assert encode(tokenizer, prompt, {}) == thinking
    assert encode(tokenizer, prompt, {"enable_thinking": False})[:-2] == thinking


def test_an_engine_takes_its_options_of_the_machine_and_no_typos(machine_yaml):
    machine_yaml(engine={"urls": ["http://a"], "tensor_parallel_size": 8})

    assert machine_options("server") == {"urls": ["http://a"]}
    assert machine_options("vllm") == {"tensor_parallel_size": 8}
    assert machine_options("transformers") == {}
    machine_yaml(engine={"tensor_parallel": 8})
    with pytest.raises(UserError, match="no option 'tensor_parallel'") as caught:
        machine_options("vllm")
    assert "tensor_parallel_size" in caught.value.hint


VLLM = """
import json, sys
from dataclasses import replace
from pathlib import Path
from pipeline.engines.contract import Request, Sampling
from pipeline.engines.loading import load
from pipeline.errors import UserError
from pipeline.models import resolve

if __name__ == "__main__":
    engine = load("vllm", resolve(Path(sys.argv[1])), {"max_model_len": 256})
    chats, how = json.loads(sys.argv[2]), Sampling(**json.loads(sys.argv[3]))
    results = {}

    def say(name, requests, how):
        samples = sorted(engine.stream(iter(requests), how))
        results[name] = [(*numbers, drawn._asdict()) for *numbers, drawn in samples]

    long = [{"role": "user", "content": "1" * 300}]
    greedy = replace(how, temperature=0.0)
    say("greedy", [Request(prompt, 0) for prompt in [*chats, long]], greedy)
    say("long", [Request(long, 0, 2)], how)
    say("group", [Request(prompt, 7, 4) for prompt in chats], how)
    say("alone", [Request(prompt, 7 + i) for prompt in chats for i in range(4)], how)
    say("stop", [Request(prompt, 0) for prompt in chats], replace(greedy, stop=("=",)))
    first = replace(how, more={"top_k": 1})
    say("top_k", [Request(prompt, 3) for prompt in chats], first)
    try:
        say("unknown", [Request(chats[0], 0)], replace(how, more={"topk": 1}))
    except UserError as error:
        results["unknown"] = str(error)
    taken = []

    def many():
        for number in range(4000):
            taken.append(number)
            yield Request(chats[number % len(chats)], number)

    stream = engine.stream(many(), how)
    next(stream)
    results["taken"], results["room"] = len(taken), engine.room
    stream.close()
    say("after", [Request(prompt, 0) for prompt in chats], greedy)
    print("ANSWER", json.dumps(results))
"""


@pytest.mark.slow
def test_vllm_on_the_cpu_writes_what_transformers_writes(tmp_path: Path):
    pytest.importorskip("vllm", reason="vLLM is not installed")
    script = tmp_path / "sample.py"
    script.write_text(VLLM)
    questions = prompts(*CHAINS)
    arguments = [str(tiny_model()), json.dumps(questions), json.dumps(HOW)]
    done = subprocess.run(
        [sys.executable, str(script), *arguments], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    results = json.loads(done.stdout.partition("ANSWER ")[2].splitlines()[0])

    def completions_of(name: str) -> list[Completion]:
        return [Completion(**sample) for _, _, sample in results[name]]

    greedy = HOW | {"temperature": 0.0}
    *sampled, refused = completions_of("greedy")
    assert sampled == engine().sample(questions, [0] * 5, **greedy)
    assert refused == TOO_LONG
    assert completions_of("long") == [TOO_LONG] * 2
    assert completions_of("group") == completions_of("alone"), (
        "a sample has one seed, however it is asked"
    )
    assert len({completion.text for completion in completions_of("group")}) > 5
    assert completions_of("stop") == engine().sample(
        questions, [0] * 5, **greedy, stop=("=",)
    )
    assert completions_of("top_k") == sampled
    assert "topk" in results["unknown"]
    assert results["taken"] <= results["room"] < 4000, (
        "requests are taken as there is room"
    )
    assert completions_of("after") == sampled, "and what nobody waits for is called off"
