"""The log of a real process, asked well and badly: no key, no token, no address, no question in it."""

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from entrypoints.container import Container
from tests.entrypoints.http.running import Process, running
from tests.entrypoints.http.service import QUERY, memory_settings
from tests.upstream import ScriptedUpstream, openai_answer, openai_failure

PROVIDERS_KEY = "sk-live-ABCDEFGH12345678"
TOKEN = "eyJhbGciOi.SECRET-TOKEN.abc"
ADDRESS = "bob.mole@example.com"
QUESTION = f"Who is the mole in accounting? Ask {ADDRESS}."
ANSWER = "It is Alice from the second floor."
PRIVATE = (PROVIDERS_KEY, TOKEN, "SECRET-TOKEN", ADDRESS, "mole", "accounting", "Alice", "second floor")


async def make_key(folder: Path) -> str:
    container = Container(settings=memory_settings(folder))
    async with container.open_things():
        await container.records().open()
        return (await container.manage_keys().create("acme")).secret


@pytest.fixture(scope="module", params=["production", "development"])
def process(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, upstream: ScriptedUpstream
) -> Iterator[Process]:
    folder = tmp_path_factory.mktemp(request.param)
    environment = {
        "RAGBOOST_ENVIRONMENT": request.param,
        "OPENAI_BASE_URL": f"{upstream.url}/v1",
        "OPENAI_API_KEY": PROVIDERS_KEY,
        "RAGBOOST_LANGUAGE_MODEL_RETRIES": "0",
        "LOG_LEVEL": "debug",
    }
    with running(folder, {"x-api-key": asyncio.run(make_key(folder))}, **environment) as process:
        yield process


def be_good(process: Process, upstream: ScriptedUpstream) -> Iterator[httpx.Response]:
    """Ask for a miss, an exact hit, a semantic hit, and look after the answer."""
    upstream.answer(lambda _: openai_answer(ANSWER))
    for asked in (QUESTION, QUESTION, QUESTION.upper()):
        yield process.post(QUERY, {"query": asked}, **{"x-request-id": "request-42"})
    yield process.post(QUERY, {"messages": [{"role": "user", "content": f"{QUESTION} Now!"}], "temperature": 0.1})
    yield process.post("/api/v1/cache/judge", {"pairs": [{"stored": QUESTION, "asked": f"{QUESTION} Really?"}]})
    yield process.post("/api/v1/cache/explain", {"one": {"query": QUESTION}, "other": {"query": f"{QUESTION} Why?"}})
    yield process.post("/api/v1/cache/purge", {"all": True})


JSON = {"content-type": "application/json"}


def be_bad(process: Process, upstream: ScriptedUpstream) -> Iterator[httpx.Response]:
    """Ask in ways that are refused, with private things where they do not belong."""
    upstream.answer(lambda _: openai_answer(ANSWER))
    yield process.post(QUERY, {"query": QUESTION, QUESTION: 1})
    yield process.post(QUERY, {"query": QUESTION, "provider": ADDRESS})
    yield process.post(QUERY, {"query": QUESTION, "tags": [ADDRESS]})
    yield process.post(QUERY, {"query": QUESTION}, **{"cache-control": f"max-age={TOKEN}"})
    yield process.post(QUERY, {"query": QUESTION}, **{"x-api-key": TOKEN})
    yield process.post(QUERY, {"query": QUESTION}, **{"x-api-key": "", "authorization": f"Bearer {TOKEN}"})
    yield process.post(QUERY, {"query": QUESTION * 300}, **{"x-request-id": f"{ADDRESS} {TOKEN}"})
    yield process.client.post(QUERY, content=f'{{"query": "{QUESTION}"'.encode(), headers=JSON)
    yield process.client.post(QUERY, content=QUESTION.encode("utf-16"), headers=JSON)
    yield process.client.get(f"/api/v1/cache/entries/{ADDRESS}?key={TOKEN}")
    yield process.client.get(f"/{ADDRESS}/{TOKEN}")


def meet_trouble(process: Process, upstream: ScriptedUpstream) -> Iterator[httpx.Response]:
    """Ask while the provider fails, telling all it knows."""
    talkative = f"Incorrect API key provided: {PROVIDERS_KEY}. Your prompt was: {QUESTION}"
    for number, status in enumerate((400, 401, 403, 404, 429, 500, 503)):
        upstream.answer(lambda _, status=status: openai_failure(status, talkative))
        yield process.post(QUERY, {"query": f"{QUESTION} {number}"})
    upstream.answer(lambda _: openai_answer(ANSWER).cut(after=3))
    yield process.post(QUERY, {"query": f"{QUESTION} In the end?"})


def test_what_is_private_stays_out_of_the_log(process: Process, upstream: ScriptedUpstream) -> None:
    good = [reply.status_code for reply in be_good(process, upstream)]
    bad = [reply.status_code for reply in be_bad(process, upstream)]
    unlucky = [reply.status_code for reply in meet_trouble(process, upstream)]
    assert set(good) == {200}
    assert set(bad) == {400, 401, 404}
    assert set(unlucky) <= {400, 503}
    process.client.get("/health")  # the lines of one turn of the loop are flushed in the next
    log = process.log
    assert [each for each in (*PRIVATE, process.client.headers["x-api-key"]) if each.lower() in log.lower()] == []
    assert log.count("request-42") >= 3
    assert log.count("answer served") == 4
    assert log.count("question failed") == len(unlucky)


def test_private_words_do_not_come_back_from_a_provider_that_refuses(
    process: Process, upstream: ScriptedUpstream
) -> None:
    for status, number in itertools.product((401, 500), range(2)):
        upstream.answer(lambda _, status=status: openai_failure(status, f"Incorrect API key: {PROVIDERS_KEY}"))
        reply = process.post(QUERY, {"query": f"question {status} {number}"})
        assert reply.status_code == 503
        assert PROVIDERS_KEY not in reply.text
