"""Real connections to a real server: crowds, and people who leave while they wait."""

import itertools
import socket
import threading
from collections.abc import Callable, Iterator

import httpx
import pytest

from entrypoints.settings import Settings
from tests.entrypoints.http.listening import Server, hear, wait_until
from tests.entrypoints.http.service import PROBLEM
from tests.upstream import Reply, ScriptedUpstream, openai_answer, openai_failure

CROWD = 200
AT_ONCE = Settings().language_model.batch_concurrency
JSON_HEAD = "POST /api/v1/query HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nconnection: close\r\n"
numbers = itertools.count()


@pytest.fixture
def question() -> str:
    """Give a question that nobody asked before, nor one like it."""
    return f"announcement{next(numbers)} " * 3


@pytest.fixture
def gate(upstream: ScriptedUpstream) -> Iterator[threading.Event]:
    gate = threading.Event()
    upstream.requests.clear()
    yield gate
    gate.set()


@pytest.fixture
def let_it_say(upstream: ScriptedUpstream) -> Callable[[Reply], None]:
    return lambda reply: upstream.answer(lambda _: reply)


def test_200_askers_of_one_new_question_cost_one_call(
    server: Server,
    upstream: ScriptedUpstream,
    gate: threading.Event,
    question: str,
    let_it_say: Callable[[Reply], None],
) -> None:
    let_it_say(openai_answer("Here you are.").held(gate, after=2))
    askers = server.start_a_crowd(question, CROWD)
    gate.set()
    answers = [hear(each) for each in askers]
    assert {each.status for each in answers} == {200}
    assert {each.json["response"] for each in answers} == {"Here you are."}
    assert sum("x-ragboost-cache: miss" in each.head for each in answers) == 1
    assert len(upstream.requests) == 1


def test_when_the_first_asker_leaves_the_others_still_get_their_answer(
    server: Server,
    upstream: ScriptedUpstream,
    gate: threading.Event,
    question: str,
    let_it_say: Callable[[Reply], None],
) -> None:
    let_it_say(openai_answer("Here you are.").held(gate, after=2))
    (first,) = server.start_a_crowd(question, 1)
    others = server.start_a_crowd(question, 20)
    first.close()
    wait_until(lambda: len(upstream.requests) == 1)
    assert httpx.get(f"{server.url}/health").status_code == 200  # by now the server has seen that it left
    gate.set()
    assert {hear(each).json["response"] for each in others} == {"Here you are."}
    assert len(upstream.requests) == 1
    assert upstream.hangups == 0


def test_what_everyone_left_behind_is_remembered_all_the_same(
    server: Server,
    upstream: ScriptedUpstream,
    gate: threading.Event,
    question: str,
    let_it_say: Callable[[Reply], None],
) -> None:
    let_it_say(openai_answer("Here you are.").held(gate, after=2))
    for each in server.start_a_crowd(question, 5):
        each.close()
    wait_until(lambda: len(upstream.requests) == 1)
    gate.set()
    wait_until(lambda: server.flights.under_way == 0)
    reply = hear(server.start_asking(question))
    assert "x-ragboost-cache: exact" in reply.head
    assert reply.json["response"] == "Here you are."
    assert len(upstream.requests) == 1


def test_a_batch_that_was_left_behind_is_answered_and_remembered_all_the_same(
    server: Server,
    upstream: ScriptedUpstream,
    gate: threading.Event,
    question: str,
    let_it_say: Callable[[Reply], None],
) -> None:
    let_it_say(openai_answer("Here you are.").held(gate, after=2))
    asked = [f"{question} {each}" for each in ("apples", "whales", "opera", "chess", "taxes", "glass")] * 2
    asked += [f"{question} {number}{number}{number}" for number in range(6)]
    batch = server.start_asking_many(*asked)
    wait_until(lambda: len(upstream.requests) == AT_ONCE)
    batch.close()
    assert httpx.get(f"{server.url}/health").status_code == 200  # by now the server has seen that it left
    assert len(upstream.requests) == AT_ONCE
    gate.set()
    wait_until(lambda: len(upstream.requests) == len(set(asked)) and not server.flights.under_way)
    again = hear(server.start_asking_many(*asked)).json["results"]
    assert isinstance(again, list)
    assert [each["cache"] for each in again] == ["exact"] * len(asked)
    assert upstream.hangups == 0


def test_when_the_model_fails_everyone_gets_the_same_problem_and_nothing_is_remembered(
    server: Server,
    upstream: ScriptedUpstream,
    gate: threading.Event,
    question: str,
    let_it_say: Callable[[Reply], None],
) -> None:
    let_it_say(openai_failure(500, "boom").held(gate))
    askers = server.start_a_crowd(question, 50)
    gate.set()
    problems = [hear(each) for each in askers]
    assert {each.status for each in problems} == {503}
    assert all(PROBLEM in each.head for each in problems)
    assert len({each.json["detail"] for each in problems}) == 1
    assert len({each.json["request_id"] for each in problems}) == 50
    assert len(upstream.requests) == 1
    let_it_say(openai_answer("Better now."))
    assert "x-ragboost-cache: miss" in hear(server.start_asking(question)).head


def test_an_answer_that_breaks_off_is_no_answer(
    server: Server, upstream: ScriptedUpstream, gate: threading.Event, question: str
) -> None:
    upstream.reply(openai_answer("Once upon a time").cut(after=3), openai_answer("Whole."))
    try:
        assert hear(server.start_asking(question)).status == 503
        assert hear(server.start_asking(question)).json["response"] == "Whole."
    finally:
        upstream.reply()
    assert not gate.is_set()


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_of_20_megabytes_is_refused_on_a_real_connection(server: Server, announced: bool) -> None:
    body = b'{"query": "' + b"x" * 20_000_000 + b'"}'
    content = body if announced else (body[at : at + 65_536] for at in range(0, len(body), 65_536))
    with httpx.Client(timeout=20) as client:
        reply = client.post(f"{server.url}/api/v1/query", content=content, headers={"content-type": "application/json"})
    assert reply.status_code == 413
    assert reply.headers["content-type"] == PROBLEM
    assert httpx.get(f"{server.url}/health").status_code == 200


@pytest.mark.parametrize("zeros", [4_290, 5_000])
def test_a_length_of_thousands_of_digits_is_taken_for_too_large(server: Server, zeros: int) -> None:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    connection.sendall(f"{JSON_HEAD}content-length: {'0' * zeros}5\r\n\r\n12345".encode())
    reply = hear(connection)
    assert reply.status == 413
    assert PROBLEM in reply.head


def test_a_request_that_stops_in_its_middle_does_no_harm(server: Server) -> None:
    joined = server.flights.joined
    with socket.create_connection(("127.0.0.1", server.port)) as half:
        half.sendall(f"{JSON_HEAD}content-length: 1000\r\n\r\n{{".encode())
    assert httpx.get(f"{server.url}/health").status_code == 200
    assert server.flights.joined == joined
