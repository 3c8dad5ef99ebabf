import os
import shutil
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import pytest

from pipeline import closure, parallel
from pipeline.closure import ROOT, code_digest
from pipeline.grading import cache, workers
from pipeline.grading.cache import Verdicts, key
from pipeline.grading.workers import Answer, grader
from pipeline.verifiers.contract import Verdict

RIGHT = Verdict(True, "4", "box: equal as text", 0.5)
WRONG = Verdict(False, None, "no answer found")


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.setenv("GOLDSIEVE_CACHE", str(tmp_path))
    return tmp_path / "verdicts"


def test_a_verdict_comes_back_as_it_was(tmp_path):
    names = [key("math", "4", "{}", text) for text in ("a", "b", "c")]
    Verdicts("math", tmp_path).keep(zip(names, [RIGHT, WRONG], strict=False))

    assert Verdicts("math", tmp_path).find(names) == {names[0]: RIGHT, names[1]: WRONG}


def test_more_are_found_than_fit_one_query(tmp_path):
    names = [key(str(i)) for i in range(1234)]
    kept = Verdicts("math", tmp_path)
    kept.keep((name, RIGHT) for name in names)

    assert set(kept.find(names)) == set(names)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("math", None), ("math", "")),
        (("ab", "c"), ("a", "bc")),
        (("a", "1:b"), ("a1:", "b")),
        (("a", "b"), ("b", "a")),
    ],
)
def test_what_differs_has_another_key(first, second):
    assert key(*first) != key(*second)
    assert key(*first) == key(*first)


@pytest.mark.parametrize(
    "why",
    [
        "verifier_timeout",
        "test 3: timeout",
        "test 1: exit code 137: Killed",
        "judge_budget",
    ],
)
def test_what_another_day_may_decide_is_not_kept(tmp_path, why):
    kept = Verdicts("math", tmp_path)
    kept.keep([(key("a"), Verdict(None, None, why))])

    assert kept.find([key("a")]) == {}


@pytest.fixture
def edited(tmp_path, monkeypatch):
    """A function that edits a file in a copy of the code, on which digests rest."""
    for folder in ("pipeline/verifiers", "pipeline/sandbox"):
        shutil.copytree(ROOT / folder, tmp_path / "code" / folder)
    for file in (ROOT / "pipeline").glob("*.py"):
        shutil.copy(file, tmp_path / "code/pipeline")

    def digest(file: Path, loaded: list) -> str:
        return code_digest(file, tmp_path / "code", loaded)

    def edit(name: str) -> None:
        with (tmp_path / "code" / name).open("a") as file:
            file.write("\n# edited\n")
        cache.verifier_digest.cache_clear()

    monkeypatch.setattr(cache, "code_digest", digest)
    cache.verifier_digest.cache_clear()
    yield edit
    cache.verifier_digest.cache_clear()


@pytest.mark.parametrize(
    ("verifier", "file", "stays"),
    [
        ("math", "pipeline/verifiers/math.py", False),
        ("math", "pipeline/verifiers/answers/operations.py", False),
        ("math", "pipeline/verifiers/answers/units.toml", False),
        ("math", "pipeline/verifiers/llm/prompts.toml", True),
        ("math", "pipeline/verifiers/contract.py", False),
        ("math", "pipeline/verifiers/code.py", True),
        ("math", "pipeline/sandbox/guest/harness.py", True),
        ("math", "pipeline/recipe.py", True),
        ("code", "pipeline/verifiers/code.py", False),
        ("code", "pipeline/sandbox/guest/harness.py", False),
        ("code", "pipeline/verifiers/math.py", True),
        ("exact", "pipeline/verifiers/answers/operations.py", True),
        ("math", "pipeline/verifiers/answers/tokens.toml", False),
        ("math", "pipeline/verifiers/answers/numerals.toml", False),
        ("exact", "pipeline/verifiers/answers/numerals.toml", True),
    ],
)
def test_verdicts_stay_until_code_changes_that_made_them(
    tmp_path, edited, verifier: str, file: str, stays: bool
):
    Verdicts(verifier, tmp_path).keep([(key("a"), RIGHT)])
    edited(file)

    kept = {key("a"): RIGHT} if stays else {}
    assert Verdicts(verifier, tmp_path).find([key("a")]) == kept


def test_digests_of_many_threads_are_those_of_each_alone():
    names = "choice", "exact", "math", "numeric"
    alone = list(map(cache.verifier_digest, names))
    for cached in (cache.verifier_digest, closure._imported_names):
        cached.cache_clear()
    with ThreadPoolExecutor(len(names)) as threads:
        assert list(threads.map(cache.verifier_digest, names)) == alone


def test_each_verifier_has_verdicts_of_its_own(tmp_path):
    Verdicts("math", tmp_path).keep([(key("a"), RIGHT)])

    assert Verdicts("numeric", tmp_path).find([key("a")]) == {}


def test_a_file_that_is_no_database_is_set_aside(tmp_path, capsys):
    file = tmp_path / f"math-{cache.verifier_digest('math')}.sqlite"
    file.write_bytes(b"not a database" * 1000)
    kept = Verdicts("math", tmp_path)
    kept.keep([(key("a"), RIGHT)])

    assert kept.find([key("a")]) == {key("a"): RIGHT}
    assert "set aside" in capsys.readouterr().err
    assert file.with_suffix(".broken").exists()


def test_nothing_is_kept_where_nothing_can_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
    kept = Verdicts("math", tmp_path)
    kept.keep([(key("a"), RIGHT)])

    assert kept.find([key("a")]) == {key("a"): RIGHT}
    assert not any(stat.S_ISREG(f.stat().st_mode) for f in tmp_path.iterdir())


def _keep(folder, start: int) -> int:
    kept = Verdicts("math", folder)
    for i in range(start, start + 300):
        kept.keep([(key(str(i)), RIGHT)])
    return len(kept.find([key(str(i)) for i in range(start, start + 300)]))


def test_two_processes_lose_nothing(tmp_path):
    with get_context("spawn").Pool(2) as pool:
        counts = pool.starmap(_keep, [(tmp_path, 0), (tmp_path, 150)])

    assert counts == [300, 300]
    assert (
        len(Verdicts("math", tmp_path).find([key(str(i)) for i in range(450)])) == 450
    )


def test_a_list_that_was_judged_needs_no_worker(own, monkeypatch):
    answers = [Answer("math", "4", "{}", text) for text in ("4", "5", r"\boxed{4.0}")]
    with grader(timeout_s=120) as grade:
        first = grade(answers)
    monkeypatch.setattr(parallel, "_Process", lambda *_: pytest.fail("judged again"))
    with grader(timeout_s=120) as grade:
        again = grade(answers)

    assert again == first
    assert [verdict.correct for verdict in again] == [True, False, True]


def test_what_timed_out_is_judged_again(own):
    answers = [Answer("math", "4", "{}", "4")]
    with grader(timeout_s=0.001) as grade:
        assert grade(answers)[0].why == "verifier_timeout"
    with grader(timeout_s=120) as grade:
        assert grade(answers)[0].correct


def test_a_killed_run_keeps_what_it_had_judged(own, monkeypatch):
    answers = [Answer("math", "4", "{}", str(i)) for i in range(5)]
    real = parallel.Pool.each

    def killed(*given):
        yield from islice(real(*given), 4)
        raise KeyboardInterrupt

    monkeypatch.setattr(parallel.Pool, "each", killed)
    with pytest.raises(KeyboardInterrupt), grader(timeout_s=120) as grade:
        grade(answers)
    (file,) = own.glob("*.sqlite")
    with sqlite3.connect(file) as db:
        assert db.execute("select count(*) from verdicts").fetchone() == (4,)


@pytest.mark.parametrize(
    ("most", "most_s", "sizes"), [(2, 1e9, [2, 2, 1]), (9, 0.0, [1, 1, 1, 1, 1, 0])]
)
def test_finished_verdicts_are_kept_as_a_run_goes_on(
    own, monkeypatch, most: int, most_s: float, sizes: list[int]
):
    monkeypatch.setattr(workers, "KEPT", most)
    monkeypatch.setattr(workers, "KEPT_S", most_s)
    monkeypatch.setattr(workers, "BATCH", 1)
    real, written = Verdicts.keep, []

    def keep(self, verdicts):
        written.append(verdicts)
        real(self, verdicts)

    monkeypatch.setattr(Verdicts, "keep", keep)
    with grader(timeout_s=120) as grade:
        grade([Answer("math", "4", "{}", str(i)) for i in range(5)])

    assert [len(verdicts) for verdicts in written] == sizes


def test_halves_of_surrogate_pairs_are_one_answer_that_is_kept(own):
    answers = [
        Answer(verifier, "4\ud800", '{"a": "\\ud800"}', "<think>\ud835</think>4\udc00")
        for verifier in ("math", "exact", "numeric", "choice", "puzzle", "code")
    ]
    with grader(timeout_s=120) as grade:
        first = grade(answers)
        mended = grade([answer._replace(answer="4\ufffd") for answer in answers])

    assert mended == first
    for verdict in first:
        f"{verdict.extracted}{verdict.why}".encode()


def test_threads_may_share_the_verdicts(tmp_path):
    kept = Verdicts("math", tmp_path)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda i: kept.keep([(key(str(i)), RIGHT)]), range(100)))

    assert len(kept.find([key(str(i)) for i in range(100)])) == 100
