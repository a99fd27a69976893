"""What a batch looks like as JSON. Its queries are read one by one: a bad one spoils nothing but itself."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Raw

from entrypoints.http.answer_headers import STATUS_WORD
from entrypoints.http.query import QueryResponse

MAX_QUERIES = 256


class QueriesRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Up to 256 queries, each as `/api/v1/query` takes it; one that is not sound is a problem of its own."""

    queries: Annotated[
        list[Annotated[Raw, Meta(extra_json_schema={"$ref": "#/components/schemas/QueryRequest"})]],
        Meta(min_length=1, max_length=MAX_QUERIES),
    ]


class AnsweredQuery(QueryResponse, frozen=True, kw_only=True):
    """What `/api/v1/query` responds, and what its headers say; *latency_ms* is until this answer was there."""

    status: Literal[200]
    cache: Annotated[
        str,
        Meta(
            description="What `X-RAGBoost-Cache` says.",
            extra_json_schema={"enum": [each.decode() for each in STATUS_WORD.values()]},
        ),
    ]
    stages_ms: Annotated[dict[str, float], Meta(description="The milliseconds that each stage took.")]


class QueriesResponse(msgspec.Struct, frozen=True):
    """For each query, in order, an answer or a problem; *status* tells which."""

    results: list[
        Annotated[
            Any,  # msgspec can describe a union of structs only where each carries a tag
            Meta(
                extra_json_schema={
                    "anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in ("AnsweredQuery", "Problem")]
                }
            ),
        ]
    ]
