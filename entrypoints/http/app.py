"""The HTTP application: every door, one way to refuse, one life."""

from importlib.metadata import version

from litestar import Litestar, Router
from litestar.handlers import HTTPRouteHandler

from entrypoints.container import Container
from entrypoints.http import (
    anthropic_messages,
    cache,
    given,
    models,
    openai_chat,
    openai_embeddings,
    queries,
    query,
    system,
    trust,
)
from entrypoints.http.anthropic_request import ReadMessage
from entrypoints.http.documentation import ANSWER_HEADERS, REQUEST_ID, openapi
from entrypoints.http.examples import BODIES
from entrypoints.http.foreign import ForeignDoor, ForeignReception
from entrypoints.http.foreign_usage import Accounts
from entrypoints.http.lean_request import LeanRequest
from entrypoints.http.openai_request import ReadChat
from entrypoints.http.presence import Attended, while_there, whoever_is_there
from entrypoints.http.problems import handlers
from entrypoints.http.reception import Reception
from entrypoints.http.request_ids import IdentifyingLitestar
from entrypoints.life import alive

VERSION = version("ragboost")


def create_app(container: Container) -> Litestar:
    """Build the application from what *container* wires; it lives as long as the container's parts."""
    reception = Reception(container.admit_caller(), container.routes(), container.clock())
    return IdentifyingLitestar(
        route_handlers=[
            _asking_router(reception, container),
            queries.queries_door(reception, container.respond_to_many()),
            _cache_router(reception, container),
            *_foreign_doors(reception, container),
            *system.system_doors(VERSION, container.check_health(), container.metrics().text),
        ],
        exception_handlers=handlers(),
        response_headers=[REQUEST_ID],
        request_class=LeanRequest,
        lifespan=[lambda _: alive(container)],
        openapi_config=openapi(VERSION, BODIES),
        request_max_body_size=container.settings().max_body_bytes,
        logging_config=None,
    )


def _asking_router(reception: Reception, container: Container) -> Router:
    door = query.query_door(reception, container.respond(), container.tell_answer(), _attended(container))
    return Router("/", route_handlers=[door], response_headers=ANSWER_HEADERS)


def _attended(container: Container) -> Attended:
    return whoever_is_there if container.settings().language_model.finish_unheard else while_there


def _foreign_doors(reception: Reception, container: Container) -> list[HTTPRouteHandler]:
    routes = container.routes()
    accounts = Accounts(container.settings().doors.usage_of_hits == "remembered")
    answering = container.respond(), container.tell_answer(), _attended(container)
    chat = ForeignDoor(ForeignReception(reception, ReadChat(routes)), *answering, openai_chat.ChatManner(accounts))
    reading = ForeignReception(reception, ReadMessage(routes))
    messages = ForeignDoor(reading, *answering, anthropic_messages.MessageManner(accounts))
    return [
        openai_chat.chat_door(chat),
        anthropic_messages.messages_door(messages),
        anthropic_messages.count_door(reading, container.count_tokens()),
        openai_embeddings.embeddings_door(reception, container.embed_texts()),
        *models.models_doors(reception, routes, container.embedder()),
    ]


def _cache_router(reception: Reception, container: Container) -> Router:
    purge, inspect = container.purge_answers(), container.inspect_answers()
    return Router(
        "/api/v1/cache",
        tags=["Memory"],
        route_handlers=[
            cache.judge_door(reception, container.judge_pairs()),
            *cache.entry_doors(reception, inspect, purge),
            given.giving_door(reception, container.accept_answers()),
            cache.purge_door(reception, purge),
            cache.explain_door(reception),
            trust.feedback_door(reception, container.give_feedback()),
            trust.quality_door(reception, container.report_quality()),
        ],
    )
