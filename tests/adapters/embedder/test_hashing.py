import asyncio
import subprocess
import sys

import pytest

from adapters.embedder.hashing import HashingEmbedder

SCRIPT = """
import asyncio
from adapters.embedder.hashing import HashingEmbedder
(embedding,) = asyncio.run(HashingEmbedder(16).embed(["What is the capital of France?"]))
print([round(each, 4) for each in embedding.vector])
"""


def test_another_process_gives_the_same_vector() -> None:
    (embedding,) = asyncio.run(HashingEmbedder(16).embed(["What is the capital of France?"]))

    told = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)  # noqa: S603

    assert told.stdout.strip() == str([round(each, 4) for each in embedding.vector])


async def test_the_vector_stays_what_it_was_when_indexes_were_filled() -> None:
    (embedding,) = await HashingEmbedder(8).embed(["What is the capital of France?"])

    assert [round(each, 4) for each in embedding.vector] == [
        -0.2309,
        -0.4619,
        0.3464,
        -0.2309,
        0.1155,
        0.1155,
        -0.2309,
        0.6928,
    ]


async def test_case_and_white_space_do_not_count() -> None:
    one, other = await HashingEmbedder().embed(["What  is\nRUBY? ", "what is ruby?"])

    assert one == other


async def test_every_word_and_its_order_count() -> None:
    texts = ["dog bites man", "man bites dog", "dog bites men", "dog bites"]

    embeddings = await HashingEmbedder().embed(texts)

    assert len({embedding.vector.tobytes() for embedding in embeddings}) == len(texts)


def test_the_length_of_the_vectors_is_part_of_the_version() -> None:
    assert HashingEmbedder(64).version != HashingEmbedder(65).version


def test_a_vector_of_one_number_is_refused() -> None:
    with pytest.raises(ValueError, match="dimensions"):
        HashingEmbedder(1)
