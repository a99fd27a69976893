"""JSON as server-sent events."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec

_encode = msgspec.json.Encoder().encode


def data_event(data: Mapping[str, Any]) -> bytes:
    """Give an event of no stated kind."""
    return b"data: %s\n\n" % written(data)


def named_event(data: Mapping[str, Any]) -> bytes:
    """Give an event that is named as its *data* say in ``type``."""
    return b"event: %s\ndata: %s\n\n" % (data["type"].encode(), written(data))


def written(data: Mapping[str, Any]) -> bytes:
    """Write *data* in one line; half a character is escaped, as it came."""
    try:
        return _encode(data)
    except UnicodeEncodeError:
        return json.dumps(data).encode()
