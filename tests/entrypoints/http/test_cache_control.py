"""What an asker may want of memory, in the words of Cache-Control."""

import pytest
from httpx import Response

from domain.generation import ModelBroken
from tests.entrypoints.http.service import PROBLEM, Service

TTL, GRACE, RESCUE = 3600, 60, 86_400


def ask(service: Service, cache_control: str, query: str = "What is RAGBoost?") -> Response:
    return service.ask(query, {"cache-control": cache_control})


def word(reply: Response) -> str:
    assert reply.status_code == 200
    return str(reply.headers["x-ragboost-cache"])


def test_several_lines_of_the_header_are_one_list(service: Service) -> None:
    lines = [("cache-control", "no-store"), ("cache-control", "max-age=100")]
    service.client.post("/api/v1/query", json={"query": "What is RAGBoost?"}, headers=lines)

    assert ask(service, "only-if-cached").status_code == 504


def test_no_cache_fetches_a_fresh_answer_and_remembers_it(service: Service) -> None:
    service.says("Old.", "New.")
    service.ask()
    fresh = ask(service, "no-cache")
    assert (word(fresh), fresh.json()["response"]) == ("miss", "New.")
    assert fresh.json()["cache_info"]["reason"] == "no_cache"
    assert service.ask().json()["response"] == "New."
    assert service.model.calls == 2


def test_no_store_reads_memory_and_leaves_it_as_it_is(service: Service) -> None:
    assert word(ask(service, "no-store")) == "pass"
    assert word(service.ask()) == "miss"
    assert word(ask(service, "no-store")) == "exact"


def test_use_cache_off_neither_reads_nor_writes(service: Service) -> None:
    service.says("Old.", "New.")
    service.ask()
    passed = service.ask(use_cache=False)
    assert (word(passed), passed.json()["response"]) == ("pass", "New.")
    assert passed.json()["cache_info"]["reason"] == "bypassed"
    assert passed.json()["usage"]["total"] > 0
    assert service.ask().json()["response"] == "Old."


def test_only_if_cached_never_asks_a_model(service: Service) -> None:
    reply = ask(service, "only-if-cached")
    assert reply.status_code == 504
    assert reply.headers["content-type"] == PROBLEM
    assert "only-if-cached" in reply.json()["detail"]
    assert service.model.calls == 0
    service.ask()
    assert word(ask(service, "only-if-cached")) == "exact"


def test_max_age_refuses_what_is_older(service: Service) -> None:
    service.ask()
    service.clock.advance(30)
    assert word(ask(service, "max-age=30")) == "exact"
    too_old = ask(service, "max-age=29")
    assert (word(too_old), too_old.json()["cache_info"]["reason"]) == ("miss", "too_old")
    assert word(ask(service, "max-age=0")) == "exact"  # it was renewed just now


def test_what_has_expired_is_not_served(service: Service) -> None:
    service.ask()
    service.clock.advance(TTL + GRACE + 1)
    reply = service.ask()
    assert (word(reply), reply.json()["cache_info"]["reason"]) == ("miss", "expired")


@pytest.mark.parametrize(("directive", "expected"), [("max-stale", "stale"), ("max-stale=120", "stale")])
def test_max_stale_accepts_what_has_expired(service: Service, directive: str, expected: str) -> None:
    service.ask()
    service.clock.advance(TTL + 120)
    reply = ask(service, f"{directive}, only-if-cached")
    assert word(reply) == expected
    assert reply.headers["age"] == str(TTL + 120)


def test_max_stale_accepts_no_more_than_it_says(service: Service) -> None:
    service.ask()
    service.clock.advance(TTL + 121)
    assert ask(service, "max-stale=120, only-if-cached").status_code == 504


def test_within_its_grace_an_answer_is_served_while_a_fresh_one_is_fetched(service: Service) -> None:
    service.says("Old.", "New.")
    service.ask()
    service.clock.advance(TTL + GRACE)
    stale = service.ask()
    assert (word(stale), stale.json()["response"]) == ("stale", "Old.")
    assert stale.json()["cache_info"]["reason"] == "refreshing"
    assert stale.json()["cache_info"]["cache_hit"] is True
    assert service.ask().json()["response"] == "New."
    assert service.model.calls == 2


def test_when_no_model_answers_an_expired_answer_is_served(service: Service) -> None:
    service.says("Old.", [ModelBroken("openai failed with 500")])
    service.ask()
    service.clock.advance(TTL + RESCUE)
    stale = service.ask()
    assert (word(stale), stale.json()["response"]) == ("stale", "Old.")
    assert stale.json()["cache_info"]["reason"] == "model_failed"
    assert stale.headers["age"] == str(TTL + RESCUE)
    service.clock.advance(1)
    assert service.ask().status_code == 503


def test_a_lifetime_of_its_own_replaces_the_configured_one(service: Service) -> None:
    service.ask(ttl=5)
    service.clock.advance(5)
    assert word(service.ask()) == "exact"
    service.clock.advance(GRACE + 1)
    assert word(service.ask()) == "miss"


@pytest.mark.parametrize(
    "header", ["", "public", "max-age=60, foo=bar", "MAX-AGE=60", 'max-age="60"', "no-transform,,"]
)
def test_what_is_not_ours_is_passed_over(service: Service, header: str) -> None:
    service.ask()
    assert word(ask(service, header)) == "exact"
