"""A request whose headers are read as they came."""

from collections.abc import Mapping
from typing import Any

from litestar import Request


class LeanRequest(Request[Any, Any, Any]):
    """Litestar decodes and copies all headers when the first one is asked for; the path of a hit needs three."""

    @property
    def raw_headers(self) -> Mapping[bytes, bytes]:
        """Give the headers by their names, in lower case; of several with one name the last."""
        return dict(self.scope["headers"])

    @property
    def content_length(self) -> int | None:
        """Give the length that was announced, ``None`` where it is no number: the server counts what comes."""
        announced = self.raw_headers.get(b"content-length", b"")
        return int(announced) if announced.isdigit() else None
