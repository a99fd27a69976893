"""A request whose headers are read as they came."""

import sys
from collections.abc import Mapping
from typing import Any

from litestar import Request

LENGTH_DIGITS = 18
"""No body is longer than these can say; int() itself fails on some thousands of them."""


class LeanRequest(Request[Any, Any, Any]):
    """Litestar decodes and copies all headers when the first one is asked for; the path of a hit needs three."""

    @property
    def raw_headers(self) -> Mapping[bytes, bytes]:
        """Give the headers by their names, in lower case; of several with one name the last."""
        return dict(self.scope["headers"])

    @property
    def cache_control(self) -> bytes:
        """Give all lines of the header as the one list that they are."""
        return b", ".join([value for name, value in self.scope["headers"] if name == b"cache-control"])

    @property
    def content_length(self) -> int | None:
        """Give the bytes that were announced, ``None`` where that is no number: the server counts what comes."""
        announced = self.raw_headers.get(b"content-length", b"")
        if not announced.isdigit():
            return None
        return int(announced) if len(announced) <= LENGTH_DIGITS else sys.maxsize
