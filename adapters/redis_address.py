"""Where a Redis is: read from a URL, which may hold a password and is therefore never repeated."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from attrs import evolve, field, frozen
from redis.asyncio.connection import (
    URL_QUERY_ARGUMENT_PARSERS,
    AbstractConnection,
    Connection,
    SSLConnection,
    parse_url,
)

from domain.errors import Unavailable

CLUSTER: Final = "+cluster"
"""Behind the scheme: the server is part of a Redis Cluster."""

SCHEMES: Final = ("redis", "rediss", "unix", "redis+cluster", "rediss+cluster")
TLS_OPTIONS: Final = frozenset(
    {"ssl_ca_certs", "ssl_ca_path", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs", "ssl_check_hostname"}
)
REQUIREMENTS: Final = ("none", "optional", "required")

EXAMPLE: Final = "redis://user:password@host:6379/0"
ESCAPES: Final = "in a user name or a password each / ? # @ : % is written as %2F %3F %23 %40 %3A %25"

Server = tuple[str, int]
"""Host and port."""


class RedisUrlInvalid(Unavailable):
    """The URL cannot be used; the message says why, and holds nothing of it that may be secret."""


@frozen
class RedisAddress:
    """
    The *servers* of a URL: one, or some of a cluster, as in ``redis+cluster://user:password@one:7000,two:7000``.

    The schemes are ``redis``, ``rediss`` (TLS), ``unix``, ``redis+cluster`` and ``rediss+cluster``. The path is the
    number of the database, or that of a socket (its database as ``?db=1``). ``rediss`` knows redis-py's options
    ``ssl_ca_certs``, ``ssl_ca_path``, ``ssl_certfile``, ``ssl_keyfile``, ``ssl_cert_reqs`` and ``ssl_check_hostname``.
    """

    servers: Sequence[Server]
    is_cluster: bool
    kind: Callable[..., AbstractConnection]
    options: Mapping[str, Any] = field(repr=False)

    @property
    def user(self) -> str:
        """Name the user."""
        return str(self.options.get("username") or "default")

    @property
    def database(self) -> int:
        """Give the number of the database."""
        return int(self.options.get("db", 0))

    @property
    def is_tls(self) -> bool:
        """Tell whether the server is spoken to through TLS."""
        return self.kind is SSLConnection


def parse_address(url: str) -> RedisAddress:
    """Read *url*; raises ``RedisUrlInvalid``."""
    scheme, _, rest = url.strip().partition("://")
    if scheme not in SCHEMES:
        raise RedisUrlInvalid(f"it must look like {EXAMPLE}, and begin with one of {', '.join(SCHEMES)}")
    addresses = [_parse_one(each) for each in _one_by_one(scheme.removesuffix(CLUSTER), rest)]
    servers = [server for each in addresses for server in each.servers]
    address = evolve(addresses[0], servers=servers, is_cluster=scheme.endswith(CLUSTER))
    _check(_faults(address))
    return address


def _one_by_one(scheme: str, rest: str) -> Iterator[str]:
    """Give a URL for each of the hosts."""
    authority = "" if scheme == "unix" else re.split(r"[/?]", rest, maxsplit=1)[0]
    credentials, at, hosts = authority.rpartition("@")
    return (f"{scheme}://{credentials}{at}{host}{rest[len(authority) :]}" for host in hosts.split(","))


def _parse_one(url: str) -> RedisAddress:
    try:
        parts, options = urlsplit(url), dict[str, Any](parse_url(url))
        server = (str(options.pop("host", "localhost")), int(options.pop("port", 6379)))
    except ValueError:  # its text may quote a part of the password
        raise RedisUrlInvalid(f"it cannot be read; it must look like {EXAMPLE}; {ESCAPES}") from None
    _check(_faults_of_path(parts))
    kind = options.pop("connection_class", Connection)
    return RedisAddress([server], is_cluster=False, kind=kind, options=options)


def _check(faults: Iterator[str]) -> None:
    fault = next(faults, None)
    if fault:
        raise RedisUrlInvalid(fault)


def _faults_of_path(parts: SplitResult) -> Iterator[str]:
    if parts.scheme == "unix" and parts.path in {"", "/"}:
        yield "unix:// needs the path of a socket: unix:///run/redis.sock"
    if parts.scheme != "unix" and not re.fullmatch(r"/?\d{0,5}", parts.path):
        yield f"behind the host comes the number of a database: {EXAMPLE}; {ESCAPES}"
    if parts.fragment:
        yield f"there is a # in it; {ESCAPES}"


def _faults(address: RedisAddress) -> Iterator[str]:
    given = address.options.keys()
    unknown = sorted(given - {"username", "password", "path", "db"} - TLS_OPTIONS)
    if unknown:
        # What is no word of redis-py's may be a part of the password.
        name = repr(unknown[0]) if unknown[0] in URL_QUERY_ARGUMENT_PARSERS else "what stands behind the ?"
        yield f"{name} is no option; these are: db, {', '.join(sorted(TLS_OPTIONS))}; {ESCAPES}"
    if given & TLS_OPTIONS and not address.is_tls:
        yield f"{min(given & TLS_OPTIONS)!r} needs rediss://"
    if address.options.get("ssl_cert_reqs", "required") not in REQUIREMENTS:
        yield f"ssl_cert_reqs must be one of {', '.join(REQUIREMENTS)}"
    yield from _faults_of_many(address)


def _faults_of_many(address: RedisAddress) -> Iterator[str]:
    if address.is_cluster and address.database:
        yield "a Redis Cluster has no other database than 0"
    if len(address.servers) > 1 and not address.is_cluster:
        yield "several servers need redis+cluster:// or rediss+cluster://"
