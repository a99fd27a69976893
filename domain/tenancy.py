"""Who calls: keys, and the tenant that each of them speaks for."""

from abc import abstractmethod
from collections.abc import Sequence
from hashlib import sha256
from hmac import compare_digest
from typing import Protocol

from attrs import frozen

from domain.errors import Forbidden, Malformed, PartUnavailable, Refused

LOCAL = "local"
"""The tenant of those who call without a key, where that is allowed."""


@frozen
class ApiKey:
    """
    A key as we keep it: never the secret, only its digest.

    *created_at* and *revoked_at* are seconds since 1970. A revoked key stays on record.
    *may_report*: whether its holder may say that a remembered answer was right or wrong, and give answers.
    """

    name: str
    tenant: str
    digest: str
    created_at: float
    revoked_at: float | None = None
    may_report: bool = True

    def opens(self, digest: str) -> bool:
        """Tell whether a secret of this *digest* is this key, and the key still good."""
        return compare_digest(self.digest, digest) and self.revoked_at is None


def digest_of(secret: str) -> str:
    """Digest a secret; it has 256 random bits, so a fast digest is enough."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class KeyRing(Protocol):
    """
    Keeps keys by name and by digest. What was acknowledged survives the process.

    Raises ``KeyRingUnavailable``.
    """

    @abstractmethod
    async def add(self, key: ApiKey) -> None:
        """Keep *key*; raises ``KeyExists`` when one of its name is on record, revoked or not."""

    @abstractmethod
    async def find(self, digest: str) -> ApiKey | None:
        """Give the key with this digest, revoked or not."""

    @abstractmethod
    async def keys(self) -> Sequence[ApiKey]:
        """Give all keys on record, oldest first."""

    @abstractmethod
    async def revoke(self, name: str, now: float) -> ApiKey | None:
        """Revoke the key of this name and give it; the first revocation counts. ``None`` where there is none."""


class KeyExists(Malformed):
    """A key of that name is on record already."""


class KeyRefused(Refused):
    """The caller gave no key, or one that is unknown or revoked."""


class ReportRefused(Forbidden):
    """The caller's key gives no right to say that a remembered answer was right or wrong, nor to give answers."""


class KeyRingUnavailable(PartUnavailable):
    """The records of keys could not be read or written."""

    part = "the ring of keys"
