"""ragboost ask: ask one question."""

import json
import sys
from typing import Any

import click
import httpx

from entrypoints.cli.client import call, json_option, key_option, talk, url_option


@click.command()
@click.argument("question")
@click.option("--provider", help="Who answers what memory cannot.")
@click.option("--model", help="The provider's model.")
@click.option("--namespace", help="A memory of its own.")
@click.option("--no-cache", is_flag=True, help="Neither read memory nor write to it.")
@url_option
@key_option
@json_option
def ask(question: str, url: str | None, key: str | None, as_json: bool, no_cache: bool, **fields: str | None) -> None:
    """Ask QUESTION; `-` reads it from standard input."""
    text = sys.stdin.read() if question == "-" else question
    given = {name: value for name, value in fields.items() if value}
    body = {"query": text, "use_cache": not no_cache, **given}

    async def conversation(client: httpx.AsyncClient) -> dict[str, Any]:
        return await call(client, "POST", "/api/v1/query", body)

    answer = talk(url, key, conversation)
    click.echo(json.dumps(answer, indent=2, ensure_ascii=False) if as_json else _told(answer))


def _told(answer: dict[str, Any]) -> str:
    info = answer["cache_info"]
    how = f"{info['cache_type']} hit" if info["cache_hit"] else "miss"
    matched = f", remembered from {info['matched_query']!r}" if info["cache_type"] == "semantic" else ""
    detail = f"{how} ({info['reason']}){matched} · {answer['provider']} {answer['model']} · {answer['latency_ms']} ms"
    return f"{answer['response']}\n\n{click.style(detail, dim=True)}"
