"""Someone who hears an answer while it is spoken: the strings behind the driver's listeners."""

import json
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from attrs import define, field
from httpx import AsyncClient, Response

from entrypoints.cli.live_transport import LiveTransport
from tests.entrypoints.http.service import QUERY, Service

BROKE_OFF = "the answer broke off"


@define(eq=False)
class Listener:
    """*pieces* are the texts that have been heard so far; *trouble* is what went wrong, in words."""

    troubles: Mapping[int, str]
    pieces: list[str] = field(factory=list)
    answer: str | None = None
    kind: str = ""
    trouble: str | None = None
    listening: "Future[None]" = field(init=False)

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    def start(self, service: Service, question: str, headers: Mapping[str, str]) -> None:
        """Begin to listen, in the service's own loop."""
        with service.client.portal() as portal:
            self.listening = portal.start_task_soon(self._listen, service, question, headers)

    def leave(self) -> None:
        self.listening.cancel()

    async def _listen(self, service: Service, question: str, headers: Mapping[str, str]) -> None:
        transport = LiveTransport(service.client.app)
        asked = {"query": question, "stream": True}
        async with (
            AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as client,
            client.stream("POST", QUERY, json=asked) as response,
        ):
            await self._hear(response)

    async def _hear(self, response: Response) -> None:
        self.kind = response.headers.get("x-ragboost-cache", "")
        self.trouble = self.troubles.get(response.status_code)
        event = ""
        async for line in response.aiter_lines():
            name, _, value = line.partition(": ")
            event = value if name == "event" else event
            if name == "data":
                self._take(event, json.loads(value))

    def _take(self, event: str, data: dict[str, Any]) -> None:
        if event == "chunk":
            self.pieces.append(data["text"])
        elif event == "answer":
            self.answer = data["response"]
        else:
            self.trouble = BROKE_OFF
