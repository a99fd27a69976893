"""What every embedder promises, told once and run over each."""

import asyncio
from array import array
from collections.abc import Callable, Iterator
from math import isclose, sqrt

import pytest

from adapters.embedder.hashing import HashingEmbedder
from adapters.embedder.onnx import OnnxEmbedder
from domain.similarity import Embedder

QUESTION = "How do I reset my password?"
REPHRASED = "How can I reset my password, please?"
UNRELATED = "What grows in the shade of an old oak?"
ODD = [
    "",
    " ",
    "?",
    "a",
    "\n\n",
    "Größe",
    "日本語の質問",
    "🦉🦉",
    "\u200b",
    "'; DROP TABLE points; --",
    "x" * 10_000,
    "so " * 3_000,
]

KINDS: dict[str, Callable[[pytest.FixtureRequest], HashingEmbedder | OnnxEmbedder]] = {
    "hashing": lambda _: HashingEmbedder(),
    "onnx": lambda request: OnnxEmbedder(request.getfixturevalue("prepared_model").folder),
}


@pytest.fixture(params=KINDS, scope="module")
def embedder(request: pytest.FixtureRequest) -> Iterator[Embedder]:
    made = KINDS[request.param](request)
    yield made
    asyncio.run(made.close())


async def test_each_text_gets_its_embedding_in_order(embedder: Embedder) -> None:
    texts = [QUESTION, UNRELATED, REPHRASED]

    together = await embedder.embed(texts)

    assert together == [(await embedder.embed([text]))[0] for text in texts]


async def test_no_texts_give_no_embeddings(embedder: Embedder) -> None:
    assert list(await embedder.embed([])) == []


@pytest.mark.parametrize("text", ODD, ids=lambda text: repr(text[:20]))
async def test_any_text_becomes_a_point_on_the_unit_sphere(embedder: Embedder, text: str) -> None:
    (embedding,) = await embedder.embed([text])

    assert isinstance(embedding.vector, array)
    assert embedding.vector.typecode == "f"
    assert len(embedding.vector) == embedder.dimensions
    assert isclose(sqrt(sum(each * each for each in embedding.vector)), 1.0, abs_tol=1e-5)


async def test_equal_texts_get_equal_embeddings_whatever_they_are_batched_with(embedder: Embedder) -> None:
    (alone,) = await embedder.embed([QUESTION])
    crowds = [[QUESTION, *ODD], [UNRELATED, QUESTION], [QUESTION, QUESTION]]

    batches = await asyncio.gather(*(embedder.embed(crowd) for crowd in crowds))

    assert [batches[0][0], batches[1][1], *batches[2]] == [alone] * 4


async def test_what_is_alike_is_nearer_than_what_is_not(embedder: Embedder) -> None:
    question, rephrased, unrelated = await embedder.embed([QUESTION, REPHRASED, UNRELATED])

    assert question.similarity(rephrased) > 0.6
    assert question.similarity(unrelated) < 0.3


async def test_an_embedding_counts_what_was_read(embedder: Embedder) -> None:
    short, long = await embedder.embed(["one", "one two three four"])

    assert 0 < short.tokens < long.tokens
    assert not long.truncated


async def test_the_version_is_the_same_for_all_that_are_built_alike(
    embedder: Embedder, request: pytest.FixtureRequest
) -> None:
    again = KINDS[request.node.callspec.params["embedder"]](request)

    assert again.version == embedder.version
    assert await again.embed([QUESTION]) == await embedder.embed([QUESTION])
    await again.close()


async def test_different_kinds_have_different_versions(request: pytest.FixtureRequest) -> None:
    made = [make(request) for make in KINDS.values()]

    assert len({each.version for each in made}) == len(KINDS)
    for each in made:
        await each.close()


async def test_other_tasks_get_their_turn_during_a_batch(embedder: Embedder) -> None:
    batch = asyncio.create_task(embedder.embed([QUESTION] * 20))
    turns = 0
    while not batch.done():
        await asyncio.sleep(0)
        turns += 1

    assert turns >= 20


async def test_a_question_need_not_wait_for_the_whole_batch_before_it(embedder: Embedder) -> None:
    batch = asyncio.create_task(embedder.embed([UNRELATED] * 50))
    await asyncio.sleep(0)

    await embedder.embed([QUESTION])

    assert not batch.done()
    await batch


async def test_who_leaves_does_not_hurt_those_who_wait(embedder: Embedder) -> None:
    (expected,) = await embedder.embed([QUESTION])
    waiting = [asyncio.create_task(embedder.embed([QUESTION])) for _ in range(6)]
    await asyncio.sleep(0)

    for leaving in waiting[::2]:
        leaving.cancel()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)

    assert outcomes[1::2] == [[expected]] * 3
    assert (await embedder.embed([QUESTION])) == [expected]
