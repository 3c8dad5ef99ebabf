"""The verifiers behind HTTP: a real server, real workers and the real sandbox."""

import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

import goldsieve
from pipeline.cli import serve as command
from pipeline.errors import UserError
from pipeline.grading import reward_file
from pipeline.grading.guarded import verify
from pipeline.grading.remote import remote_grader, reward_grader
from pipeline.grading.workers import Answer
from pipeline.serve.address import is_loopback
from pipeline.verifiers.judge import Judge
from tests.support.served import ADD_ONE, Served, row, served, sleeping

LOOP = "```python\nwhile True: pass\n```"
PROGRAM = "```python\nprint(int(input()) + {})\n```"
QUICK = json.dumps(json.loads(ADD_ONE) | {"timeout_s": 1})
COUNTDOWN = {"task": "countdown", "numbers": [2, 3, 4], "target": 20}
MIXED = [
    row("math", "1/2", r"\boxed{0.5}"),
    row("math", "1/2", r"\boxed{2}"),
    row("math", None, r"\boxed{2}"),
    row("code", None, PROGRAM.format(1), verify_info=ADD_ONE),
    row("code", None, PROGRAM.format(2), verify_info=ADD_ONE),
    row("code", None, LOOP, verify_info=QUICK),
    row("code", None, "no program", verify_info=ADD_ONE),
    row("code", None, PROGRAM.format(1), verify_info='{"type": 3}'),
    row("numeric", "3.14", "It is 3.14."),
    row("choice", "B", "So (B)."),
    row("exact", "Paris", "Paris"),
    row("puzzle", "20", "<answer>(2+3)*4</answer>", verify_info=json.dumps(COUNTDOWN)),
    row("oracle", "4", "4"),
    row("math", "4", "half \ud800 a pair: 4"),
    row("math", "4", "4", verify_info="[" * 99_999),
    row("math", "4", "4", verify_info=None),
    row("math", "4", "4" * 2_000_001),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Served]:
    """One for the module, with verdicts of its own."""
    cache = str(tmp_path_factory.mktemp("served"))
    with served(GOLDSIEVE_CACHE=cache) as running:
        yield running


def test_verdicts_are_those_that_are_made_here_and_in_order(server: Served):
    with remote_grader(server.url) as ask:
        there = ask(MIXED)
    here = [verify(*answer[:4]) for answer in MIXED]

    assert there == here
    assert [v.correct for v in here[:6]] == [True, False, None, True, False, False]


def test_fifty_clients_at_once_lose_nothing_and_mix_nothing_up(server: Served):
    before = server.metric("goldsieve_verdicts_total")

    def ask(client: int) -> list[str | None]:
        rows = [row("math", str(n), f"{client} \\boxed{{{n}}}") for n in range(19)]
        rows.append(row("code", None, PROGRAM.format(1), verify_info=ADD_ONE))
        return [verdict["extracted"] for verdict in server.judge(rows)]

    with ThreadPoolExecutor(50) as clients:
        answers = list(clients.map(ask, range(50)))

    expected = [[str(n) for n in range(19)] for _ in range(50)]
    assert [given[:19] for given in answers] == expected
    assert server.metric("goldsieve_verdicts_total") == before + 50 * 20


def test_workers_that_are_killed_cost_no_verdict(server: Served):
    rows = [sleeping(0.3, number) for number in range(8)]
    rows += [row("math", str(n), f"killed: {n}") for n in range(100)]
    with ThreadPoolExecutor(1) as client, remote_grader(server.url) as ask:
        asked = client.submit(ask, rows)
        wait_for(lambda: server.health()["queue"]["rows"])
        time.sleep(0.2)  # into the first programs
        killed = server.workers()
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        verdicts = asked.result()

    assert len(killed) == 4
    assert [verdict.correct for verdict in verdicts] == [True] * 108
    assert server.metric("goldsieve_workers_lost_total") >= 2


def test_a_client_that_leaves_takes_what_it_queued_along(server: Served):
    rows = [sleeping(0.5, 100 + number) for number in range(40)]
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(
            f"{server.url}/verdicts",
            json={"rows": [each._asdict() for each in rows]},
            timeout=httpx.Timeout(60, read=0.4),
        )
    start = time.monotonic()
    (verdict,) = server.judge([sleeping(0, 200)])

    assert verdict["correct"] is True
    assert time.monotonic() - start < 5, "40 programs on two workers take 10 s"
    assert server.health()["queue"]["rows"] == 0


RIGHT = b'{"verifier": "math", "answer": "4", "completion": "4"}'
REFUSED = [
    (b"", 422, "the body is not JSON: "),
    (b"\xff\xfe\xfd", 422, "the body is not JSON: "),
    (b"[" * 1_000_000, 422, "the body is nested too deeply"),
    (b'{"rows": NaN}', 422, "the body is not JSON: it knows no NaN"),
    (b'{"rows": [%s]}' % (b"9" * 25_000), 422, "the body is not JSON: "),
    (b"[%s]" % RIGHT, 422, 'the body: expected an object {"rows": […]}'),
    (b'{"rows": {"0": 1}}', 422, "rows: expected a list, found an object"),
    (b'{"rows": [%s, 3]}' % RIGHT, 422, "rows[1]: expected an object, found a number"),
    (
        b'{"rows": [%s, {"verifier": "math", "answer": 4, "completion": "4"}]}' % RIGHT,
        422,
        "rows[1].answer: expected text or null, found a number",
    ),
    (
        b'{"rows": [{"verifier": "math", "answer": "4"}]}',
        422,
        "rows[0].completion: expected text, found nothing",
    ),
    (
        b'{"rows": [{"verifier": null, "completion": "4"}]}',
        422,
        "rows[0].verifier: expected text, found null",
    ),
    (
        b'{"rows": [{"verifier": "math", "completion": "4", "verify_info": [1]}]}',
        422,
        "rows[0].verify_info: expected an object, its JSON or null, found a list",
    ),
    (
        b'{"rows": [{"complation\\ud800": "4"}]}',
        422,
        "rows[0]: 'complation\\ud800' is ",
    ),
    (
        b'{"rows": [%s]}' % b",".join([RIGHT] * 4097),
        413,
        "rows: expected 4,096 at most, found 4,097",
    ),
    (b" " * (64 << 20) + b"[]", 413, "the body: 64 MB at most"),
]


@pytest.mark.parametrize(("body", "status", "why"), REFUSED, ids=lambda _: "")
def test_a_body_that_is_none_is_refused_by_row_and_field(
    server: Served, body: bytes, status: int, why: str
):
    response = server.post(body)

    assert (response.status_code, response.json()["error"][: len(why)]) == (status, why)
    assert server.health()["ready"] is True


def test_what_is_hostile_and_has_the_form_has_a_verdict(server: Served):
    deep = b'{"policy": %s1%s}' % (b"[" * 500, b"]" * 500)
    bodies = [
        b'{"verifier": "math", "answer": "4", "completion": "%s"}'
        % (b"x" * 10_000_000),
        b'{"verifier": "ma\\u0000th", "answer": "4", "completion": "4"}',
        b'{"verifier": "math", "answer": "4", "completion": "\\udc00 It is 4."}',
        b'{"verifier": "math", "completion": "4", "verify_info": %s}' % deep,
        b'{"verifier": "numeric", "answer": "1", "completion": "1",'
        b' "verify_info": {"rel_tol": 1e999}}',
    ]
    verdicts = server.judge(b'{"rows": [%s]}' % b",".join(bodies))

    assert [verdict["correct"] for verdict in verdicts] == [
        None,
        None,
        True,
        None,
        None,
    ]
    assert verdicts[0]["why"] == (
        "completion: expected 2,000,000 characters at most, found 10,000,000"
    )
    assert verdicts[4]["why"].startswith(
        "verify_info.rel_tol: expected a finite number"
    )


def test_a_page_in_a_browser_cannot_ask(server: Served):
    plain = server.post(b'{"rows": []}', headers={"Content-Type": "text/plain"})

    assert plain.status_code == 415
    assert server.post([]).json() == {"verdicts": []}
    assert httpx.get(f"{server.url}/verdicts").status_code == 405


def test_verifiers_say_what_they_take(server: Served):
    shown = httpx.get(f"{server.url}/verifiers").json()["verifiers"]

    assert shown["code"]["verify_info"]["type"] == {
        "required": True,
        "meaning": "what a test is",
    }
    assert set(shown) >= {"math", "code", "judge"}


def test_what_a_user_has_to_mend_is_said_to_the_client(server: Served):
    refused = server.post([row("judge", "4", "It is 4.", problem="2+2?")])

    assert refused.status_code == 500
    assert "none is named" in refused.json()["error"]
    with (
        remote_grader(server.url) as ask,
        pytest.raises(UserError, match=r"refuses: HTTP 500: .*none is named"),
    ):
        ask([row("judge", "4", "It is 4.")])


def test_rewards_are_judged_by_the_server_that_the_environment_names(
    server: Served, monkeypatch
):
    monkeypatch.setenv("GOLDSIEVE_SERVER", server.url)
    reward_file._grader.cache_clear()
    before = server.metric("goldsieve_verdicts_total")
    details = {"verifier": "math", "verify_info": "{}", "problem": "What is 1+8?"}
    try:
        trl = goldsieve.reward(["It is 9.", "It is 8."], answer=["9", "9"])
        verl = reward_file.compute_score("x", "So 9.", "9", details)
    finally:
        reward_file._grader.cache_clear()

    assert trl == [1.0, 0.0]
    assert verl == {"score": 1.0, "acc": 1.0, "undecided": 0.0, "correct": 1.0}
    assert server.metric("goldsieve_verdicts_total") == before + 3


def test_a_model_of_the_recipe_and_a_server_are_one_too_many(monkeypatch):
    monkeypatch.setenv("GOLDSIEVE_SERVER", "http://127.0.0.1:9")
    with (
        pytest.raises(UserError, match="the recipe names a model that judges, and"),
        reward_grader(20, Judge()),
    ):
        pass


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Iterator[Served]:
    """A server with room for four rows and a token."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "token").write_text("a secret\n")
    options = "--queue", "4", "--token-file", str(folder / "token")
    with served(*options, workers=1, GOLDSIEVE_CACHE=str(folder)) as running:
        yield running


def test_who_has_not_the_token_learns_nothing_but_the_health(small: Served):
    rows = [row("math", "4", "4")]
    refused = [small.post(rows, headers=headers) for headers in (
        {}, {"Authorization": "Bearer a secre"}, {"Authorization": "Bearer ü".encode()},
    )]  # fmt: skip
    welcome = small.judge(rows, headers={"Authorization": "Bearer a secret"})

    assert [response.status_code for response in refused] == [401] * 3
    assert refused[0].headers["WWW-Authenticate"] == "Bearer"
    assert httpx.get(f"{small.url}/metrics").status_code == 401
    assert small.health()["ready"] is True
    assert welcome[0]["correct"] is True
    with remote_grader(small.url, "other") as ask, pytest.raises(UserError) as error:
        ask(rows)
    assert error.value.hint == "set GOLDSIEVE_TOKEN to the token of the server"


def test_a_full_queue_says_when_to_come_again_and_the_client_does(small: Served):
    headers = {"Authorization": "Bearer a secret"}
    slow = [sleeping(0.5, number) for number in range(4)]
    with ThreadPoolExecutor(1) as client, remote_grader(small.url, "a secret") as ask:
        first = client.submit(small.judge, slow, headers=headers)
        wait_for(lambda: small.health()["queue"]["rows"] == 4)
        refused = small.post([row("math", "4", "4")], headers=headers)
        # More than it ever takes at once: they go in parts.
        later = ask([row("math", str(n), f"It is {n}.") for n in range(6)])

    assert refused.status_code == 503
    assert refused.headers["Retry-After"] == "1"
    assert refused.json()["error"] == "the queue is full: 4 of 4 rows are here"
    assert [v["correct"] for v in first.result()] == [True] * 4
    assert [verdict.correct for verdict in later] == [True] * 6


def test_what_is_queued_at_sigterm_is_finished_and_nothing_new_begun():
    with served(workers=1) as server, ThreadPoolExecutor(1) as client:
        asked = client.submit(server.judge, [sleeping(2, n) for n in range(2)])
        wait_for(lambda: server.health()["queue"]["rows"] == 2)
        server.process.terminate()
        wait_for(lambda: not server.health()["ready"])
        refused = server.post([row("math", "4", "4")])

        assert refused.status_code == 503
        assert refused.json()["error"] == "the server is stopping"
        assert [verdict["correct"] for verdict in asked.result()] == [True] * 2
        assert server.process.wait(10) == 0


def test_a_client_waits_for_a_server_that_stops_and_another_that_comes():
    with (
        ThreadPoolExecutor(1) as client,
        served("--drain-s", "0.3", workers=1) as first,
        remote_grader(first.url) as ask,
    ):
        asked = client.submit(ask, [sleeping(0.8, n) for n in range(3)])
        wait_for(lambda: first.health()["queue"]["rows"] == 3)
        first.process.terminate()
        assert first.process.wait(10) == 0, "2 s of programs were left"
        with served("--port", first.url.rpartition(":")[2], workers=1):
            verdicts = asked.result()

    assert [verdict.correct for verdict in verdicts] == [True] * 3


def test_other_machines_are_let_in_with_a_token_only(monkeypatch):
    monkeypatch.delenv("GOLDSIEVE_TOKEN", raising=False)
    with pytest.raises(UserError, match=r"--host 0\.0\.0\.0 lets other .* a token is"):
        command.run("0.0.0.0", 0, None, 10, 1)
    assert [
        is_loopback(host)
        for host in ("127.0.0.1", "127.1.2.3", "::1", "localhost", "0.0.0.0", "node1")
    ] == [True, True, True, True, False, False]


def test_a_token_that_is_none_and_an_address_that_is_taken_are_told(tmp_path):
    empty = tmp_path / "token"
    empty.write_text("\n")
    with pytest.raises(UserError, match="there is no token in it"):
        command.run("127.0.0.1", 0, empty, 10, 1)
    with pytest.raises(UserError, match="queue: Input should be greater"):
        command.run("127.0.0.1", 0, None, 0, 1)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"cannot listen on 127.0.0.1:{port}: "):
            command.run("127.0.0.1", port, None, 10, 1)


def test_a_missing_extra_is_one_sentence_with_its_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.delitem(sys.modules, "pipeline.serve.server", raising=False)
    with pytest.raises(UserError, match="goldsieve serve needs uvicorn") as error:
        command.run("127.0.0.1", 0, None, 10, 1)
    assert error.value.hint == 'pip install "goldsieve[serve]"'


def test_nobody_there_ends_the_run_with_what_to_look_at():
    with (
        remote_grader("http://127.0.0.1:9", patience_s=0.1) as ask,
        pytest.raises(
            UserError, match=r"gave no verdicts for 0\.1 s: ConnectError"
        ) as error,
    ):
        ask([Answer("math", "4", "{}", "4")])
    assert error.value.hint == "is the server up, and does GOLDSIEVE_SERVER name it?"
    with (
        pytest.raises(UserError, match="expected http://host:port"),
        remote_grader("x"),
    ):
        pass


def wait_for(claim, seconds: float = 20) -> None:
    """Until `claim()` holds."""
    end = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < end, "it never came to hold"
        threading.Event().wait(0.02)
