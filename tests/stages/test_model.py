"""The model stage: a pointer that is pinned, or a real model trained here."""

import math
from hashlib import blake2b
from pathlib import Path

import pytest
from pydantic import ValidationError

from pipeline.errors import UserError
from pipeline.models import Model, digest, resolve
from pipeline.prompts import Prompt, messages
from stages.model import Params, Tiny, build
from stages.sources import arithmetic
from tests.support.tiny import tiny_model

COMMIT = "0123456789abcdef" * 2 + "01234567"
SAID = "<think>3+5=8</think>\\boxed{8}"


@pytest.fixture(scope="module")
def tokenizer():
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(tiny_model())


def test_training_lowers_the_loss_below_guessing_characters(tmp_path: Path):
    few = Params(kind="tiny", tiny=Tiny(rows=500, steps=60))
    metrics = build(few, tmp_path / "model")

    assert metrics["parameters"] == 130_048
    assert metrics["loss"] < math.log(105) / 2, "half of what a uniform guess costs"
    assert metrics["revision"] == resolve(tmp_path / "model").revision


def test_training_twice_gives_the_same_model(tmp_path: Path):
    few = Params(kind="tiny", tiny=Tiny(rows=200, steps=10))
    for name in ("one", "two"):
        build(few, tmp_path / name)

    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert "model.safetensors" in files
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (
            tmp_path / "two" / name
        ).read_bytes(), name


def test_another_seed_is_another_revision(tmp_path: Path):
    for seed in (0, 1):
        build(
            Params(kind="tiny", tiny=Tiny(rows=200, steps=3, seed=seed)),
            tmp_path / str(seed),
        )

    assert resolve(tmp_path / "0").revision != resolve(tmp_path / "1").revision


def test_the_folder_loads_as_any_model_does(tokenizer):
    from transformers import AutoModelForCausalLM

    network = AutoModelForCausalLM.from_pretrained(tiny_model())
    encoded = tokenizer.apply_chat_template(
        messages("Compute 3+5."), add_generation_prompt=True, return_tensors="pt"
    )
    written = network.generate(**encoded, max_new_tokens=4, do_sample=False)

    assert written.shape == (1, encoded["input_ids"].shape[1] + 4)
    assert resolve(tiny_model()).kind == "local"


def test_text_survives_the_tokenizer(tokenizer):
    printable = "".join(map(chr, range(32, 127)))
    text = f"{SAID}\n{printable}"

    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
    assert tokenizer.tokenize("<think>\\boxed{7}é") == [
        "<think>", "\\boxed{", "7", "}", "<unk>",
    ]  # fmt: skip
    assert tokenizer.pad_token_id != tokenizer.eos_token_id


def test_marks_of_the_format_are_not_stripped_with_the_special_tokens(tokenizer):
    ids = tokenizer(f"<|user|>{SAID}<eos><pad>")["input_ids"]

    assert tokenizer.decode(ids, skip_special_tokens=True) == SAID


def test_the_chat_template_ends_where_the_assistant_speaks(tokenizer):
    chat = messages("Compute 3+5.", Prompt(system="Be brief."))
    conversation = [*chat, {"role": "assistant", "content": SAID}]

    def render(chat: list[dict[str, str]], **how: bool) -> str:
        return tokenizer.apply_chat_template(chat, tokenize=False, **how)

    prompt = render(chat, add_generation_prompt=True)
    assert prompt == "<|system|>Be brief.<|user|>Compute 3+5.<|assistant|>"
    assert render(conversation) == f"{prompt}{SAID}<eos>"
    mask = tokenizer.apply_chat_template(
        conversation, return_dict=True, return_assistant_tokens_mask=True
    )["assistant_masks"]
    assert sum(mask) == len(tokenizer(SAID)["input_ids"]) + 1, "the answer and <eos>"


def test_an_example_in_a_packed_row_sees_only_itself(tokenizer):
    import torch
    from transformers import AutoModelForCausalLM

    from stages.model import tiny

    examples = list(tiny._encoded(Tiny(rows=20), tokenizer))
    network = AutoModelForCausalLM.from_pretrained(tiny_model())
    batch = tiny._packed(iter(examples), 2)
    with torch.no_grad():
        together = network(**{k: v for k, v in batch.items() if k != "labels"}).logits
        start = 0
        for ids, _ in examples[:2]:
            alone = network(input_ids=torch.tensor([ids])).logits[0]
            beside = together[0, start : start + len(ids)]
            assert torch.allclose(alone, beside, atol=1e-4)
            start += len(ids)
    taught = batch["labels"][0, : len(examples[0][0])].tolist()
    ids, prompt = examples[0]
    assert taught == [-100] * prompt + ids[prompt:]


def test_the_corpus_holds_no_expression_that_is_held_out(tokenizer):
    from stages.model import tiny

    for ids, prompt in tiny._encoded(Tiny(rows=2000), tokenizer):
        question = tokenizer.decode(ids[:prompt], skip_special_tokens=True)
        chain = question.removeprefix("Compute ").removesuffix(".")
        assert arithmetic.part_of(chain) == "train"
        assert len(ids) <= tiny.ROW


def test_a_hub_model_is_a_pointer_at_a_commit(tmp_path: Path):
    described = build(Params(kind="hub", repo="org/name", revision=COMMIT), tmp_path)

    assert described == {"kind": "hub", "name": "org/name", "revision": COMMIT}
    assert resolve(tmp_path) == Model("org/name", COMMIT, "org/name", "hub")
    assert [path.name for path in tmp_path.iterdir()] == ["resolved.json"]


@pytest.mark.parametrize("revision", ["", "main", "v1.0"])
def test_a_hub_model_that_may_move_is_refused(revision: str):
    with pytest.raises(ValidationError, match="revision"):
        Params(kind="hub", repo="org/name", revision=revision)


def test_a_local_model_is_a_pointer_at_its_files(tmp_path: Path):
    build(Params(kind="local", path=str(tiny_model())), tmp_path / "pointer")

    pointer = resolve(tmp_path / "pointer")
    assert (pointer.kind, pointer.load) == ("path", str(tiny_model()))
    assert pointer.revision == resolve(tiny_model()).revision


def test_weights_of_either_kind_are_in_the_digest(tmp_path: Path):
    digests = [digest(tmp_path)]
    for name in ("model.safetensors", "pytorch_model.bin"):
        for size in (1, 3 << 20):
            (tmp_path / name).write_bytes(bytes(size))
            digests.append(digest(tmp_path))

    assert len(set(digests)) == 5
    whole = blake2b(bytes(6 << 20), digest_size=16).hexdigest()
    assert digests[-1] == whole  # read piece by piece


def test_a_folder_without_a_model_is_refused(tmp_path: Path):
    with pytest.raises(UserError, match="holds no model"):
        build(Params(kind="local", path=str(tmp_path)), tmp_path / "out")


def test_off_leaves_a_note_that_it_is_off(tmp_path: Path):
    assert build(None, tmp_path) == {"kind": "off"}
    assert resolve(tmp_path).is_off
