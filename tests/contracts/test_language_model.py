"""What every language model promises, and the double that stands in for one."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager

import pytest

from adapters.language_model.anthropic import AnthropicLanguageModel
from adapters.language_model.endpoint import Endpoint
from adapters.language_model.extractive import ExtractiveLanguageModel, Passage
from adapters.language_model.openai import OpenAILanguageModel
from domain.generation import Chunk, Completion, FinishReason, LanguageModel
from domain.prompts import Message, Prompt, Role
from tests.doubles import ScriptedModel, saying
from tests.upstream import ScriptedUpstream, anthropic_answer, openai_answer

KNOWN = {
    "How long does an answer live?": "An answer lives for one hour.",
    "What does purging a tag remove?": "Purging a tag removes every answer that carries it.",
}
FIRST, SECOND = KNOWN


@pytest.fixture
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream() as upstream:
        yield upstream


@asynccontextmanager
async def openai(upstream: ScriptedUpstream) -> AsyncIterator[LanguageModel]:
    upstream.answer(lambda request: openai_answer(KNOWN[request.question]).slowly(0.001))
    model = OpenAILanguageModel.connect(Endpoint("sk-x", upstream.url + "/v1"))
    yield model
    await model.aclose()


@asynccontextmanager
async def anthropic(upstream: ScriptedUpstream) -> AsyncIterator[LanguageModel]:
    upstream.answer(lambda request: anthropic_answer(KNOWN[request.question]).slowly(0.001))
    model = AnthropicLanguageModel.connect(Endpoint("sk-x", upstream.url))
    yield model
    await model.aclose()


@asynccontextmanager
async def extractive(_: ScriptedUpstream) -> AsyncIterator[LanguageModel]:
    yield ExtractiveLanguageModel([Passage("README.md", "", text) for text in KNOWN.values()])


@asynccontextmanager
async def scripted(_: ScriptedUpstream) -> AsyncIterator[LanguageModel]:
    yield ScriptedModel(*(saying(text) for text in KNOWN.values()))


@pytest.fixture(params=[openai, anthropic, extractive, scripted], ids=lambda each: each.__name__)
async def model(request: pytest.FixtureRequest, upstream: ScriptedUpstream) -> AsyncIterator[LanguageModel]:
    async with AsyncExitStack() as stack:
        yield await stack.enter_async_context(request.param(upstream))


def prompt(question: str) -> Prompt:
    return Prompt("asked-for", (Message(Role.SYSTEM, "Be true."), Message(Role.USER, question)))


async def collect(model: LanguageModel, question: str) -> list[Chunk]:
    return [chunk async for chunk in model.stream(prompt(question))]


async def test_an_answer_comes_in_pieces_and_folds_into_a_completion(model: LanguageModel) -> None:
    chunks = await collect(model, FIRST)
    completion = Completion.fold("any", "asked-for", chunks)
    assert len(chunks) > 2
    assert KNOWN[FIRST] in completion.text
    assert completion.is_whole


async def test_the_last_chunk_tells_how_it_ended_what_it_took_and_which_model_it_was(model: LanguageModel) -> None:
    *spoken, last = await collect(model, FIRST)
    assert last.finish_reason is FinishReason.STOP
    assert last.usage is not None
    assert last.model not in (None, "asked-for")
    assert all(each.text and each.finish_reason is None for each in spoken)


async def test_nothing_is_asked_before_the_first_piece_is_wanted(
    model: LanguageModel, upstream: ScriptedUpstream
) -> None:
    async with aclosing(model.stream(prompt(FIRST))):
        assert upstream.requests == []


async def test_an_answer_may_be_left_early(model: LanguageModel) -> None:
    async with aclosing(model.stream(prompt(FIRST))) as stream:
        assert (await anext(stream)).text
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_after_an_answer_was_left_the_next_one_is_whole(model: LanguageModel) -> None:
    async with aclosing(model.stream(prompt(FIRST))) as stream:
        await anext(stream)
    assert KNOWN[SECOND] in Completion.fold("any", "x", await collect(model, SECOND)).text


async def test_two_answers_at_the_same_time_do_not_mix(model: LanguageModel) -> None:
    one, two = model.stream(prompt(FIRST)), model.stream(prompt(SECOND))
    texts = {FIRST: "", SECOND: ""}
    streams = {FIRST: one, SECOND: two}
    while streams:
        for question, stream in tuple(streams.items()):
            chunk = await anext(stream, None)
            if chunk is None:
                del streams[question]
            else:
                texts[question] += chunk.text
    assert KNOWN[FIRST] in texts[FIRST]
    assert KNOWN[SECOND] in texts[SECOND]
    assert KNOWN[SECOND] not in texts[FIRST]
