"""What RAGBoost adds to a call of a model, what a hit through OpenAI's door costs, and whether many streams hold."""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from attrs import evolve, frozen
from figures import Effort, Figure, ratios
from load import Asking, write_bodies
from openai import OpenAI
from processes import megabytes
from progress import steps
from questions import answered, asked
from service import MODEL, Service

from tests.upstream import Reply, Request, ScriptedUpstream, openai_answer

ADDED, ADDED_TO_FIRST = 3.0, 2.0
CALLS = 100
QUESTIONS, CONNECTIONS, HITS = 100, 32, 0.9
STREAMS, CHUNKS, FLAT = 500, 200, 1.05
CHAT = "/v1/chat/completions"


def measure(folder: Path, effort: Effort) -> list[Figure]:
    """Measure one service before one scripted provider."""
    with ScriptedUpstream() as upstream, Service(folder / "service", upstream.url) as service:
        upstream.answer(_answer)
        return [
            *misses(service, upstream, effort),
            *hits(folder, service, effort),
            *asyncio.run(streams(service, upstream)),
        ]


@frozen
class Taken:
    """How long a call took, and until its first piece of text, in milliseconds."""

    whole: float
    first: float


def misses(service: Service, upstream: ScriptedUpstream, effort: Effort) -> list[Figure]:
    """Ask new questions, directly and through RAGBoost in turn, by the same SDK."""
    numbers = count(1_000_000)
    direct = OpenAI(api_key="none", base_url=f"{upstream.url}/v1", max_retries=0)
    ours = OpenAI(api_key=service.key, base_url=f"{service.url}/v1", max_retries=0)
    rounds = []
    for _ in steps("misses by OpenAI's SDK", range(effort.rounds + 1)):
        pairs = [(_call(direct, next(numbers)), _call(ours, next(numbers))) for _ in range(CALLS)]
        rounds.append([_medians([pair[side] for pair in pairs]) for side in (0, 1)])
    rounds = rounds[1:]
    return [
        Figure("miss", "RAGBoost adds to a call, p50", "ms", [b.whole - a.whole for a, b in rounds], at_most=ADDED),
        Figure("miss", "RAGBoost adds until the first chunk, p50", "ms", [b.first - a.first for a, b in rounds],
               at_most=ADDED_TO_FIRST),
        Figure("miss", "the same call made directly, p50", "ms", [a.whole for a, _ in rounds]),
    ]  # fmt: skip


def hits(folder: Path, service: Service, effort: Effort) -> list[Figure]:
    """Compare hits through OpenAI's door with those through ours."""
    numbers = range(QUESTIONS)
    plain = Asking(write_bodies(folder / "plain", map(asked, numbers)), CONNECTIONS)
    chats = folder / "chats"
    chats.write_text("".join(json.dumps(_chat(each)) + "\n" for each in numbers))
    chat = evolve(plain, bodies=chats, path=CHAT)
    for number in numbers:
        service.ask(asked(number), "no-cache")
    rounds = [
        (plain.ask(service, effort.seconds).check("exact"), chat.ask(service, effort.seconds).check("exact"))
        for _ in steps("exact hits through both doors", range(effort.rounds + 1))
    ][1:]
    ours, theirs = [each.rate for each, _ in rounds], [each.rate for _, each in rounds]
    return [
        Figure("chat completions", "hits a second, of those of /api/v1/query", "", ratios(theirs, ours), at_least=HITS),
        Figure("chat completions", f"hits, {CONNECTIONS} connections", "requests/s", theirs),
    ]


async def streams(service: Service, upstream: ScriptedUpstream) -> list[Figure]:
    """Hear many streams at a time, several times."""
    pieces = [f"piece {number} " for number in range(CHUNKS)]
    upstream.answer(lambda _: openai_answer(pieces).slowly(0.005))
    numbers, broken, taken = count(2_000_000), 0, []
    limits = httpx.Limits(max_connections=STREAMS, max_keepalive_connections=0)
    headers = {"x-api-key": service.key}
    async with httpx.AsyncClient(base_url=service.url, headers=headers, limits=limits, timeout=120) as client:
        for _ in steps(f"{STREAMS} streams of {CHUNKS} chunks", range(4)):
            heard = await asyncio.gather(*(_hear(client, next(numbers)) for _ in range(STREAMS)))
            broken += sum(each != "".join(pieces) for each in heard)
            taken.append(megabytes(service.process, "Rss"))
    return [
        Figure("streams", f"broken, of 4 times {STREAMS} with {CHUNKS} chunks each", "", [float(broken)], at_most=0),
        Figure("streams", "memory after the last round, times that after the second", "", [taken[-1] / taken[1]],
               at_most=FLAT),
        Figure("streams", "memory after the last round", "MB", [taken[-1]]),
    ]  # fmt: skip


async def _hear(client: httpx.AsyncClient, number: int) -> str:
    body = {**_chat(number), "stream": True}
    async with client.stream("POST", CHAT, json=body) as reply:
        return "".join([text async for line in reply.aiter_lines() for text in _text(line)])


def _text(line: str) -> Iterator[str]:
    if line.startswith("data: {"):
        for choice in json.loads(line.removeprefix("data: "))["choices"]:
            yield choice["delta"].get("content") or ""


def _call(client: OpenAI, number: int) -> Taken:
    began, first = time.perf_counter(), 0.0
    messages: Any = _chat(number)["messages"]
    for chunk in client.chat.completions.create(model=MODEL, messages=messages, stream=True):
        if not first and chunk.choices and chunk.choices[0].delta.content:
            first = time.perf_counter()
    return Taken((time.perf_counter() - began) * 1000, (first - began) * 1000)


def _medians(taken: Sequence[Taken]) -> Taken:
    return Taken(median(each.whole for each in taken), median(each.first for each in taken))


def _chat(number: int) -> dict[str, object]:
    return {"model": MODEL, "messages": [{"role": "user", "content": asked(number)}]}


def _answer(request: Request) -> Reply:
    return openai_answer([answered(request.question)])
