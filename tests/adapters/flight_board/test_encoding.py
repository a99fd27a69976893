"""What is told between workers, of which some may be of another version."""

import pytest

from adapters.flight_board.encoding import decode, decode_chunks, encode_chunks
from domain.generation import Chunk

TOLD = (Chunk("One "), Chunk("two."))


def test_chunks_come_back_as_they_were_with_their_number_in_front() -> None:
    assert decode_chunks(encode_chunks(TOLD)) == TOLD
    assert encode_chunks(TOLD).startswith(b"2:")


@pytest.mark.parametrize("value", [b"", b"2:", b"2:\x02abc", b"2:\x01\xff"])
def test_what_cannot_be_read_is_no_chunks_and_no_outcome(value: bytes) -> None:
    assert decode_chunks(value) == ()
    assert decode(value.partition(b":")[2]) is None
