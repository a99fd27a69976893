"""What it looks like as JSON to give answers. They are read one by one: a bad one spoils nothing but itself."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Raw

from entrypoints.http.problems import Problem
from entrypoints.http.query_request import Asked

MAX_ENTRIES = 256


class GivenEntry(Asked, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A question as it will be asked, and the answer to it."""

    response: Annotated[str, Meta(description="The answer, not blank.", examples=["Type `make serve`."])]


class EntriesRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Answers to be remembered; each is taken or refused by itself."""

    entries: Annotated[
        list[Annotated[Raw, Meta(extra_json_schema={"$ref": "#/components/schemas/GivenEntry"})]],
        Meta(min_length=1, max_length=MAX_ENTRIES),
    ]
    replace: Annotated[bool, Meta(description="Whether what is fresh may be replaced.")] = False


class EntryOutcome(msgspec.Struct, frozen=True):
    """What became of one: its entry, or the *problem* with it."""

    outcome: Literal["remembered", "replaced", "known", "left", "purged", "refused"]
    entry_id: str | None = None
    problem: Problem | None = None


class EntriesResponse(msgspec.Struct, frozen=True):
    """What became of each, in order."""

    entries: list[EntryOutcome]
