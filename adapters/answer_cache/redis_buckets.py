"""Where in Redis an entry is: one of 64 buckets, each in one slot, in the order of the fingerprints."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from attrs import frozen

from adapters.answer_cache.redis_scripts import SELECT
from adapters.redis_commands import Command
from domain.caching import StoredAnswer
from domain.catalogue import Selection
from domain.questions import Fingerprint

BUCKETS: Final = 64
DIGITS: Final = 64
"""Hexadecimal digits of a fingerprint."""

_OTHER: Final = bytes(DIGITS // 2 + 1)
"""Behind a name that is no fingerprint: so it is longer than any that is."""

PROBE: Final = 1_000
"""Milliseconds after which Redis forgets that we have tried whether it takes something."""

NAMESPACE, MODEL, TAG, DOCUMENT = b"n", b"m", b"t", b"d"


def member_of(name: Fingerprint) -> bytes:
    """Give *name* as it stands in Redis: 32 bytes."""
    try:
        member = bytes.fromhex(name)
    except ValueError:
        member = b""
    return member if len(name) == DIGITS and member.hex() == name else _bytes(name) + _OTHER


def name_of(member: bytes) -> Fingerprint:
    """Give the name back."""
    if len(member) == DIGITS // 2:
        return Fingerprint(member.hex())
    return Fingerprint(member[: -len(_OTHER)].decode("utf-8", "surrogatepass"))


def bucket_of(member: bytes) -> int:
    """Number the bucket: the first six bits."""
    return member[0] >> 2


def by_bucket(members: Iterable[bytes]) -> Mapping[int, Sequence[bytes]]:
    """Put *members* together by bucket, each once."""
    buckets: dict[int, list[bytes]] = defaultdict(list)
    for each in dict.fromkeys(members):
        buckets[bucket_of(each)].append(each)
    return buckets


def facets(answer: StoredAnswer) -> Sequence[bytes]:
    """Give what an entry can be selected by besides its tenant and its time."""
    models = (answer.completion.model, answer.requested_model)
    values = ((MODEL, models), (TAG, answer.tags), (DOCUMENT, answer.documents), (NAMESPACE, (answer.namespace,)))
    return tuple(dict.fromkeys(kind + _bytes(value) for kind, texts in values for value in texts))


@frozen
class Buckets:
    """The keys of all buckets; they begin with *prefix* in braces."""

    prefix: str

    @property
    def bases(self) -> Sequence[bytes]:
        """Give the hash tags, which all keys of a bucket begin with."""
        return [self.base(number) for number in range(BUCKETS)]

    def base(self, number: int) -> bytes:
        """Give the hash tag of one bucket."""
        return b"{%b:%02x}" % (self.prefix.encode(), number)

    def entry(self, member: bytes) -> bytes:
        """Give the key of an entry."""
        return b"%banswer:%b" % (self.base(bucket_of(member)), member)

    @property
    def probes(self) -> Sequence[Command]:
        """Write something to each bucket, for a moment: a server whose memory is full refuses that."""
        return [Command(("SET", base + b"probe", 1, "PX", PROBE), base) for base in self.bases]

    def totals(self, tenant: str | None) -> Iterator[Command]:
        """Ask each bucket for its totals."""
        suffix = b"totals" if tenant is None else b"totals:" + _bytes(tenant)
        for base in self.bases:
            yield Command(("HMGET", base + suffix, "entries", "size", "accesses"), base)

    def following(self, after: bytes | None, limit: int) -> Iterator[Command]:
        """Ask each bucket, from that of *after* on, for its next names."""
        start = b"-" if after is None else b"(" + after
        for number in range(bucket_of(after) if after else 0, BUCKETS):
            base = self.base(number)
            yield Command(("ZRANGEBYLEX", base + b"names", start, "+", "LIMIT", 0, limit), base)

    def selected(self, wanted: Selection) -> Iterator[Command]:
        """Ask each bucket for a tenant's names that have all that is wanted."""
        given = {NAMESPACE: wanted.namespace, MODEL: wanted.model, TAG: wanted.tag, DOCUMENT: wanted.document}
        chosen = [kind + _bytes(value) for kind, value in given.items() if value is not None]
        before = "+inf" if wanted.stored_before is None else f"({wanted.stored_before!r}"
        return (SELECT.on(base, _bytes(wanted.tenant), before, *chosen) for base in self.bases)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
