"""POST /api/v1/cache/entries: answers that somebody gives."""

import time
from typing import Any

import pytest
from httpx import Response

from domain.caching import AnswerCacheUnavailable
from domain.similarity import EmbedderUnavailable
from tests.entrypoints.http.service import PROBLEM, Service

DOOR = "/api/v1/cache/entries"
ASKED = "What is RAGBoost?"
GIVEN = {"query": ASKED, "response": "A memory for answers."}


def give(service: Service, *entries: object, headers: Any = None, **fields: object) -> Response:
    return service.client.post(DOOR, json={"entries": entries, **fields}, headers=headers)


def outcomes(reply: Response) -> list[str]:
    assert reply.status_code == 200, reply.text
    return [each["outcome"] for each in reply.json()["entries"]]


def info(service: Service, **asked: object) -> Any:
    return service.ask(**asked).json()["cache_info"]  # type: ignore[arg-type]


def test_what_was_given_is_served_to_those_who_ask(service: Service) -> None:
    reply = give(service, {**GIVEN, "tags": ["faq"], "ttl": 60})

    (told,) = reply.json()["entries"]
    answer = service.ask(ASKED).json()
    assert told == {"outcome": "remembered", "entry_id": answer["cache_info"]["entry_id"], "problem": None}
    assert (answer["response"], answer["provider"], answer["finish_reason"]) == (GIVEN["response"], "openai", "stop")
    assert answer["cache_info"]["reason"] == "same_question"
    assert answer["cache_info"]["tokens_saved"] == 0
    assert service.model.calls == 0
    entry = service.entry(told["entry_id"]).json()
    assert (entry["tags"], entry["ttl_seconds"], entry["hits"]) == (["faq"], 60.0, 1)


@pytest.mark.parametrize(
    "asked",
    [
        {"query": f"  {ASKED}\n"},
        {"query": ASKED, "namespace": "handbook"},
        {"query": ASKED, "temperature": 0},
        {"query": ASKED, "temperature": 0.2, "max_tokens": 500},
        {"query": ASKED, "model": "another"},
        {"query": ASKED, "provider": "extractive"},
        {"query": None, "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": ASKED}]},
    ],
)
def test_it_is_the_answer_to_the_very_same_request_and_to_no_other(service: Service, asked: dict[str, object]) -> None:
    sent = {name: value for name, value in asked.items() if value is not None}

    assert outcomes(give(service, {**sent, "response": "Yes."})) == ["remembered"]
    assert info(service, **asked)["reason"] == "same_question"
    other = {**asked, "namespace": "elsewhere"}
    assert info(service, **other)["cache_hit"] is False


def test_each_is_taken_or_refused_by_itself(service: Service) -> None:
    broken = [
        {"query": " ", "response": "Yes."},
        {"query": ASKED, "response": " \n"},
        {"query": ASKED},
        {"query": ASKED, "response": "Yes.", "tgas": []},
        {"query": ASKED, "response": "Yes.", "use_cache": False},
        {"query": ASKED, "response": "Yes.", "ttl": 0},
        {"query": ASKED, "response": "Yes.", "provider": "opnai"},
        {"response": "Yes."},
        "What?",
        7,
    ]

    reply = give(service, GIVEN, *broken, {"query": "And then?", "response": "Nothing."})

    assert outcomes(reply) == ["remembered", *["refused"] * len(broken), "remembered"]
    problems = [each["problem"] for each in reply.json()["entries"][1:-1]]
    fields = (".query", ".response", ".response", ".tgas", ".use_cache", ".ttl", ".provider", ".query", "", "")
    assert [each["errors"][0]["field"] for each in problems] == [
        f"entries[{place}]{field}" for place, field in enumerate(fields, 1)
    ]
    assert "did you mean 'tags'" in problems[3]["detail"]
    assert "did you mean 'openai'" in problems[6]["detail"]
    assert {(each["status"], each["title"]) for each in problems} == {(400, "Bad Request")}
    assert {each["request_id"] for each in problems} == {reply.headers["x-request-id"]}
    assert info(service, query="And then?")["cache_hit"]


def test_half_a_character_spoils_its_own_entry_only(service: Service) -> None:
    body = b'{"entries": [{"query": "a", "response": "\\ud800"}, {"query": "b", "response": "c"}]}'

    reply = service.send(body, DOOR)

    assert outcomes(reply) == ["refused", "remembered"]
    assert "entries[0].response: contains half of a surrogate pair" in reply.text


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"entries": []}, "entries"),
        ({"entries": [GIVEN] * 257}, "entries"),
        ({}, "entries"),
        ({"entries": GIVEN}, "entries"),
        ({"entries": [GIVEN], "replace": "yes"}, "replace"),
        ({"entries": [GIVEN], "overwrite": True}, "overwrite"),
    ],
)
def test_a_request_that_is_none_is_refused_as_a_whole(service: Service, body: object, field: str) -> None:
    reply = service.client.post(DOOR, json=body)

    assert (reply.status_code, reply.headers["content-type"]) == (400, PROBLEM)
    assert reply.json()["errors"][0]["field"] == field


def test_256_are_taken_in_their_order(service: Service) -> None:
    entries = [{"query": f"Question {number}?", "response": f"Answer {number}."} for number in range(256)]

    assert outcomes(give(service, *entries)) == ["remembered"] * 256
    assert service.ask("Question 200?").json()["response"] == "Answer 200."
    assert outcomes(give(service, *entries)) == ["known"] * 256


def test_another_answer_stays_unless_it_is_to_be_replaced(service: Service) -> None:
    other = {**GIVEN, "response": "Something else."}
    give(service, GIVEN)

    assert outcomes(give(service, other)) == ["left"]
    assert service.ask(ASKED).json()["response"] == GIVEN["response"]
    assert outcomes(give(service, other, replace=True)) == ["replaced"]
    assert service.ask(ASKED).json()["response"] == "Something else."


def test_what_was_given_is_purged_like_anything_else(service: Service) -> None:
    give(service, {**GIVEN, "tags": ["faq"]}, {"query": "And then?", "response": "Nothing.", "model": "m"})

    assert service.purge(tag="faq").json()["entries"] == 1
    assert service.purge(model="m").json()["entries"] == 1
    assert info(service, query=ASKED)["cache_hit"] is False


def test_it_belongs_to_the_tenant_of_the_key(production: Service) -> None:
    ours, theirs = (
        {"x-api-key": production.create_key(f"{name}-{time.monotonic_ns()}").secret} for name in ("ours", "theirs")
    )

    assert outcomes(give(production, GIVEN, headers=ours)) == ["remembered"]
    assert production.ask(ASKED, ours).json()["cache_info"]["cache_hit"]
    assert not production.ask(ASKED, theirs).json()["cache_info"]["cache_hit"]


def test_who_may_not_report_may_not_give(production: Service) -> None:
    name = f"reader-{time.monotonic_ns()}"
    reader = {"x-api-key": production.create_key(name, may_report=False).secret}

    reply = give(production, GIVEN, headers=reader)

    assert (reply.status_code, reply.headers["content-type"]) == (403, PROBLEM)
    assert "may not report on answers, nor give any" in reply.text
    assert not production.ask(ASKED, reader).json()["cache_info"]["cache_hit"]


def test_strangers_give_nothing(production: Service) -> None:
    assert give(production, GIVEN).status_code == 401


def test_a_memory_that_fails_is_told(service: Service) -> None:
    service.parts["stored_answers"].trouble = AnswerCacheUnavailable("no space left on device")

    reply = give(service, GIVEN)

    assert (reply.status_code, reply.headers["content-type"]) == (503, PROBLEM)
    assert reply.json()["detail"].startswith("the memory of answers cannot be used just now")


def test_without_its_meaning_it_is_remembered_all_the_same(service: Service) -> None:
    service.parts["embedder"].trouble = EmbedderUnavailable("no model")

    assert outcomes(give(service, GIVEN)) == ["remembered"]
    assert info(service, query=ASKED)["reason"] == "same_question"
