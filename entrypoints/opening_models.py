"""How the models that answer are opened, what stands around each, and what they offer."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

from attrs import frozen

from adapters.answer_judge.language_model import ModelAnswerJudge
from adapters.language_model.deferred import DeferredLanguageModel
from adapters.language_model.known_models import context_window, count_tokens
from adapters.language_model.retrying import RetryingLanguageModel
from adapters.language_model.throttled import Limits, ThrottledLanguageModel
from application.break_circuits import Breaking
from application.check_prompts import Checking
from application.price_calls import Priced
from application.route_models import ANY, Offer, Routes
from application.time_models import Timed
from domain.capacity import RANGES, Capacity
from domain.clock import Clock
from domain.events import EventSink
from domain.generation import LanguageModel
from domain.pricing import FREE, Price, Tariff
from domain.resilience import Backoff
from entrypoints.opening import connect, kept_open
from entrypoints.settings import EXTRACTIVE, Settings
from entrypoints.settings_prices import ModelPrice
from entrypoints.settings_providers import Provider


def connected(settings: Settings, own: dict[str, Any], open_things: AsyncExitStack) -> dict[str, LanguageModel]:
    """Give the language model of each provider that is configured; *own* makes those that have a name here."""
    models = {name: make() for name, make in own.items() if name == EXTRACTIVE or name in settings.named_providers}
    for name, provider in settings.named_providers.items():
        if provider.kind == EXTRACTIVE:
            models[name] = models[EXTRACTIVE]
        elif name not in models:
            models[name] = kept_open(open_things, DeferredLanguageModel(partial(connect, settings, name)))
    return models


@frozen
class Guarding:
    """Puts around a provider's language model what stands between us and its troubles."""

    chosen: Any
    tariff: Tariff
    clock: Clock
    events: EventSink

    def __call__(self, name: str, provider: Provider, model: LanguageModel) -> LanguageModel:
        """Stack it: a prompt passes the last line first."""
        chosen = self.chosen
        limits = Limits(provider.rpm or 0, provider.tpm or 0, provider.queue, chosen.queue_timeout)
        backoff = Backoff(chosen.retries, chosen.backoff, jitter=chosen.backoff)
        model = Timed(Priced(model, name, self.tariff), chosen.timeout, chosen.total_timeout)
        model = ThrottledLanguageModel(name, model, limits, self.events) if limits.any else model
        model = Breaking(name, model, self.clock, self.events, chosen.breaker_failures, chosen.breaker_cool_down)
        model = RetryingLanguageModel(name, model, backoff, self.events)
        return Checking(model, partial(capacity, provider), count_tokens)


def capacity(provider: Provider, model: str) -> Capacity:
    """Give what *model* takes, as far as it is known or configured."""
    kind = str(provider.kind)
    window = provider.context_window or context_window(kind, provider.base_url, model)
    return Capacity(window, RANGES[kind])


def offered(settings: Settings, models: dict[str, Any], guard: Guarding) -> dict[str, Offer]:
    """Offer what the providers have, in the preferred order; the offline model answers nobody unasked."""
    model, alone = models[EXTRACTIVE].model, settings.default_provider == EXTRACTIVE
    quoting = Priced(models[EXTRACTIVE], EXTRACTIVE, guard.tariff)
    offers = {EXTRACTIVE: Offer(quoting, model, (model,), volunteers=False)}
    for name, each in settings.named_providers.items():
        if each.kind == EXTRACTIVE:
            offers[name] = Offer(quoting, model, (model,), each.aliases, not alone)
        else:
            guarded, counter = guard(name, each, models[name]), models[name] if each.kind == "anthropic" else None
            offers[name] = Offer(guarded, str(each.model), each.models or (ANY,), each.aliases, not alone, counter)
    return offers


def hearsay(settings: Settings) -> frozenset[str]:
    """Name the providers whose answers do not tell whether two questions mean the same: they quote what is at hand."""
    return frozenset(
        {EXTRACTIVE, *(name for name, each in settings.named_providers.items() if each.kind == EXTRACTIVE)}
    )


def set_prices(prices: Mapping[str, ModelPrice]) -> Mapping[str, Price]:
    """Give the prices that were set; what answers offline takes nothing."""
    return {"extractive/*": FREE} | {name: each.price for name, each in prices.items()}


def judge_by_model(routes: Routes, clock: Clock, events: EventSink) -> ModelAnswerJudge:
    """Have the default provider compare answers, with the model that it uses by default."""
    offer = routes.offers[routes.default]
    return ModelAnswerJudge(offer.language_model, routes.default, offer.model, clock, events)
