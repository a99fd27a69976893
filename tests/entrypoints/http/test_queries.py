"""Many questions in one request: each has its own answer or its own problem."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from domain.generation import FinishReason, ModelOverloaded, ModelTimedOut, PromptRefused
from domain.tenancy import KeyRingUnavailable
from tests.doubles import saying
from tests.entrypoints.http.service import PROBLEM, QUERIES, Service, memory_settings, serving


def results(reply: Any) -> list[dict[str, Any]]:
    assert reply.status_code == 200, reply.text
    assert reply.headers["content-type"] == "application/json"
    found: list[dict[str, Any]] = reply.json()["results"]
    return found


class TestAnswers:
    def test_each_is_answered_as_it_would_be_alone(self, service: Service) -> None:
        service.says("First.")
        service.ask("What is new about apples?")
        service.clock.advance(12)
        alone = service.ask("What is new about apples?")
        service.says("Second.")

        hit, new = results(service.ask_many("What is new about apples?", "What is new about whales?"))

        extra = {"status": 200, "cache": "exact", "stages_ms": hit["stages_ms"]}
        assert hit == {**alone.json(), **extra}
        assert (new["status"], new["cache"], new["response"]) == (200, "miss", "Second.")
        assert new["usage"] == {"prompt": 7, "completion": 1, "total": 8}
        assert new["cache_info"]["cache_hit"] is False

    def test_the_results_come_in_the_order_of_the_queries(self, service: Service) -> None:
        service.ask("What is new about apples?")
        asked = ["What is new about apples?", "Who was Napoleon?", "what is NEW about apples?", "Who was Napoleon?"]

        found = results(service.ask_many(*asked))

        assert [each["cache"] for each in found] == ["exact", "miss", "semantic", "coalesced"]
        assert found[2]["cache_info"]["matched_query"] == asked[0]
        assert service.model.calls == 2

    def test_each_takes_all_that_a_single_query_takes(self, service: Service) -> None:
        turns = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Who are you?"}]
        found = results(
            service.ask_many(
                {"messages": turns, "model": "large", "max_tokens": 12, "temperature": 0.5},
                {"query": "Hello?", "use_cache": False},
                {"query": "Hello?", "namespace": "faq", "tags": ["a"], "ttl": 5},
            )
        )
        assert [each["cache"] for each in found] == ["miss", "pass", "miss"]
        (brief,) = (each for each in service.model.prompts if each.model == "large")
        assert brief.parameters == {"max_tokens": 12, "temperature": 0.5}
        assert [each.content for each in brief.messages] == ["Be brief.", "Who are you?"]
        assert service.purge(tag="a", namespace="faq").json()["entries"] == 1

    def test_256_are_answered_and_remembered(self, service: Service) -> None:
        asked = [f"{number}{number} is which number?" for number in range(256)]
        assert {each["cache"] for each in results(service.ask_many(*asked))} <= {"miss", "semantic"}
        again = results(service.ask_many(*asked))
        assert len(again) == 256
        assert {each["cache"] for each in again} <= {"exact", "semantic"}

    def test_what_is_wanted_of_memory_is_wanted_for_all(self, service: Service) -> None:
        service.ask("What is new about apples?")
        asked = ["What is new about apples?", "Who was Napoleon?"]

        only = results(service.ask_many(*asked, headers={"cache-control": "only-if-cached"}))
        fresh = results(service.ask_many(*asked, headers={"cache-control": "no-cache"}))

        assert [each["status"] for each in only] == [200, 504]
        assert only[1]["title"] == "Gateway Timeout"
        assert [each["cache"] for each in fresh] == ["miss", "miss"]

    def test_one_answer_may_be_cut_where_others_are_whole(self, service: Service) -> None:
        service.says([*saying("Once upon a", FinishReason.LENGTH)], "Whole.")
        found = results(service.ask_many("Tell me a tale", "Who was Napoleon?"))
        assert [each["finish_reason"] for each in found] == ["length", "stop"]

    @pytest.mark.parametrize("part", ["stored_answers", "vector_index", "embedder"])
    def test_a_part_of_memory_that_fails_fails_no_question(self, service: Service, part: str) -> None:
        service.parts[part].trouble = OSError("no space left on device")
        found = results(service.ask_many("What is RAGBoost?", "Who was Napoleon?"))
        assert [each["cache_info"]["reason"] for each in found] == ["memory_failed"] * 2

    def test_every_stage_of_each_is_timed(self, service: Service) -> None:
        service.ask("What is RAGBoost?")
        hit, miss = results(service.ask_many("What is RAGBoost?", "Who was Napoleon?"))
        assert list(hit["stages_ms"]) == ["admit", "exact"]
        assert list(miss["stages_ms"]) == ["admit", "exact", "embed", "search", "judge", "model", "remember"]
        assert all(each >= 0 for each in (*hit["stages_ms"].values(), *miss["stages_ms"].values()))

    def test_each_answer_is_counted_and_logged_under_the_request(self, service: Service) -> None:
        before = answers_counted(service)
        service.ask_many("What is RAGBoost?", "Who was Napoleon?", "  ")
        assert answers_counted(service) == before + 2


def answers_counted(service: Service) -> float:
    lines = service.client.get("/metrics").text.splitlines()
    return sum(float(each.split()[-1]) for each in lines if each.startswith("ragboost_answer_duration_seconds_count"))


class TestProblemsOfOne:
    @pytest.mark.parametrize(
        ("query", "field", "remedy"),
        [
            ({}, "queries[1].query", "is required"),
            ({"query": " "}, "queries[1].query", "must not be blank"),
            ({"query": "x" * 10_001}, "queries[1].query", "has 10001 characters; at most 10000 are allowed"),
            ({"query": "a\0b"}, "queries[1].query", "must not contain NUL"),
            ({"query": 7}, "queries[1].query", "Expected `str | null`, got `int`"),
            ({"query": "a", "temperature": 7}, "queries[1].temperature", "<= 2"),
            ({"query": "a", "temperatures": 1}, "queries[1].temperatures", "did you mean 'temperature'?"),
            ({"query": "a", "tags": ["ok", "not ok"]}, "queries[1].tags[1]", "matching regex"),
            ({"query": "a", "provider": "opnai"}, "queries[1].provider", "did you mean 'openai'?"),
            ({"messages": [{"role": "user", "content": ""}]}, "queries[1].messages[0].content", "must not be blank"),
            ({"query": "a", "tenant": "globex"}, "queries[1].tenant", "is not a field"),
            (None, "queries[1]", "Expected `object`, got `null`"),
            (3, "queries[1]", "Expected `object`, got `int`"),
            (["a"], "queries[1]", "Expected `object`, got `array`"),
            ({"query": "cut in two: \ud83d"}, "queries[1].query", "half of a surrogate pair"),
            ({"\ud83d": "a"}, "queries[1]", "half of a surrogate pair"),
        ],
    )
    def test_a_query_that_is_not_sound_is_a_problem_of_its_own(
        self, service: Service, query: object, field: str, remedy: str
    ) -> None:
        sound = {"query": "What is RAGBoost?"}
        reply = service.send(json.dumps({"queries": [sound, query, sound]}).encode(), QUERIES)
        first, problem, last = results(reply)
        (error,) = problem["errors"]
        assert (first["cache"], last["cache"]) == ("miss", "coalesced")
        assert (problem["status"], problem["title"]) == (400, "Bad Request")
        assert problem["request_id"] == reply.headers["x-request-id"]
        assert error["field"] == field
        assert remedy in error["message"]
        assert error["field"] in problem["detail"]
        assert service.model.calls == 1

    def test_bytes_that_are_no_text_are_one_querys_own(self, service: Service) -> None:
        broken, sound = results(service.send(b'{"queries": [{"query": "\xff"}, {"query": "a"}]}', QUERIES))
        assert broken["errors"][0]["field"] == "queries[0]"
        assert sound["cache"] == "miss"

    def test_a_model_that_fails_one_fails_no_other(self, service: Service) -> None:
        failures = [ModelTimedOut("openai took 30 s"), PromptRefused.field("model", "openai has no model 'x'")]
        service.says("First.", *([each] for each in failures), "Fourth.")

        found = results(service.ask_many(*(f"Who was {name}?" for name in ("Ada", "Bohr", "Curie", "Darwin"))))

        assert [each["status"] for each in found] == [200, 503, 400, 200]
        assert found[1]["detail"] == "openai took 30 s"
        assert found[2]["errors"] == [{"field": "queries[2].model", "message": "openai has no model 'x'"}]

    def test_a_busy_provider_says_when_to_come_back(self, service: Service) -> None:
        service.says([ModelOverloaded("openai is busy", 7)])
        (problem,) = results(service.ask_many("What is RAGBoost?"))
        assert (problem["status"], problem["retry_after"]) == (503, 7)

    def test_a_surprise_tells_the_caller_nothing(self, service: Service) -> None:
        service.says([ZeroDivisionError("at line 12 of the secret file")], "An answer.")
        with capture_logs() as lines:
            reply = service.ask_many("Who was Ada?", "Who was Bohr?")
        assert [each["status"] for each in results(reply)] == [500, 200]
        assert "secret" not in reply.text
        assert "unexpected_error" in [line["event"] for line in lines]

    def test_a_problem_tells_of_nothing_but_what_it_has(self, service: Service) -> None:
        (problem,) = results(service.ask_many(3))
        assert set(problem) == {"title", "status", "detail", "request_id", "errors"}


class TestProblemsOfAll:
    @pytest.mark.parametrize(
        ("body", "field", "remedy"),
        [
            (b"", "body", "is required"),
            (b"{", "body", "is not valid JSON"),
            (b'{"queries": [{"query": "a"},]}', "body", "is not valid JSON"),
            (b'{"queries": [{"query": NaN}]}', "body", "NaN is no number"),
            (b"[]", "body", "Expected `object`, got `array`"),
            (b'[{"query": "a"}]', "body", "Expected `object`, got `array`"),
            (b"{}", "queries", "is required"),
            (b'{"query": "a"}', "query", "did you mean 'queries'?"),
            (b'{"queries": []}', "queries", "length >= 1"),
            (b'{"queries": {}}', "queries", "Expected `array`, got `object`"),
            (b'{"queries": null}', "queries", "Expected `array`, got `null`"),
            (b'{"queries": "a"}', "queries", "Expected `array`, got `str`"),
            (b'{"queries": "\\ud83d"}', "queries", "half of a surrogate pair"),
            (b'{"queries": [1], "x": ["\\ud83d"]}', "x", "is not a field"),
            (b'{"queries": [{"query": "\\ud83d"}], "\\ud83d": 1}', "body", "half of a surrogate pair"),
            (b'{"queries": [' + b'{"query": "a"},' * 256 + b'{"query": "a"}]}', "queries", "length <= 256"),
            (b'{"queries": [' + b'{"query": "\\ud83d"},' * 256 + b"1]}", "queries", "length <= 256"),
            (b'{"queries": [{"query": "a"}], "use_cache": false}', "use_cache", "is not a field"),
            (b'{"queries": [' + b"[" * 5_000 + b"]" * 5_000 + b"]}", "body", "nested too deeply"),
            (b'{"queries": [' + b"[" * 100_000, "body", ""),
        ],
    )
    def test_a_batch_that_cannot_be_read_is_refused(
        self, service: Service, body: bytes, field: str, remedy: str
    ) -> None:
        reply = service.send(body, QUERIES)
        (error,) = reply.json()["errors"]
        assert (reply.status_code, reply.headers["content-type"]) == (400, PROBLEM)
        assert error["field"] == field
        assert remedy in error["message"]
        assert service.model.calls == 0

    def test_a_directive_without_its_seconds_is_refused_once(self, service: Service) -> None:
        reply = service.ask_many("a", "b", headers={"cache-control": "max-age=soon"})
        assert reply.status_code == 400
        assert [each["field"] for each in reply.json()["errors"]] == ["Cache-Control"]

    def test_what_no_json_is_said_to_be_is_not_read(self, service: Service) -> None:
        assert service.send(b'{"queries": [{"query": "a"}]}', QUERIES, kind="text/plain").status_code == 415

    def test_when_keys_cannot_be_looked_up_nobody_is_served(self, tmp_path: Path) -> None:
        with serving(memory_settings(tmp_path, environment="production")) as service:
            headers = {"x-api-key": service.create_key("acme").secret}
            service.parts["key_ring"].trouble = KeyRingUnavailable("the records cannot be read")
            assert service.ask_many("a", headers=headers).status_code == 503


@pytest.fixture(scope="module")
def roomy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Serve with room for the largest batch there can be."""
    folder = tmp_path_factory.mktemp("roomy")
    with serving(memory_settings(folder, max_body_bytes=32_000_000, semantic={"enabled": False})) as service:
        yield service


@pytest.mark.parametrize("character", ["x", "\N{GRINNING FACE}"])
def test_the_largest_batch_fits_where_the_limit_lets_it(roomy: Service, character: str) -> None:
    asked = [f"{number} ".ljust(10_000, character) for number in range(256)]
    assert {each["status"] for each in results(roomy.ask_many(*asked))} == {200}


def test_a_header_says_nothing_of_a_batch(service: Service) -> None:
    headers: Mapping[str, str] = service.ask_many("What is RAGBoost?").headers
    assert not {"x-ragboost-cache", "age", "server-timing"} & set(headers)
