import pytest

from application.fall_back import FallingBack
from application.route_models import Offer, Route, Routes, Unheard
from domain.call_events import BreakerClosed
from domain.errors import Malformed
from tests.doubles import ScriptedModel

OPENAI = Offer(ScriptedModel(), "gpt-6", ("gpt-*", "o5"), {"fast": "gpt-6-mini", "smart": "gpt-6-pro"})
ANTHROPIC = Offer(ScriptedModel(), "claude-5", ("claude*",), {"smart": "claude-5-opus"})
ROUTER = Offer(ScriptedModel(), "llama-5")
DOCS = Offer(ScriptedModel(), "quotes", ("quotes",), volunteers=False)
OFFERS = {"openai": OPENAI, "anthropic": ANTHROPIC, "router": ROUTER, "docs": DOCS}
ROUTES = Routes(OFFERS, "openai")


@pytest.mark.parametrize(
    ("model", "route"),
    [
        (None, Route("openai|anthropic|router", "gpt-6|claude-5|llama-5")),
        ("fast", Route("openai", "gpt-6-mini")),
        ("smart", Route("openai|anthropic", "gpt-6-pro|claude-5-opus")),
        ("gpt-6", Route("openai", "gpt-6")),
        ("gpt-7", Route("openai", "gpt-7")),
        ("o5", Route("openai", "o5")),
        ("claude-9", Route("anthropic", "claude-9")),
        ("mistral", Route("router", "mistral")),
    ],
)
def test_all_who_surest_have_the_model_may_answer(model: str | None, route: Route) -> None:
    assert ROUTES.choose(model=model) == route


def test_whoever_names_a_provider_gets_it_alone() -> None:
    assert ROUTES.choose("anthropic") == Route("anthropic", "claude-5")
    assert ROUTES.choose("anthropic", "smart") == Route("anthropic", "claude-5-opus")
    assert ROUTES.choose("docs") == Route("docs", "quotes")


def test_several_that_call_the_model_the_same_need_one_name_for_it() -> None:
    routes = Routes({"here": ROUTER, "there": ROUTER}, "there")
    assert routes.choose() == Route("there|here", "llama-5")
    assert routes.choose(model="other") == Route("there|here", "other")


def test_without_fallback_the_first_alone_may_answer() -> None:
    assert Routes(OFFERS, "router", fall_back=False).choose() == Route("router", "llama-5")


@pytest.mark.parametrize(
    ("provider", "model", "field", "told"),
    [
        (
            "openia",
            None,
            "provider",
            "'openia' is not configured; there is anthropic, docs, openai, router; did you mean",
        ),
        ("docs", "gpt-6", "model", "docs has only the model 'quotes'; leave the field out"),
        (
            "openai",
            "gpd-6",
            "model",
            "'gpd-6' is not known; openai has gpt-6, fast, smart, gpt-\\*, o5; did you mean 'gpt-6'",
        ),
        ("anthropic", "zzz", "model", "'zzz' is not known; anthropic has claude-5, smart, claude\\*$"),
    ],
)
def test_what_nobody_has_is_told_with_what_there_is(provider: str, model: str | None, field: str, told: str) -> None:
    with pytest.raises(Malformed, match=told) as caught:
        ROUTES.choose(provider, model)
    assert caught.value.problems[0].field == field


def test_a_model_that_no_volunteer_has_is_told_of_all_of_them() -> None:
    with pytest.raises(Malformed, match=r"openai has gpt-6, .*; anthropic has claude-5"):
        Routes({"openai": OPENAI, "anthropic": ANTHROPIC}, "openai").choose(model="mistral")


def test_one_provider_is_asked_itself_and_several_by_way_of_one_that_falls_back() -> None:
    assert ROUTES.model_of("openai") is OPENAI.language_model
    several = ROUTES.model_of("anthropic|router")
    assert isinstance(several, FallingBack)
    assert several.models == {"anthropic": ANTHROPIC.language_model, "router": ROUTER.language_model}


def test_nobody_need_listen() -> None:
    Unheard().note(BreakerClosed("openai", "m"))
