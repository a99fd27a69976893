"""/api/v1/cache: judge, look, count, purge, explain."""

import pytest
from httpx import Response

from domain.caching import AnswerCacheUnavailable
from domain.generation import Chunk
from domain.similarity import EmbedderUnavailable
from tests.doubles import saying
from tests.entrypoints.http.service import PROBLEM, Service


def judge(service: Service, *pairs: tuple[str, str]) -> Response:
    asked = {"pairs": [{"stored": stored, "asked": asked} for stored, asked in pairs]}
    return service.client.post("/api/v1/cache/judge", json=asked)


def explain(service: Service, one: dict[str, object], other: dict[str, object]) -> Response:
    return service.client.post("/api/v1/cache/explain", json={"one": one, "other": other})


def stats(service: Service) -> dict[str, int]:
    counted: dict[str, int] = service.client.get("/api/v1/cache/stats").json()
    return counted


def remember(service: Service, query: str, **fields: object) -> str:
    """Have *query* answered, and give its entry's id."""
    service.ask(query, **fields)
    return str(service.ask(query, **fields).json()["cache_info"]["entry_id"])


def test_judging_tells_what_the_policy_would_decide(service: Service) -> None:
    reply = judge(service, ("How do I log in?", "how do I log in?"), ("How do I log in?", "What does it cost?"))
    same, other = reply.json()["verdicts"]
    assert reply.status_code == 200
    assert (same["hit"], same["reason"]) == (True, "similar")
    assert same["similarity"] == pytest.approx(1.0)
    assert 0 <= same["probability"] <= 1
    assert (other["hit"], other["reason"]) == (False, "below_threshold")
    assert other["similarity"] < 0.95


def test_an_explanation_names_what_differs_in_the_wording(service: Service) -> None:
    explained = explain(service, {"query": "May I cancel within 14 days?"}, {"query": "May I cancel within 30 days?"})
    (wording,) = explained.json()["wording"]
    assert (wording["name"], wording["veto"]) == ("numbers", True)
    assert wording["meaning"].endswith(".")


def test_judging_stores_nothing_and_asks_no_model(service: Service) -> None:
    judge(service, ("How do I log in?", "how do I log in?"))
    assert stats(service) == {"entries": 0, "size_bytes": 0, "hits": 0}
    assert service.ask("how do I log in?").json()["cache_info"]["reason"] == "no_candidate"
    assert service.model.calls == 1


def test_256_pairs_are_judged_in_their_order(service: Service) -> None:
    pairs = [(f"question {number}", f"question {number if number % 2 else 'x'}") for number in range(256)]
    verdicts = judge(service, *pairs).json()["verdicts"]
    assert [each["hit"] for each in verdicts] == [number % 2 == 1 for number in range(256)]


def test_257_pairs_are_too_many(service: Service) -> None:
    reply = judge(service, *[("a", "b")] * 257)
    assert reply.status_code == 400
    assert reply.json()["errors"] == [{"field": "pairs", "message": "Expected `array` of length <= 256"}]


def test_judging_needs_the_embedder(service: Service) -> None:
    service.parts["embedder"].trouble = EmbedderUnavailable("the model is gone")
    reply = judge(service, ("a", "b"))
    assert (reply.status_code, reply.json()["detail"].split(" cannot")[0]) == (503, "the embedder")


def test_stats_count_entries_bytes_and_hits(service: Service) -> None:
    assert stats(service) == {"entries": 0, "size_bytes": 0, "hits": 0}
    for query in ("one thing", "another matter", "one thing", "one thing"):
        service.ask(query)
    counted = stats(service)
    assert (counted["entries"], counted["hits"]) == (2, 2)
    assert counted["size_bytes"] > 0


def test_an_entry_shows_the_question_and_the_answer(service: Service) -> None:
    asked_at = service.clock.now()
    entry_id = remember(service, "What is RAGBoost?", namespace="docs", tags=["faq", "intro"], ttl=100)
    service.clock.advance(7)
    reply = service.entry(entry_id)
    assert reply.status_code == 200
    assert reply.json() == {
        "entry_id": entry_id,
        "query": "What is RAGBoost?",
        "response": "An answer.",
        "provider": "openai",
        "model": "scripted-1",
        "namespace": "docs",
        "tags": ["faq", "intro"],
        "stored_at": asked_at,
        "age_seconds": 7.0,
        "freshness": "fresh",
        "ttl_seconds": 100.0,
        "hits": 1,
        "last_used_at": asked_at,
    }


@pytest.mark.parametrize(("later", "freshness"), [(3600, "fresh"), (3601, "grace"), (3661, "rescue"), (90_001, "dead")])
def test_an_entry_tells_how_fresh_it_is(service: Service, later: float, freshness: str) -> None:
    entry_id = remember(service, "What is RAGBoost?")
    service.clock.advance(later)
    assert service.entry(entry_id).json()["freshness"] == freshness


@pytest.mark.parametrize(
    ("set_back", "age", "freshness"), [(5, 0.0, "fresh"), (6, None, "dead"), (86_400, None, "dead")]
)
def test_the_age_of_an_entry_from_the_future_is_unknown(
    service: Service, set_back: float, age: float | None, freshness: str
) -> None:
    entry_id = remember(service, "What is RAGBoost?")
    service.clock.advance(-set_back)
    shown = service.entry(entry_id).json()
    service.clock.advance(set_back)
    assert (shown["age_seconds"], shown["freshness"]) == (age, freshness)


def test_the_document_says_that_an_age_may_be_unknown(service: Service) -> None:
    document = service.client.get("/schema/openapi.json").json()
    age = document["components"]["schemas"]["Entry"]["properties"]["age_seconds"]
    assert {each["type"] for each in age["anyOf"]} == {"number", "null"}
    assert "the clock was set back" in age["description"]


def test_a_removed_entry_is_gone_from_both_memories(service: Service) -> None:
    entry_id = remember(service, "What is RAGBoost?")
    removed = service.client.delete(f"/api/v1/cache/entries/{entry_id}")
    assert (removed.status_code, removed.content) == (204, b"")
    assert service.entry(entry_id).status_code == 404
    assert service.client.delete(f"/api/v1/cache/entries/{entry_id}").status_code == 404
    assert service.ask("what is RAGBoost?").json()["cache_info"]["reason"] == "no_candidate"


@pytest.mark.parametrize("entry_id", ["0" * 64, "abc", "%00", "..", "ä", "%F0%9F%98%80", "a" * 5000])
def test_an_unknown_entry_is_a_problem(service: Service, entry_id: str) -> None:
    reply = service.client.get(f"/api/v1/cache/entries/x{entry_id}")
    assert reply.status_code == 404
    assert reply.headers["content-type"] == PROBLEM


@pytest.fixture
def furnished(service: Service) -> Service:
    """Remember three answers of different tags, models, namespaces and ages."""
    service.ask("red", tags=["warm", "colour"])
    service.ask("blue", tags=["cold", "colour"])
    service.says([*saying("Yes."), Chunk(model="other-model")])
    service.clock.advance(100)
    service.ask("green", namespace="garden")
    return service


@pytest.mark.parametrize(
    ("selection", "purged"),
    [
        ({"all": True}, {"red", "blue", "green"}),
        ({"tag": "colour"}, {"red", "blue"}),
        ({"tag": "warm"}, {"red"}),
        ({"tag": "nothing"}, set()),
        ({"model": "scripted-1"}, {"red", "blue"}),
        ({"model": "other-model"}, {"green"}),
        ({"namespace": "garden"}, {"green"}),
        ({"older_than": 99}, {"red", "blue"}),
        ({"older_than": 0, "namespace": "garden"}, set()),
        ({"older_than": 101}, set()),
        ({"tag": "colour", "model": "other-model"}, set()),
        ({"tag": "cold", "older_than": 50}, {"blue"}),
    ],
)
def test_purging_removes_what_every_given_field_matches(
    furnished: Service, selection: dict[str, object], purged: set[str]
) -> None:
    asked = {"red": {}, "blue": {}, "green": {"namespace": "garden"}}
    counted = furnished.purge(**selection, dry_run=True)
    assert counted.json() == {"entries": len(purged), "dry_run": True}
    assert stats(furnished)["entries"] == 3
    assert furnished.purge(**selection).json() == {"entries": len(purged), "dry_run": False}
    only_memory = {"cache-control": "only-if-cached"}
    gone = {each for each, fields in asked.items() if furnished.ask(each, only_memory, **fields).status_code == 504}
    assert gone == purged


def test_explaining_names_the_fields_that_keep_two_requests_apart(service: Service) -> None:
    one = {"query": "What is RAGBoost?", "temperature": 0.2, "model": "small"}
    other = {"query": "Who is RAGBoost?", "model": "large", "namespace": "docs"}
    explained = explain(service, one, other).json()
    assert (explained["same_question"], explained["may_match_by_meaning"]) == (False, False)
    assert {each["field"]: (each["one"], each["other"]) for each in explained["differences"]} == {
        "model": ("small", "large"),
        "namespace": ("", "docs"),
        "parameters.temperature": (0.2, None),
        "query": ("What is RAGBoost?", "Who is RAGBoost?"),
    }


def test_explaining_looks_into_the_conversation(service: Service) -> None:
    last = {"role": "user", "content": "And then?"}
    one, other = ({"messages": [{"role": "system", "content": each}, last]} for each in ("Brief.", "Long."))
    explained = explain(service, one, other).json()
    assert [each["field"] for each in explained["differences"]] == ["history"]


def test_two_wordings_may_match_by_meaning(service: Service) -> None:
    explained = explain(service, {"query": "What is it?"}, {"query": "What's it?"}).json()
    assert (explained["same_question"], explained["may_match_by_meaning"]) == (False, True)


def test_what_makes_no_difference_is_not_named(service: Service) -> None:
    one = {"query": "What is it?", "ttl": 5, "tags": ["a"], "use_cache": False}
    explained = explain(service, one, {"query": "  What is  it? "}).json()
    assert explained == {"same_question": True, "may_match_by_meaning": True, "differences": [], "wording": []}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/cache/stats"),
        ("POST", "/api/v1/cache/purge"),
    ],
)
def test_a_memory_that_is_away_is_a_problem_for_those_who_look_after_it(
    service: Service, method: str, path: str
) -> None:
    service.parts["stored_answers"].trouble = AnswerCacheUnavailable("redis-7 is full, see REDIS_URL")
    reply = service.client.request(method, path, json={"all": True} if method == "POST" else None)
    assert reply.status_code == 503
    assert reply.headers["content-type"] == PROBLEM
    assert reply.json()["detail"].startswith("the memory of answers cannot be used just now")
    assert "redis-7" not in reply.text  # that is for the log
