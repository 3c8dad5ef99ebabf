"""Rollouts: nothing is sampled twice, and everything is sampled once."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pytest
from pyarrow import parquet
from pydantic import ValidationError

from pipeline.engines.contract import seed_of
from pipeline.errors import UserError
from pipeline.models import Model, describe, resolve
from pipeline.sampling import store
from pipeline.schema import ROLLOUT
from stages.rollouts import Params, make
from stages.rollouts.draw import refuse_foreign
from stages.sources import words
from tests.support.rows import problems
from tests.support.tiny import tiny_model

QUICK = {"samples": 2, "max_tokens": 8}
CHAINS = ["Compute 3+5.", "Compute 3+5-2.", "Compute 9*9-4."]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GOLDSIEVE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "rollouts"


def rollouts(rows: pl.DataFrame, **params) -> pl.DataFrame:
    return pl.concat(make(Params(**QUICK | params), rows, tiny_model()))


def shards(cache: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in cache.rglob("[0-9]*.parquet")}


def sampled(cache: Path) -> int:
    """How many samples were ever written."""
    return sum(pl.read_parquet(shard).height for shard in cache.rglob("[0-9]*.parquet"))


def test_every_row_gets_k_samples_in_order():
    rows = problems(*CHAINS)
    samples = rollouts(rows)

    assert samples.schema == ROLLOUT
    assert samples.select("id", "sample").rows() == [
        (id, sample) for id in rows["id"] for sample in (0, 1)
    ]
    assert samples["model"].unique().to_list() == [resolve(tiny_model()).title]
    assert samples["seed"].to_list() == [
        seed_of(0, key, sample) for key in rows["key"] for sample in (0, 1)
    ]
    assert set(samples["finish_reason"]) <= {"stop", "length"}
    assert samples["n_tokens"].max() <= 8


def test_equal_problems_share_their_samples(cache: Path):
    samples = rollouts(problems("Compute 3+5.", "Compute  3+5."))

    first, second = samples.partition_by("id", include_key=False)
    assert first.equals(second)
    assert sampled(cache) == 2


def test_a_second_run_samples_nothing_and_gives_the_same_bytes(
    cache: Path, tmp_path: Path
):
    rows = problems(*CHAINS)
    rollouts(rows).write_parquet(tmp_path / "one.parquet")
    before = shards(cache)
    rollouts(rows).write_parquet(tmp_path / "two.parquet")

    assert shards(cache) == before
    assert (tmp_path / "one.parquet").read_bytes() == (
        tmp_path / "two.parquet"
    ).read_bytes()


def test_without_its_store_a_run_gives_the_same_samples(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    first_run = rollouts(problems(*CHAINS))
    monkeypatch.setenv("GOLDSIEVE_CACHE", str(tmp_path / "elsewhere"))

    assert rollouts(problems(*CHAINS), batch_size=1).equals(first_run)


def test_more_samples_and_more_problems_cost_only_the_difference(cache: Path):
    few = rollouts(problems(*CHAINS[:2]))
    before = shards(cache)
    many = rollouts(problems(*CHAINS), samples=3)

    assert many.height == 9
    assert sampled(cache) == 9
    assert shards(cache).items() >= before.items()
    again = many.filter(pl.col("id").is_in(few["id"].to_list()), pl.col("sample") < 2)
    assert again.equals(few)
    assert rollouts(problems(*CHAINS[:2])).equals(few), "a smaller k takes the first"


def test_another_way_of_sampling_has_a_store_of_its_own(cache: Path):
    rollouts(problems("Compute 3+5."))
    rollouts(problems("Compute 3+5."), prompt={"suffix": "Think."})

    assert len(list(cache.iterdir())) == 2
    assert sampled(cache) == 4


def test_options_of_an_engine_are_part_of_a_sample_or_of_the_machine():
    model = resolve(tiny_model())

    def of(**vllm: object) -> dict[str, object]:
        return Params(engine="vllm", vllm=vllm).method.identity(model)

    assert of(dtype="float16") != of(dtype="bfloat16")
    with pytest.raises(ValidationError, match=r"machine.yaml, under engine"):
        of(dtype="float16", tensor_parallel_size=8)


def test_finished_rollouts_stay_usable(tmp_path: Path):
    """The folder's name, and so all samples in it, is that of earlier releases."""
    prompt = {
        "system": "s",
        "suffix": "x",
        "stop": ["a"],
        "sampling": {"top_k": 3, "min_p": 0.1},
        "chat": {"enable_thinking": True},
    }
    params = Params(engine="vllm", prompt=prompt, vllm={"dtype": "float16"})
    model = Model(name="m", revision="r" * 40, load="m", kind="hub")

    assert store.open_for(params.method.identity(model)).name == (
        "9efc8b9f1f3405268b678c70b66cd9f0"
    )


def test_a_broken_shard_is_set_aside_and_sampled_again(
    cache: Path, capsys: pytest.CaptureFixture[str]
):
    before = rollouts(problems(*CHAINS), batch_size=2)
    broken, *whole = sorted(shards(cache))
    broken.write_bytes(broken.read_bytes()[:100])

    assert rollouts(problems(*CHAINS), batch_size=2).equals(before)
    assert broken.with_suffix(".broken").exists()
    assert set(whole) < set(shards(cache))
    assert f"{broken} cannot be read" in capsys.readouterr().err


def test_a_shard_with_other_columns_is_set_aside_too(cache: Path):
    before = rollouts(problems("Compute 3+5."))
    folder = next(cache.iterdir())
    store.save(folder, pl.DataFrame({"key": ["x"]}))

    assert rollouts(problems("Compute 3+5.")).equals(before)
    assert len(list(folder.glob("*.broken"))) == 1


def test_what_two_processes_both_sampled_counts_once(cache: Path):
    before = rollouts(problems(*CHAINS))
    folder = next(cache.iterdir())
    for shard in shards(cache):
        store.save(folder, pl.read_parquet(shard))

    assert rollouts(problems(*CHAINS)).equals(before)


def test_a_prompt_that_is_too_long_is_recorded_as_such():
    samples = rollouts(problems("1+" * 600 + "1", "Compute 3+5."))

    refused = samples.filter(id="test/00000")
    assert refused.select("completion", "n_tokens", "finish_reason").rows() == (
        [("", 0, "prompt_too_long")] * 2
    )
    assert samples.filter(id="test/00001")["n_tokens"].min() > 0


def test_a_limit_samples_the_first_problems_only():
    samples = rollouts(problems(*CHAINS, CHAINS[0]), limit=1)

    assert samples["id"].unique(maintain_order=True).to_list() == [
        "test/00000",
        "test/00003",
    ]


def test_the_output_comes_in_shards_of_bounded_size(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("stages.rollouts.SHARD", 4)
    samples = list(make(Params(**QUICK), problems(*CHAINS), tiny_model()))

    assert [table.height for table in samples] == [4, 2]


def test_no_rows_give_no_samples():
    assert list(make(Params(**QUICK), problems(), tiny_model())) == []


def test_a_model_that_is_off_cannot_be_sampled(tmp_path: Path):
    describe(tmp_path / "off", kind="off")

    with pytest.raises(UserError, match="`model` is off"):
        list(make(Params(), problems("1+1?"), tmp_path / "off"))


def test_recordings_and_the_engine_replay_go_together():
    with pytest.raises(ValidationError, match="go together"):
        Params(engine="replay")
    with pytest.raises(ValidationError, match="go together"):
        Params(replay=[{"path": "x.jsonl"}])


RUN = """
import sys
from pathlib import Path
from stages.rollouts import Params, make
from tests.support.rows import problems

rows = problems(*(f"Compute {n}+1." for n in range(60)))
params = Params(samples=4, max_tokens=40, batch_size=8)
list(make(params, rows, Path(sys.argv[1])))
"""


def test_a_killed_run_loses_only_the_batch_in_flight(
    cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    model = tiny_model()
    run = subprocess.Popen([sys.executable, "-c", RUN, str(model)], env=os.environ)
    deadline = time.monotonic() + 120
    while len(shards(cache)) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    run.send_signal(signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL, "it was killed in the middle"
    finished = shards(cache)
    n_finished = sampled(cache)
    assert 3 * 8 <= n_finished < 240

    rows = problems(*(f"Compute {n}+1." for n in range(60)))
    params = Params(samples=4, max_tokens=40, batch_size=8)
    resumed = pl.concat(make(params, rows, model))
    assert resumed.height == 240
    assert shards(cache).items() > finished.items(), "what was finished is untouched"
    assert sampled(cache) == 240, "and nothing of it was sampled again"

    monkeypatch.setenv("GOLDSIEVE_CACHE", str(tmp_path / "undisturbed"))
    assert pl.concat(make(params, rows, model)).equals(resumed)


def test_two_runs_at_once_on_one_store_lose_nothing(cache: Path, tmp_path: Path):
    model = tiny_model()
    command = [sys.executable, "-c", RUN, str(model)]
    runs = [subprocess.Popen(command, env=os.environ) for _ in range(2)]
    assert [run.wait(timeout=300) for run in runs] == [0, 0]

    rows = problems(*(f"Compute {n}+1." for n in range(60)))
    params = Params(samples=4, max_tokens=40, batch_size=8)
    before = shards(cache)
    samples = pl.concat(make(params, rows, model))
    assert samples.select("id", "sample").is_unique().all()
    assert samples.height == 240
    assert sum(path.stat().st_size for path in shards(cache)) > 0
    held = pl.concat(map(pl.read_parquet, shards(cache)))
    assert held.select("key", "sample").n_unique() == 240
    assert not list(cache.rglob("*.broken")), "and nothing was damaged"
    assert len(shards(cache)) <= len(before), "and nothing was sampled again"


def test_runs_that_are_killed_again_and_again_come_to_the_same_end(
    cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    model = tiny_model()
    for kill in range(3):
        run = subprocess.Popen([sys.executable, "-c", RUN, str(model)], env=os.environ)
        already, deadline = sampled(cache), time.monotonic() + 120
        while sampled(cache) < already + 16 and time.monotonic() < deadline:
            time.sleep(0.02)
        run.send_signal(signal.SIGKILL)
        assert run.wait() == -signal.SIGKILL, f"killed in the middle, time {kill}"
        assert sampled(cache) >= already + 16

    rows = problems(*(f"Compute {n}+1." for n in range(60)))
    params = Params(samples=4, max_tokens=40, batch_size=8)
    resumed = pl.concat(make(params, rows, model))
    assert sampled(cache) == 240
    monkeypatch.setenv("GOLDSIEVE_CACHE", str(tmp_path / "undisturbed"))
    assert pl.concat(make(params, rows, model)).equals(resumed)


def test_what_was_finished_is_kept_when_a_run_is_interrupted(
    cache: Path, monkeypatch: pytest.MonkeyPatch
):
    from pipeline.engines.transformers import Engine

    real = Engine.stream

    def interrupted(*given):
        for number, sample in enumerate(real(*given)):
            if number == 5:
                raise KeyboardInterrupt
            yield sample

    monkeypatch.setattr(Engine, "stream", interrupted)
    with pytest.raises(KeyboardInterrupt):
        rollouts(problems(*CHAINS), batch_size=100)
    assert sampled(cache) == 5


def test_slow_samples_are_kept_before_a_batch_is_full(
    cache: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("pipeline.sampling.sampler.KEEP_S", -1.0)
    rollouts(problems(*CHAINS), batch_size=100)

    assert [pl.read_parquet(shard).height for shard in shards(cache)] == [1] * 6


def test_a_batch_that_took_long_is_kept_whole(
    cache: Path, monkeypatch: pytest.MonkeyPatch
):
    from pipeline.engines.transformers import Engine

    monkeypatch.setattr("pipeline.sampling.sampler.KEEP_S", 0.05)
    real = Engine.stream

    def slow(*given):
        for number, sample in enumerate(real(*given)):
            if number in (0, 4):  # a batch of four, and one of two
                time.sleep(0.1)
            yield sample

    monkeypatch.setattr(Engine, "stream", slow)
    rollouts(problems(*CHAINS), batch_size=4)

    heights = [pl.read_parquet(shard).height for shard in shards(cache)]
    assert sorted(heights) == [2, 4]  # names of shards have no order


def test_settings_of_sampling_and_of_the_chat_have_stores_of_their_own():
    model = resolve(tiny_model())
    ways = [
        {},
        {"prompt": {"stop": ["\n"]}},
        {"prompt": {"sampling": {"top_k": 5}}},
        {"prompt": {"chat": {"enable_thinking": False}}},
        {"seed": 1},
    ]
    identities = [Params(**way).method.identity(model) for way in ways]

    assert all(
        way != earlier for i, way in enumerate(identities) for earlier in identities[:i]
    )
    with pytest.raises(ValidationError, match="not in `sampling`: n, temperature"):
        Params(prompt={"sampling": {"temperature": 0.5, "n": 2, "top_k": 1}})


def test_stop_strings_and_top_k_reach_the_engine():
    rows, greedy_how = problems(*CHAINS), {"temperature": 0.0, "max_tokens": 40}
    greedy = rollouts(rows, **greedy_how)
    cut = rollouts(rows, **greedy_how, prompt={"stop": ["="]})
    first = rollouts(rows, max_tokens=40, prompt={"sampling": {"top_k": 1}})

    assert greedy["completion"].str.contains("=").any()
    assert not cut["completion"].str.contains("=").any()
    assert first["completion"].to_list() == greedy["completion"].to_list()


def test_many_small_shards_are_put_together(
    cache: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(store, "MANY", 4)
    rollouts(problems(*CHAINS), batch_size=1)
    assert len(shards(cache)) == 6
    more = rollouts(problems(*CHAINS), batch_size=1, samples=4)
    shard, *others = sorted(shards(cache))
    assert [pl.read_parquet(each).height for each in (shard, *others)] == [6] + [1] * 6

    before = rollouts(problems(*CHAINS), batch_size=12, samples=8)
    merged, last = sorted(shards(cache))
    assert [pl.read_parquet(each).height for each in (merged, last)] == [12, 12]
    assert more.join(before, on=more.columns, how="anti", nulls_equal=True).is_empty()
    assert rollouts(problems(*CHAINS), samples=8).equals(before)
    assert merged != shard, "what a reader may have open does not change"
    assert merged.name[:20] == shard.name[:20], "it counts where its first part did"
    assert len(merged.name) == len(shard.name)


def test_of_two_samples_the_first_stays_the_first(tmp_path: Path):
    def row_of(text: str) -> pl.DataFrame:
        return pl.DataFrame([("k", 0, text, 1, "stop", 0)], store.SAMPLE, orient="row")

    for text in ["first", "second"] + ["later"] * store.MANY:
        store.save(tmp_path, row_of(text))
    assert store.load(tmp_path, ["k"], samples=1)["completion"].to_list() == ["first"]
    store.compact(tmp_path)

    assert len(store.shards(tmp_path)) == 1
    assert store.load(tmp_path, ["k"], samples=1)["completion"].to_list() == ["first"]


def _read_while_others_put_together(folder: Path) -> int:
    return min(len(store.index(folder)) for _ in range(30))


def test_shards_are_put_together_under_the_eyes_of_readers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def row_of(sample: int) -> pl.DataFrame:
        row = ("k", sample, "x", 1, "stop", 0)
        return pl.DataFrame([row], store.SAMPLE, orient="row")

    monkeypatch.setattr(store, "MANY", 2)
    for sample in range(100):
        store.save(tmp_path, row_of(sample))
    with ThreadPoolExecutor(3) as pool:
        least = pool.submit(_read_while_others_put_together, tmp_path)
        loads = pool.submit(
            lambda: [store.load(tmp_path, ["k"], samples=100).height for _ in range(20)]
        )
        pool.submit(store.compact, tmp_path).result()
        assert least.result() == 100
        assert set(loads.result()) == {100}
    assert len(store.shards(tmp_path)) == 1


def test_a_shard_that_is_damaged_inside_is_told_and_sampled_again(cache: Path):
    before = rollouts(problems(*CHAINS), batch_size=2)
    damaged = sorted(shards(cache))[0]
    column = parquet.ParquetFile(damaged).metadata.row_group(0).column(2)
    assert column.path_in_schema == "completion"
    start = column.dictionary_page_offset or column.data_page_offset
    content = bytearray(damaged.read_bytes())
    content[start : start + column.total_compressed_size] = bytes(
        column.total_compressed_size
    )
    damaged.write_bytes(bytes(content))

    with pytest.raises(UserError, match="was damaged"):
        rollouts(problems(*CHAINS), batch_size=2, samples=1)
    assert damaged.with_suffix(".broken").exists()
    assert rollouts(problems(*CHAINS), batch_size=2).equals(before)


def test_the_toy_model_refuses_problems_that_are_not_the_demos():
    rows = problems(
        *CHAINS[:2],
        "Natalia sold clips to 48 of her friends in April. How many altogether?",
        "A robe takes 2 bolts of blue fibre and half that much white. How many?",
        id=["chains/0", "chains/1", "gsm8k/0", "gsm8k/1"],
        source=["chains", "chains", "gsm8k", "gsm8k"],
    )
    with pytest.raises(UserError, match="2 of 2 problems of gsm8k") as caught:
        rollouts(rows)
    assert "speaks only the demo's generators" in str(caught.value)
    assert "gsm8k/0: april, clips, natalia" in str(caught.value)
    assert "model: {kind: packaged}" in caught.value.hint


def test_the_toy_model_takes_what_the_demo_asks():
    word = next(words.generate(1, 5))["text"]
    rows = problems(
        "Compute 3+5.",
        word,
        "Sort these nouns: zebu, quagga.",
        word.replace("On Monday", "Yesteryear"),
        word.replace("wooden", "oaken"),
        word,
        source=["chains", "words", "gym", "planted", "planted", "other"],
        origin=[[], [], ["reasoning-gym"], [], [], []],
    )
    toy = resolve(tiny_model())

    refuse_foreign(rows.filter(pl.col("source") != "planted"), toy)
    refuse_foreign(rows[4:6].with_columns(source=pl.lit("mixed")), toy)  # one of two
    with pytest.raises(UserError, match="2 of 2 problems of planted"):
        refuse_foreign(rows, toy)


def test_a_model_that_lists_no_words_is_asked_anything():
    refuse_foreign(problems("Zut alors."), Model("m", "r", "org/m", "hub"))
