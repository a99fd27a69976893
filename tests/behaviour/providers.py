"""What a customer sees of a service with two providers, and the strings that move these."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from attrs import define, field
from httpx import Response

from entrypoints.settings import Settings
from tests.behaviour.driver import TROUBLES as IN_WORDS
from tests.behaviour.driver import Reply
from tests.entrypoints.http.service import MEMORY, Service, serving
from tests.upstream import Reply as UpstreamReply
from tests.upstream import ScriptedUpstream, html, openai_answer, openai_failure

NAMES = ("main", "spare")
KEYS = {name: f"sk-of-{name}-0123456789" for name in NAMES}
SILENCE = 1.0
"""Seconds after which a provider that says nothing is given up."""

TROUBLES: Mapping[str, UpstreamReply] = {
    "is down": openai_failure(500),
    "is overloaded": openai_failure(429),
    "says nothing": openai_answer("Late.").slowly(2 * SILENCE),
    "hangs up": UpstreamReply().cut(0),
    "breaks off before it says a word": openai_answer("Never.").ended(1),
    "breaks off in the middle of its answer": openai_answer("Half of it").cut(2),
    "answers with a web page": html(),
    "refuses the question": openai_failure(400, "What is a breaker? Nonsense."),
    "refuses our key": openai_failure(401, f"Incorrect API key provided: {KEYS['main']}"),
}
"""What may be wrong with a provider."""


@define(eq=False)
class Providers:
    """One customer's view of a service that asks two providers, and the providers."""

    start: Callable[[Mapping[str, Any], str | None], Service]
    upstreams: Mapping[str, ScriptedUpstream]
    apology: str | None = None
    _agreed: dict[str, Any] = field(factory=dict, init=False)
    _service: Service | None = field(default=None, init=False)
    heard: Response = field(init=False)
    took: float = field(default=0.0, init=False)
    _before: dict[str, int] = field(factory=dict, init=False)

    def ask(self, question: str, who: str = "", **wishes: Any) -> Reply:
        """Ask; what comes back is *heard*."""
        self._before = {name: len(each.requests) for name, each in self.upstreams.items()}
        began = time.monotonic()
        self.heard = self.service.ask(question, **wishes)
        self.took = time.monotonic() - began
        return Reply(trouble=IN_WORDS.get(self.heard.status_code))

    @property
    def service(self) -> Service:
        """Give the service, which starts when it is needed."""
        self._service = self._service or self.start(self._agreed, self.apology)
        return self._service

    def agree(self, name: str, **limits: int) -> None:
        """Settle how often *name* may be asked, before anybody asks."""
        self._agreed[name] = limits

    @property
    def answer(self) -> Any:
        """Give the answer that was heard."""
        assert self.heard.status_code == 200, self.heard.text
        return self.heard.json()

    def asked(self, name: str) -> list[str]:
        """Give the models that *name* was asked for by the last question, in order."""
        return [str(each.json["model"]) for each in self.upstreams[name].requests[self._before[name] :]]

    def is_well(self, name: str) -> None:
        """Let *name* answer."""
        self.upstreams[name].reply(openai_answer(f"Says {name}."))

    def has(self, name: str, trouble: str) -> None:
        """Let something be wrong with *name*."""
        self.upstreams[name].reply(TROUBLES[trouble])

    def stumbles(self, name: str, *replies: UpstreamReply) -> None:
        """Let *name* do this once, and answer then."""
        self.upstreams[name].reply(*replies, openai_answer(f"Says {name}."))

    def pass_time(self, seconds: float) -> None:
        """Let time pass."""
        self.service.clock.advance(seconds)


@contextmanager
def two_providers(folder: Path) -> Iterator[Providers]:
    """Start a service that prefers the first of two providers, and both of these."""
    with ExitStack() as stack:
        upstreams = {name: stack.enter_context(ScriptedUpstream()) for name in NAMES}
        providers = Providers(
            lambda *settled: stack.enter_context(serving(_settings(folder, upstreams, *settled))), upstreams
        )
        for name in NAMES:
            providers.is_well(name)
        yield providers


def _settings(
    folder: Path, upstreams: Mapping[str, ScriptedUpstream], agreed: Mapping[str, Any], apology: str | None
) -> Settings:
    named = {
        name: {**_provider(name, each.url, rank), **agreed.get(name, {})}
        for rank, (name, each) in enumerate(upstreams.items())
    }
    models = {"timeout": SILENCE, "backoff": 0.01, "breaker_failures": 6, "apology": apology}
    return Settings.model_validate({**MEMORY, "data_folder": folder, "providers": named, "language_model": models})


def _provider(name: str, url: str, rank: int) -> Mapping[str, object]:
    return {
        "base_url": f"{url}/v1",
        "api_key": KEYS[name],
        "models": (f"{name}-small", f"{name}-large"),
        "aliases": {"smart": f"{name}-large"},
        "priority": rank,
    }
