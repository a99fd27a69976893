"""ragboost ask: ask one question."""

import json
import sys
from functools import partial
from typing import Any

import click

from entrypoints.cli.client import Connection, json_option, with_connection
from entrypoints.cli.listen import PATH, listen


@click.command()
@click.argument("question")
@click.option("--provider", help="Who answers what memory cannot.")
@click.option("--model", help="The provider's model.")
@click.option("--namespace", help="A memory of its own.")
@click.option("--no-cache", "use_cache", flag_value=False, default=None, help="Neither read memory nor write to it.")
@click.option("--stream", flag_value=True, default=None, help="Print the answer while it comes.")
@with_connection
@json_option
def ask(question: str, connection: Connection, as_json: bool, **fields: object) -> None:
    """Ask QUESTION; `-` reads it from standard input."""
    if fields["stream"] and as_json:
        raise click.UsageError("--json prints the answer when it is whole: leave it or --stream out")
    text = sys.stdin.read() if question == "-" else question
    asked = {"query": text} | {name: value for name, value in fields.items() if value is not None}
    if fields["stream"]:
        click.echo(f"\n\n{_detail(_listen(connection, asked))}")
    else:
        answer = connection.call("POST", PATH, asked)
        click.echo(json.dumps(answer, indent=2, ensure_ascii=False) if as_json else _told(answer))


def _listen(connection: Connection, asked: dict[str, object]) -> dict[str, Any]:
    return connection.talk(lambda client: listen(client, asked, partial(click.echo, nl=False)))


def _told(answer: dict[str, Any]) -> str:
    return f"{answer['response']}\n\n{_detail(answer)}"


def _detail(answer: dict[str, Any]) -> str:
    info = answer["cache_info"]
    how = f"{info['cache_type']} hit" if info["cache_hit"] else "miss"
    source = f"{answer['provider']} {answer['model']}"
    detail = f"{how} ({info['reason']}){_matched(info)} · {source} · {answer['latency_ms']} ms"
    return click.style(detail, dim=True)


def _matched(info: dict[str, Any]) -> str:
    if info["cache_type"] != "semantic":
        return ""
    sure = f", {info['probability']:.1%} likely to fit" if info["probability"] is not None else ""
    return f", remembered from {info['matched_query']!r}{sure}"
