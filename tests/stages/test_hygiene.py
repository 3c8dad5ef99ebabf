import json
import math
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline.errors import UserError
from pipeline.kernels import shards
from pipeline.traces.candidates import IDENTITY
from pipeline.traces.structure import measure_structure
from stages import hygiene
from stages.hygiene import SCHEMA, Params
from tests.conftest import DATA
from tests.support.rows import problems
from tests.support.tiny import tiny_model
from tests.support.traces import trace, with_traces

BOX = "\\boxed{1}"


def make(*given: Any) -> pl.DataFrame:
    """The measures as one table."""
    return hygiene.make(*given).collect()


def sampled(*texts: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One problem with a sample for each text, and the rollouts."""
    return with_traces(problems("1+1?"), [[trace(text, n_tokens=7) for text in texts]])


def measured(*texts: str, **params) -> pl.DataFrame:
    return make(Params(**params), *sampled(*texts))


def structure(text: str, *names: str) -> tuple:
    return measure_structure(pl.Series([text])).select(names).row(0)


def test_samples_come_before_the_solutions_of_their_problem():
    solved = [{"text": "by hand", "model": "human", "correct": None}]
    rows, rollouts = sampled("a", "b")
    rows = rows.with_columns(
        solutions=pl.Series([solved], dtype=problems("").schema["solutions"])
    )
    table = make(Params(), rows, rollouts)

    assert table.select(*IDENTITY, "n_tokens").rows() == [
        ("test/00000", "sample", 0, "m", None, 0, True, 7),
        ("test/00000", "sample", 1, "m", None, 1, True, 7),
        ("test/00000", "solution", 0, "human", None, None, None, None),
    ]


def test_rows_that_no_other_stage_has_seen_have_traces_too():
    solved = [{"text": "by hand", "model": "human", "correct": None}]
    table = make(Params(), problems("1+1?", "2+2?", solutions=[[], solved]))

    assert table["id"].to_list() == ["test/00001"]
    assert table.schema == SCHEMA


def test_no_rows_give_the_same_columns():
    assert make(Params(), problems()).schema == SCHEMA
    words = make(Params(words={"a": ["b"]}), problems()).schema
    assert words == SCHEMA | {"words_a": pl.Float32()}


@pytest.mark.parametrize(
    ("text", "thinking", "tags"),
    [
        ("<think>a</think>b", "well_formed", "think"),
        (" \n<think></think>", "well_formed", "think"),
        ("a</think>b", "prefilled", "think"),
        ("<think>a", "unclosed", "think"),
        ("so <think>a</think>b", "broken", "think"),
        ("<think>a</think>b</think>c", "broken", "think"),
        ("<think><think>a</think>", "broken", "think"),
        ("</think><think>", "broken", "think"),
        ("<think>a<|end_of_thought|>", "broken", "think"),
        ("<|begin_of_thought|>a<|end_of_thought|>b", "well_formed", "open_thoughts"),
        ("<|im_start|>think\na\n<|im_start|>answer\nb", "well_formed", "s1"),
        ("◁think▷é◁/think▷", "well_formed", "kimi"),
        ("[THINK]a[/THINK]b", "well_formed", "magistral"),
        ("I think <b>so</b>", "none", None),
        ("", "none", None),
    ],
)
def test_thinking_is_marked_once_or_not(text: str, thinking: str, tags: str | None):
    assert structure(text, "thinking", "tags") == (thinking, tags)


@pytest.mark.parametrize(
    ("text", "n_boxes"),
    [
        (f"<think>{BOX}</think>so {BOX}", 1),
        (f"<think>é{BOX}</think>so", 0),
        (f"{BOX} or {BOX}", 2),
        (f"<think>{BOX}", 0),  # cut off in its thinking
    ],
)
def test_boxes_count_behind_the_thinking(text: str, n_boxes: int):
    assert structure(text, "n_boxes") == (n_boxes,)


@pytest.mark.parametrize(
    ("text", "blocks", "in_thinking", "parses"),
    [
        ("```python\nprint(1)\n```", 1, False, True),
        ("```\nx = 1\n```\nand\n```py\nx = = 1\n```\n", 2, False, False),
        ("```\nx = = 1\n```\nand\n  ```Python3\nx = 1\n  ```\n", 2, False, True),
        ("```cpp\nint x;\n```", 1, False, None),
        ("<think>é\n```\nx\n```\n</think>```python\n1\n```", 1, True, True),
        ("<think>é\n```\nx\n```\n", 0, True, None),  # cut off in its thinking
        ("<think>a</think>inline ```x``` is none", 0, False, None),
        ("```python\nnever closed", 0, False, None),
        ("```python\n" + "(" * 100_000 + "\n```", 1, False, False),
        ('```python\nx = "\\d"\n```', 1, False, True),
    ],
)
def test_code_counts_behind_the_thinking_and_is_parsed(
    text: str, blocks: int, in_thinking: bool, parses: bool | None
):
    names = "n_code_blocks", "code_in_thinking", "code_parses"
    assert structure(text, *names) == (blocks, in_thinking, parses)


@pytest.mark.parametrize(
    ("text", "longest"), [("ab\n\nécd\ne\n\nf", 5), ("", 0), ("abc", 3)]
)
def test_the_longest_paragraph_is_measured_in_characters(text: str, longest: int):
    assert structure(text, "longest_paragraph") == (longest,)


def test_a_loop_is_measured_in_words():
    table = measured("so we try we try we try", "nothing twice", loop=2, ngram=2)

    names = "n_words", "loop_words", "loop_times", "repeated_share"
    assert table.select(names).rows() == [
        (7, 6, 3, pytest.approx(6 / 7)),
        (2, 0, 0, 0.0),
    ]


def test_ngrams_are_frequent_over_all_traces():
    # "a b" stands three times in all, "b a" once, "x y" twice.
    table = measured("a b a b", "x y a b", "x y", ngram=2, frequent=2)

    assert table["frequent_ngrams"].to_list() == [2, 1, 0]


def test_frequent_ngrams_are_those_of_their_own_text(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shards, "SHARD", 1)
    table = measured("a b a b", "x y a b", "x y", ngram=2, frequent=2)

    assert table["frequent_ngrams"].to_list() == [2, 1, 0]


def test_languages_that_mix_show():
    table = measured("only words", "we say 你好 here", "x = 1")

    names = "main_script", "n_scripts", "mixed_share"
    assert table.select(names).rows() == [
        ("latin", 1, 0.0),
        ("latin", 2, pytest.approx(2 / 11)),
        (None, 0, 0.0),
    ]


def test_words_of_a_list_are_counted_of_a_thousand():
    lists = {"doubt": ["perhaps", "maybe"], "end": ["so"]}
    table = measured("Perhaps so, maybe: perhaps.", "", words=lists)

    assert table.select("words_doubt", "words_end").rows() == [(750, 250), (0, 0)]


@pytest.mark.parametrize("words", [["let me"], ["a", "A"], ["-"]])
def test_an_entry_that_is_no_word_is_a_mistake(words: list[str]):
    with pytest.raises(UserError, match=r"hygiene\.words"):
        measured("a", words={"x": words})


def test_twice_gives_equal_bytes(tmp_path: Path):
    texts = "<think>a b</think>c", "a b a b", "```python\n1\n```"
    for name in "ab":
        measured(*texts, ngram=2, frequent=1).write_parquet(tmp_path / name)

    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_tokenizer_counts_where_one_is_named():
    # A model trained here: a token for each of the characters of "1+2=".
    from transformers import AutoTokenizer

    folder = str(tiny_model())
    tokenizer = AutoTokenizer.from_pretrained(folder)
    wanted = len(tokenizer("1+2=3", add_special_tokens=False)["input_ids"])
    table = measured("1+2=3", "", tokenizer={"path": folder})

    assert table["n_tokens"].to_list() == [wanted, 0]


def test_a_name_on_the_hub_needs_its_commit():
    with pytest.raises(UserError, match=r"hygiene\.tokenizer: owner/model is at no"):
        measured("a", tokenizer={"repo": "owner/model", "revision": None})
    with pytest.raises(UserError, match=r"hygiene\.perplexity: owner/model is at no"):
        measured("a", perplexity={"repo": "owner/model"})


def test_perplexity_is_that_of_torch_whatever_the_batch():
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = str(tiny_model())
    texts = ["1+2=3", "12+34-5=41", "7", ""]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    network = AutoModelForCausalLM.from_pretrained(folder).eval()

    def by_hand(text: str) -> float | None:
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        if len(ids) < 2:
            return None
        logits = network(torch.tensor([ids])).logits[0]
        chances = logits.float().log_softmax(-1)
        loss = -sum(chances[i, ids[i + 1]].item() for i in range(len(ids) - 1))
        return math.exp(loss / (len(ids) - 1))

    for tokens in (2, 40):
        table = measured(*texts, perplexity={"path": folder, "batch_tokens": tokens})
        wanted = [x and pytest.approx(x, rel=1e-4) for x in map(by_hand, texts)]
        assert table["perplexity"].to_list() == wanted


@pytest.mark.realdata
def test_recorded_traces_that_are_cut_off_or_box_twice_are_hardly_ever_right():
    files = sorted((DATA / "gen_areal_rollouts").glob("*.jsonl"))
    lines = [json.loads(line) for file in files for line in file.open()]
    table = measure_structure(pl.Series([line["completion"] for line in lines]))
    table = table.with_columns(reward=pl.Series([line["reward"] for line in lines]))
    counted = table.group_by("thinking", boxes=pl.col("n_boxes").clip(0, 2)).agg(
        n=pl.len(), right=pl.col("reward").sum()
    )

    assert sorted(counted.rows()) == [
        ("unclosed", 0, 29, 1.0),
        ("well_formed", 0, 4, 3.0),
        ("well_formed", 1, 1064, 905.0),
        ("well_formed", 2, 19, 0.0),
    ]
