"""The file that holds a memory: what is read is what was written, whatever happened to it in between."""

import io
import tracemalloc
from array import array
from collections.abc import Iterator, Sequence

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.caching import Lifetime, StoredAnswer
from domain.catalogue import Selection
from domain.entries import Entry
from domain.generation import Citation, Completion, FinishReason
from domain.purging import Purge
from domain.questions import Compatibility
from domain.similarity import Embedding
from domain.tokens import TokenUsage
from entrypoints.cli import memory_blocks
from entrypoints.cli.memory_blocks import Undecodable, decode_entries, decode_purges
from entrypoints.cli.memory_file import BEGINNING, Block, MemoryFileReader, MemoryFileUnusable, MemoryFileWriter
from entrypoints.cli.memory_survey import Survey, sound_entries, survey
from tests.builders import a_completion, a_fingerprint, a_stored_answer

often = settings(max_examples=200, deadline=None, derandomize=True, database=None)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
TIME = st.floats(0, 4e9)
COMPLETIONS = st.builds(
    Completion,
    text=TEXT,
    provider=TEXT,
    model=TEXT,
    usage=st.builds(TokenUsage, st.integers(0, 10**9), st.integers(0, 10**9)),
    finish_reason=st.sampled_from(FinishReason),
    citations=st.lists(st.builds(Citation, TEXT, TEXT, TEXT), max_size=2).map(tuple),
)
ANSWERS = st.builds(
    StoredAnswer,
    fingerprint=st.integers(0, 10**9).map(a_fingerprint),
    partition=TEXT.map(Compatibility),
    tenant=TEXT,
    namespace=TEXT,
    question=TEXT,
    completion=COMPLETIONS,
    stored_at=TIME,
    lifetime=st.builds(Lifetime, TIME, TIME, TIME),
    tags=st.lists(TEXT, max_size=3).map(tuple),
    accesses=st.integers(0, 2**60),
    accessed_at=TIME,
    requested_model=TEXT,
    cluster=TEXT,
    epoch=st.integers(0, 2**60),
)
VECTORS = st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=8).map(lambda each: array("f", each))
EMBEDDINGS = st.none() | VECTORS.map(Embedding)
MAYBE = st.none() | TEXT
PURGES = st.builds(
    Purge,
    uid=st.uuids().map(str),
    tenant=TEXT,
    what=st.builds(Selection, TEXT, MAYBE, MAYBE, MAYBE, MAYBE, st.none() | TIME)
    | st.integers(0, 99).map(a_fingerprint),
    at=TIME,
    number=st.integers(0, 2**40),
)


def entries(numbers: Sequence[int]) -> list[Entry]:
    vector = Embedding(array("f", [0.6, 0.8]))
    return [Entry(a_stored_answer(each, question=f"question {each}"), vector, "hashing/1") for each in numbers]


def written(*pages: Sequence[Entry], purges: Sequence[Purge] = ()) -> bytes:
    file = io.BytesIO()
    writer = MemoryFileWriter(file)
    writer.begin()
    for each in pages:
        writer.add(each)
    writer.add_purges(purges)
    writer.end()
    return file.getvalue()


def read(content: bytes) -> tuple[Survey, list[Entry]]:
    reader = MemoryFileReader(io.BytesIO(content))
    return survey(reader), [entry for some in sound_entries(reader) for entry in some]


def blocks(content: bytes) -> list[Block]:
    return [each for each in MemoryFileReader(io.BytesIO(content)).blocks() if isinstance(each, Block)]


class TestRoundTrip:
    @often
    @given(st.lists(st.lists(st.tuples(ANSWERS, EMBEDDINGS), max_size=4), max_size=4), TEXT)
    def test_entries_come_back_as_they_were(
        self, pages: list[list[tuple[StoredAnswer, Embedding | None]]], embedder: str
    ) -> None:
        given = [[Entry(*each, embedder) for each in page] for page in pages]

        found, back = read(written(*given))

        assert back == [entry for page in given for entry in page]
        assert (found.entries, found.promised, found.is_sound) == (len(back), len(back), True)
        assert found.embedder == (embedder if back else "")

    @often
    @given(st.lists(PURGES, max_size=5))
    def test_purges_come_back_in_the_order_of_time(self, purges: list[Purge]) -> None:
        found, _ = read(written(purges=purges))

        assert found.purges == sorted(purges, key=lambda each: each.at)

    def test_vectors_come_back_to_the_last_bit(self) -> None:
        odd = array("f", [1e-45, -0.0, 3.4e38, 0.1, float("inf")])
        (entry,) = entries([1])

        _, (back,) = read(written([evolve(entry, embedding=Embedding(odd))]))

        assert back.embedding
        assert back.embedding.vector.tobytes() == odd.tobytes()

    def test_purges_that_are_written_twice_come_once(self) -> None:
        purge = Purge("one", "acme", Selection("acme"), 1.0)
        file = io.BytesIO()
        writer = MemoryFileWriter(file)
        writer.begin()
        writer.add_purges([purge])
        writer.add_purges([purge])
        writer.end()

        assert read(file.getvalue())[0].purges == [purge]

    def test_no_two_files_are_marked_alike(self) -> None:
        assert written()[: BEGINNING.size] != written()[: BEGINNING.size]

    def test_large_answers_get_blocks_of_their_own(self) -> None:
        large = [evolve(each, answer=evolve(each.answer, question="q" * 3_000_000)) for each in entries(range(5))]

        content = written(large)

        assert [each.count for each in blocks(content)] == [2, 2, 1, 5]
        assert read(content)[1] == large

    def test_what_an_answer_says_is_never_taken_for_a_block(self) -> None:
        inside = written(entries([666])).decode("latin-1")
        (entry,) = entries([1])
        cited = evolve(entry, answer=evolve(entry.answer, completion=a_completion(inside)))
        content = written(entries([2]), [cited], entries([3]))

        _, back = read(content[: BEGINNING.size + 3] + content[BEGINNING.size + 7 :])

        assert [each.answer.question for each in back] == ["question 1", "question 3"]


SOME = [entries(range(start, start + 3)) for start in range(0, 15, 3)]
PURGE = Purge("one", "acme", Selection("acme", tag="a"), 1.0)
CONTENT = written(*SOME, purges=[PURGE])
ALL = [entry for page in SOME for entry in page]


def intact(places: range) -> list[Entry]:
    """Give the entries of the blocks that have no byte in *places*."""
    whole = [each for each in blocks(CONTENT) if places.stop <= each.start or each.end <= places.start]
    numbers = {each.number for each in whole}
    return [entry for number, page in enumerate(SOME) for entry in page if number in numbers]


class TestDamage:
    def test_of_a_file_that_was_cut_short_all_that_is_whole_comes_back(self) -> None:
        for length in range(BEGINNING.size, len(CONTENT), 7):
            found, back = read(CONTENT[:length])

            assert back == intact(range(length, len(CONTENT)))
            assert (found.is_sound, found.promised) == (False, None)
            assert found.cut == max([BEGINNING.size, *(each.end for each in blocks(CONTENT[:length]))])

    def test_a_byte_that_changed_costs_its_block_and_no_other(self) -> None:
        for place in range(BEGINNING.size, len(CONTENT), 5):
            changed = bytearray(CONTENT)
            changed[place] ^= 0x55

            found, back = read(bytes(changed))

            hit = next(each for each in blocks(CONTENT) if each.start <= place < each.end)
            assert back == intact(range(place, place + 1))
            assert hit.start in {*found.damages, found.cut}

    @often
    @given(st.integers(BEGINNING.size, len(CONTENT)), st.integers(0, 200), st.binary(max_size=200))
    def test_whatever_is_put_in_the_place_of_whatever_no_wrong_entry_comes_back(
        self, place: int, length: int, instead: bytes
    ) -> None:
        content = CONTENT[:place] + instead + CONTENT[place + length :]

        found, back = read(content)

        assert all(each in ALL for each in back)
        assert len(back) >= len(intact(range(place, place + max(length, 1))))
        assert found.is_sound is (back == ALL and found.purges == [PURGE] and content.startswith(CONTENT))

    @pytest.mark.parametrize("order", [[0, 2, 1, 3, 4, 5, 6], [0, 1, 1, 2, 3, 4, 5, 6], [0, 1, 3, 4, 5, 6], [6]])
    def test_blocks_that_are_missing_or_in_disorder_are_noticed(self, order: list[int]) -> None:
        parts = [CONTENT[each.start : each.end] for each in blocks(CONTENT)]

        found, _ = read(CONTENT[: BEGINNING.size] + b"".join(parts[each] for each in order))

        assert found.damages
        assert found.promised == len(ALL)

    def test_a_mark_alone_is_no_block(self) -> None:
        mark = CONTENT[BEGINNING.size - 16 : BEGINNING.size]
        content = CONTENT[: BEGINNING.size] + mark * 9 + b"\xff" * 100_000 + mark + CONTENT[BEGINNING.size :]

        found, back = read(content)

        assert back == ALL
        assert found.damages == [BEGINNING.size]

    def test_the_next_block_is_found_however_far_it_is(self) -> None:
        for gap in (1_048_560, 1_048_576, 1_048_577, 2_500_000):
            content = CONTENT[: BEGINNING.size] + b"\0" * gap + CONTENT[BEGINNING.size :]

            assert read(content)[1] == ALL

    def test_what_is_sealed_but_makes_no_sense_is_damage(self, monkeypatch: pytest.MonkeyPatch) -> None:
        file = io.BytesIO()
        writer = MemoryFileWriter(file)
        writer.begin()
        writer.add(entries([1]))
        writer._write(1, 1, b"nonsense")  # type: ignore[arg-type] # noqa: SLF001 - nobody else can seal it
        writer._write(2, 1, b"nonsense")  # type: ignore[arg-type] # noqa: SLF001
        writer._write(9, 1, b"from another time")  # type: ignore[arg-type] # noqa: SLF001
        writer.end()

        found, back = read(file.getvalue())

        assert back == entries([1])
        assert len(found.damages) == 2

    def test_a_block_that_would_unpack_without_end_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(memory_blocks, "LARGEST", 1000)
        (block, *_) = blocks(written([evolve(each, answer=evolve(each.answer, question="q" * 5000)) for each in ALL]))

        with pytest.raises(Undecodable, match="too large"):
            decode_entries(block.body)


class TestFilesOfOthers:
    @pytest.mark.parametrize("content", [b"", b"RAGBOOST", b"{}\n" * 100, b"RAGBOOST MEMORY\n\0\x01", b"\0" * 1000])
    def test_what_is_none_of_ours_is_refused(self, content: bytes) -> None:
        with pytest.raises(MemoryFileUnusable, match="was not written by `ragboost cache export`"):
            MemoryFileReader(io.BytesIO(content))

    @often
    @given(st.binary(max_size=200))
    def test_so_is_anything_at_all(self, content: bytes) -> None:
        with pytest.raises(MemoryFileUnusable):
            MemoryFileReader(io.BytesIO(content))

    def test_a_newer_one_says_what_to_do(self) -> None:
        newer = CONTENT[:16] + b"\0\x02" + CONTENT[18:]

        with pytest.raises(MemoryFileUnusable, match=r"a newer RAGBoost wrote it \(format 2, this one reads 1\)"):
            MemoryFileReader(io.BytesIO(newer))

    @often
    @given(st.binary(max_size=100))
    def test_bytes_that_are_no_block_never_surprise(self, content: bytes) -> None:
        for decode in (decode_entries, decode_purges):
            with pytest.raises(Undecodable):
                decode(content)


class Endless(io.RawIOBase):
    """Keeps nothing of what is written, and counts it."""

    size = 0

    def write(self, content: object) -> int:
        self.size += len(content)  # type: ignore[arg-type]
        return len(content)  # type: ignore[arg-type]


def test_however_much_is_written_little_is_held() -> None:
    def pages() -> Iterator[list[Entry]]:
        for start in range(0, 10_240, 256):
            vector = array("f", range(384))
            answers = [a_stored_answer(each, question=f"question {each}" * 50) for each in range(start, start + 256)]
            yield [Entry(each, Embedding(vector[:]), "e") for each in answers]

    file = Endless()
    tracemalloc.start()
    writer = MemoryFileWriter(file)  # type: ignore[arg-type]
    writer.begin()
    for page in pages():
        writer.add(page)
    writer.end()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert file.size > 15_000_000
    assert peak < 6_000_000
