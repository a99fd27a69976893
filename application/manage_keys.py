"""Create, list and revoke API keys."""

import re
from collections.abc import Sequence
from secrets import token_urlsafe

from attrs import frozen

from domain.clock import Clock
from domain.errors import Absent, Malformed
from domain.tenancy import ApiKey, KeyRing, digest_of

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@frozen
class NewKey:
    """A key that was just made, with its secret: the only time that anyone sees it."""

    key: ApiKey
    secret: str


@frozen
class ManageKeys:
    """Keeps the ring of keys; names are never used twice, so that a log always means one key."""

    keys: KeyRing
    clock: Clock

    async def create(self, name: str, tenant: str | None = None, may_report: bool = True) -> NewKey:
        """
        Make a key for *tenant*, which is called as the key is unless it is named.

        *may_report*: whether its holder may say that a remembered answer was right or wrong, and give answers.
        Raises ``Malformed``.
        """
        owner = tenant or name
        _check_name("name", name)
        _check_name("tenant", owner)
        secret = f"rb_{token_urlsafe(32)}"
        key = ApiKey(name, owner, digest_of(secret), self.clock.now(), may_report=may_report)
        await self.keys.add(key)
        return NewKey(key, secret)

    async def list(self) -> Sequence[ApiKey]:
        """Give all keys, revoked ones too."""
        return await self.keys.keys()

    async def revoke(self, name: str) -> ApiKey:
        """Revoke a key for good; raises ``Absent``."""
        revoked = await self.keys.revoke(name, self.clock.now())
        if revoked is None:
            raise Absent(f"there is no key called {name!r}; `ragboost keys list` shows all")
        return revoked


def _check_name(field: str, name: str) -> None:
    if not NAME.fullmatch(name):
        allowed = "1 to 64 letters, digits, dots, dashes and underscores, the first a letter or digit"
        raise Malformed.field(field, f"{name!r} is not {allowed}")
