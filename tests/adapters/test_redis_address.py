"""URLs of Redis servers: what they may say, and that nothing of a bad one is repeated."""

import pytest
from redis.asyncio.connection import UnixDomainSocketConnection

from adapters.redis_address import RedisUrlInvalid, parse_address

SECRET = "s3cr3t"


@pytest.mark.parametrize(
    ("url", "servers", "user", "database"),
    [
        ("redis://", [("localhost", 6379)], "default", 0),
        ("redis://cache", [("cache", 6379)], "default", 0),
        ("redis://cache:7000/5", [("cache", 7000)], "default", 5),
        ("redis://:s3cr3t@cache/", [("cache", 6379)], "default", 0),
        ("rediss://bob:s3cr3t@cache:7000/5", [("cache", 7000)], "bob", 5),
        ("redis://[::1]:7000/0", [("::1", 7000)], "default", 0),
        ("redis+cluster://bob:s3cr3t@one:1,two:2,three", [("one", 1), ("two", 2), ("three", 6379)], "bob", 0),
        ("rediss+cluster://one:1/0?ssl_cert_reqs=none", [("one", 1)], "default", 0),
        (" redis://cache \n", [("cache", 6379)], "default", 0),
    ],
)
def test_what_a_url_says(url: str, servers: list[tuple[str, int]], user: str, database: int) -> None:
    address = parse_address(url)
    assert (list(address.servers), address.user, address.database) == (servers, user, database)
    assert address.is_cluster == ("cluster" in url)
    assert address.is_tls == url.startswith("rediss")
    assert SECRET not in repr(address)


def test_a_password_may_hold_anything_that_is_escaped() -> None:
    address = parse_address("redis://b%40b:p%2F%3F%23%40%3A%25w@cache")
    assert (address.user, address.options["password"]) == ("b@b", "p/?#@:%w")


def test_a_socket_has_a_path_and_a_database() -> None:
    address = parse_address("unix://bob:s3cr3t@/run/redis.sock?db=3")
    assert address.kind is UnixDomainSocketConnection
    assert (address.options["path"], address.database, address.user) == ("/run/redis.sock", 3, "bob")


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("", "must look like"),
        ("cache:6379", "must look like"),
        (f"http://:{SECRET}@cache", "begin with one of"),
        (f"redis://:{SECRET}/{SECRET}@cache", "%2F"),
        (f"redis://:{SECRET}#{SECRET}@cache", "%23"),
        (f"redis://:{SECRET}?{SECRET}@cache", "%3F|no option"),
        (f"redis://:{SECRET}@cache:{SECRET}", "cannot be read"),
        (f"redis://:{SECRET}@cache:99999", "cannot be read"),
        (f"redis://:{SECRET}@cache/one", "number of a database"),
        (f"redis://:{SECRET}@cache/-1", "number of a database"),
        (f"redis://:{SECRET}@cache?max_connections=5", "'max_connections' is no option"),
        (f"redis://cache?{SECRET}=word", "what stands behind the"),
        (f"redis://:{SECRET}@cache?db=one", "cannot be read"),
        (f"redis://:{SECRET}@cache?ssl_cert_reqs=none", "needs rediss"),
        (f"rediss://:{SECRET}@cache?ssl_cert_reqs=perhaps", "one of none, optional, required"),
        (f"redis+cluster://:{SECRET}@cache/1", "no other database"),
        (f"redis://:{SECRET}@one,two", "several servers"),
        ("unix://", "path of a socket"),
    ],
)
def test_a_bad_url_is_refused_without_being_repeated(url: str, told: str) -> None:
    with pytest.raises(RedisUrlInvalid, match=told) as caught:
        parse_address(url)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
