"""
The floor of a hit that Redis keeps: ``python benchmarks/floor_redis.py <response> <URL> <key in hexadecimal>``.

A bare Litestar handler as ``floor.py``, that does one GET of the same entry besides and nothing with what it gets.
"""

import asyncio
import socket
import sys
from pathlib import Path

import msgspec
import uvicorn
import uvloop
from litestar import Litestar, post
from litestar.params import JSONBody
from redis.asyncio import BlockingConnectionPool, Redis

from entrypoints.cli.serve import SERVER
from entrypoints.http.query import QueryResponse
from entrypoints.http.query_request import QueryRequest

RESPONSE = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=QueryResponse)
URL, KEY = sys.argv[2], bytes.fromhex(sys.argv[3])
CONNECTIONS = 32

redis = Redis(connection_pool=BlockingConnectionPool.from_url(URL, max_connections=CONNECTIONS, protocol=3))


@post("/api/v1/query", status_code=200)
async def query(data: JSONBody[QueryRequest]) -> QueryResponse:  # noqa: ARG001 - it is decoded, which is the point
    """Get the entry, and say always the same."""
    assert await redis.get(KEY)
    return RESPONSE


async def main() -> None:
    """Serve on any port, with the flags of ``ragboost serve``."""
    listening = socket.create_server(("127.0.0.1", 0))
    app = Litestar([query], logging_config=None, openapi_config=None)
    flags = uvicorn.Config(app, **SERVER)
    print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
    serving = asyncio.create_task(uvicorn.Server(flags).serve([listening]))
    await serving
    await redis.aclose()


if __name__ == "__main__":
    uvloop.run(main())
