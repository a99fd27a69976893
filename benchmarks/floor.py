"""
The floor of an exact hit: a bare Litestar handler, ``python benchmarks/floor.py <file with a response>``.

It takes and gives the same JSON as ``POST /api/v1/query``, typed by the same structs, on the same server with the
same flags; it checks no key, looks nothing up, logs and counts nothing. It prints its URL.
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

from entrypoints.cli.serve import SERVER
from entrypoints.http.query import QueryResponse
from entrypoints.http.query_request import QueryRequest

RESPONSE = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=QueryResponse)


@post("/api/v1/query", status_code=200)
async def query(data: JSONBody[QueryRequest]) -> QueryResponse:  # noqa: ARG001 - it is decoded, which is the point
    """Say always the same."""
    return RESPONSE


async def main() -> None:
    """Serve on any port, with the flags of ``ragboost serve``."""
    listening = socket.create_server(("127.0.0.1", 0))
    app = Litestar([query], logging_config=None, openapi_config=None)
    flags = uvicorn.Config(app, **SERVER)
    print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
    serving = asyncio.create_task(uvicorn.Server(flags).serve([listening]))
    await serving


if __name__ == "__main__":
    uvloop.run(main())
