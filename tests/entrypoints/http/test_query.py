import tracemalloc
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from domain.generation import Chunk, FinishReason, ModelOverloaded, ModelTimedOut, PromptRefused
from domain.tokens import TokenUsage
from entrypoints.http.query_request import QueryRequest
from entrypoints.http.reception import KNOWN_QUESTIONS, KNOWN_TEXT, Reception
from tests.doubles import Step, saying
from tests.entrypoints.http.service import PROBLEM, Service


def test_a_new_question_is_answered_by_the_model(service: Service) -> None:
    service.says("A memory for answers.")
    reply = service.ask("What is RAGBoost?")
    body = reply.json()
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["x-ragboost-cache"] == "miss"
    assert "age" not in reply.headers
    assert body["response"] == "A memory for answers."
    assert (body["provider"], body["model"], body["finish_reason"]) == ("openai", "scripted-1", "stop")
    assert body["usage"] == {"prompt": 7, "completion": 4, "total": 11}
    assert body["cache_info"] == {
        "cache_hit": False,
        "reason": "no_candidate",
        "cache_type": None,
        "similarity_score": None,
        "probability": None,
        "differences": [],
        "matched_query": None,
        "entry_id": None,
        "age_seconds": None,
        "tokens_saved": 0,
    }


def test_what_an_answer_cost_and_saved_is_told_exactly(service: Service) -> None:
    told = Chunk(finish_reason=FinishReason.STOP, usage=TokenUsage(11, 7), model="priced")
    service.says([Chunk("An answer."), told])
    replies = [service.ask("What is a ledger?") for _ in range(2)]
    assert [each.headers["x-ragboost-cost"] for each in replies] == ["0.000092", "0"]
    assert [each.headers["x-ragboost-saved"] for each in replies] == ["0", "0.000092"]
    tokens = {"served_tokens": 18, "provider_tokens": 18, "billable_tokens": 18, "avoided_tokens": 0}
    assert replies[0].json()["bill"] == {"cost_usd": "0.000092", "saved_usd": "0", **tokens}
    tokens = {"served_tokens": 18, "provider_tokens": 0, "billable_tokens": 0, "avoided_tokens": 18}
    assert replies[1].json()["bill"] == {"cost_usd": "0", "saved_usd": "0.000092", **tokens}


def test_what_nobody_knows_the_price_of_is_unknown(service: Service) -> None:
    replies = [service.ask("What is a ledger?") for _ in range(2)]
    assert [each.headers["x-ragboost-cost"] for each in replies] == ["unknown", "0"]
    assert [each.headers["x-ragboost-saved"] for each in replies] == ["0", "unknown"]
    assert (replies[0].json()["bill"]["cost_usd"], replies[1].json()["bill"]["saved_usd"]) == (None, None)


def test_the_same_question_is_answered_from_memory(service: Service) -> None:
    service.ask("What is RAGBoost?")
    service.clock.advance(12)
    reply = service.ask(" What is  RAGBoost? ")
    info = reply.json()["cache_info"]
    entry_id = info.pop("entry_id")
    assert reply.headers["x-ragboost-cache"] == "exact"
    assert reply.headers["age"] == "12"
    assert reply.json()["usage"] == {"prompt": 0, "completion": 0, "total": 0}
    assert len(entry_id) == 64
    assert info == {
        "cache_hit": True,
        "reason": "same_question",
        "cache_type": "exact",
        "similarity_score": 1.0,
        "probability": None,
        "differences": [],
        "matched_query": "What is RAGBoost?",
        "age_seconds": 12.0,
        "tokens_saved": 9,
    }
    assert service.model.calls == 1


def test_a_question_of_the_same_meaning_names_the_one_it_matched(service: Service) -> None:
    service.ask("What is RAGBoost?")
    reply = service.ask("WHAT is RAGBoost?")  # to the hashing embedder, case means nothing
    info = reply.json()["cache_info"]
    assert reply.headers["x-ragboost-cache"] == "semantic"
    assert (info["cache_type"], info["reason"]) == ("semantic", "similar")
    assert info["matched_query"] == "What is RAGBoost?"
    assert info["similarity_score"] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("asked", "stages"),
    [
        ("something new", ["admit", "exact", "embed", "search", "judge", "model", "remember"]),
        ("What is RAGBoost?", ["admit", "exact"]),
        ("what is RAGBoost?", ["admit", "exact", "embed", "search", "judge"]),
    ],
)
def test_every_stage_is_timed(service: Service, asked: str, stages: list[str]) -> None:
    service.ask("What is RAGBoost?")
    timing = service.ask(asked).headers["server-timing"]
    assert [each.split(";dur=")[0] for each in timing.split(", ")] == stages
    assert all(float(each.split(";dur=")[1]) >= 0 for each in timing.split(", "))


def test_what_the_asker_sets_reaches_the_model(service: Service) -> None:
    turns = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hello."},
        {"role": "assistant", "content": "Hello!"},
        {"role": "user", "content": "  Who are you? "},
    ]
    service.ask(None, messages=turns, model="large", max_tokens=12, temperature=0.5)
    (prompt,) = service.model.prompts
    assert prompt.model == "large"
    assert prompt.parameters == {"max_tokens": 12, "temperature": 0.5}
    said = [(each.role.value, each.content) for each in prompt.messages]
    assert said == [*((each["role"], each["content"]) for each in turns[:-1]), ("user", "Who are you?")]


def test_the_whole_conversation_must_be_the_same(service: Service) -> None:
    first = {"role": "system", "content": "Be brief."}
    other = {"role": "system", "content": "Be verbose."}
    last = {"role": "user", "content": "What is RAGBoost?"}
    assert service.ask(None, messages=[first, last]).headers["x-ragboost-cache"] == "miss"
    assert service.ask(None, messages=[other, last]).headers["x-ragboost-cache"] == "miss"
    assert service.ask(None, messages=[first, last]).headers["x-ragboost-cache"] == "exact"


def test_a_question_and_a_conversation_of_one_turn_are_the_same(service: Service) -> None:
    service.ask("What is RAGBoost?")
    reply = service.ask(None, messages=[{"role": "user", "content": "What is RAGBoost?"}])
    assert reply.headers["x-ragboost-cache"] == "exact"


@pytest.mark.parametrize(
    "change",
    [{"model": "other"}, {"max_tokens": 5}, {"temperature": 0.1}, {"namespace": "b"}, {"provider": "extractive"}],
)
def test_what_shapes_an_answer_makes_another_question(service: Service, change: dict[str, object]) -> None:
    service.ask("What is RAGBoost?")
    assert service.ask("What is RAGBoost?", **change).json()["cache_info"]["cache_hit"] is False


def test_tags_and_lifetime_make_no_other_question(service: Service) -> None:
    service.ask("What is RAGBoost?")
    assert service.ask("What is RAGBoost?", tags=["a"], ttl=5).headers["x-ragboost-cache"] == "exact"


def test_an_answer_that_was_cut_for_length_is_given_and_not_remembered(service: Service) -> None:
    service.says([*saying("Once upon a", FinishReason.LENGTH)])
    assert service.ask().json()["finish_reason"] == "length"
    assert service.ask().headers["x-ragboost-cache"] == "miss"
    assert service.model.calls == 2


def test_the_offline_provider_cites_what_it_quotes(service: Service) -> None:
    body = service.ask("What is RAGBoost?", provider="extractive").json()
    assert body["provider"] == "extractive"
    assert body["citations"]
    assert {"source", "quote"} == set(body["citations"][0])


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ModelTimedOut("openai did not answer within 30 s"), 503),
        (ModelOverloaded("openai is busy", 7), 503),
        (PromptRefused.field("model", "openai has no model 'x'"), 400),
    ],
)
def test_a_model_that_fails_is_a_problem_and_nothing_is_remembered(
    service: Service, error: Exception, status: int
) -> None:
    service.says([error], "An answer.")
    reply = service.ask()
    assert reply.status_code == status
    assert reply.headers["content-type"] == PROBLEM
    assert str(error) == reply.json()["detail"]
    assert reply.json()["request_id"] == reply.headers["x-request-id"]
    assert service.ask().headers["x-ragboost-cache"] == "miss"


def test_a_busy_provider_says_when_to_come_back(service: Service) -> None:
    service.says([ModelOverloaded("openai is busy", 7)])
    assert service.ask().headers["retry-after"] == "7"


def test_a_surprise_tells_the_caller_nothing(service: Service) -> None:
    service.says([ZeroDivisionError("at line 12 of the secret file")])
    with capture_logs() as lines:
        reply = service.ask()
    assert reply.status_code == 500
    assert reply.headers["content-type"] == PROBLEM
    assert "secret" not in reply.text
    assert "ZeroDivisionError" not in reply.text
    assert "unexpected_error" in [line["event"] for line in lines]
    assert reply.json()["request_id"] == reply.headers["x-request-id"]


def test_an_answer_whose_age_became_unknown_while_a_model_was_asked_is_served_without_one(service: Service) -> None:
    def fail_after_the_clock_was_set_back() -> Iterator[Step]:
        service.clock.advance(-86_400)
        yield ModelTimedOut("openai did not answer within 30 s")

    service.says("An answer.", fail_after_the_clock_was_set_back())
    service.ask("What is RAGBoost?")
    service.clock.advance(3_662)
    reply = service.ask("What is RAGBoost?")
    service.clock.advance(86_400)
    assert (reply.status_code, reply.json()["cache_info"]["reason"]) == (200, "model_failed")
    assert reply.json()["cache_info"]["age_seconds"] is None
    assert "age" not in reply.headers


@pytest.mark.parametrize("part", ["stored_answers", "vector_index", "embedder"])
def test_a_part_of_memory_that_fails_fails_no_question(service: Service, part: str) -> None:
    service.parts[part].trouble = OSError("no space left on device")
    reply = service.ask("What is RAGBoost?")
    assert reply.status_code == 200
    assert reply.json()["response"] == "An answer."
    assert reply.json()["cache_info"]["reason"] == "memory_failed"


@pytest.fixture
def reception(service: Service) -> Reception:
    parts = service.container
    return Reception(parts.admit_caller(), parts.routes(), parts.clock())


@pytest.mark.parametrize(("length", "kept"), [(1, True), (KNOWN_TEXT, True), (KNOWN_TEXT + 1, False), (10_000, False)])
def test_only_a_short_question_is_kept_for_those_who_ask_it_again(
    reception: Reception, length: int, kept: bool
) -> None:
    asked = QueryRequest(query="x" * length)
    first, again = (reception.question("acme", asked) for _ in range(2))
    assert first == again
    assert (first is again) is kept


def test_the_questions_that_are_kept_take_some_20_megabytes_at_the_very_worst(reception: Reception) -> None:
    wide = "\N{MUSICAL SYMBOL EIGHTH NOTE}" * KNOWN_TEXT  # four bytes each, and three characters when normalised
    tracemalloc.start()
    try:
        for number in range(KNOWN_QUESTIONS):
            tags = tuple(f"{number}-{each}".ljust(64, "x") for each in range(16))
            for query in ("\N{GRINNING FACE}" * 10_000, wide):
                reception.question("acme", QueryRequest(query=f"{number} {query}"[: len(query)], tags=tags))
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 24_000_000


def test_the_page_that_shows_the_api_is_served(service: Service) -> None:
    reply = service.client.get("/schema")
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("text/html")
