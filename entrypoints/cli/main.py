"""ragboost: ask, serve, and look after what is remembered."""

import sys
from importlib.metadata import version

import click

from domain.errors import RAGBoostError
from entrypoints.cli.ask import ask
from entrypoints.cli.cache import cache
from entrypoints.cli.keys import keys
from entrypoints.cli.models import models
from entrypoints.cli.serve import serve
from entrypoints.settings_loading import SettingsInvalid


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("ragboost"), prog_name="ragboost")
def ragboost() -> None:
    """Remember the answers of language models."""


for command in (ask, serve, cache, keys, models):
    ragboost.add_command(command)


def main() -> None:
    """Run a command; what goes wrong on purpose is told in a sentence, without a traceback."""
    try:
        ragboost.main(standalone_mode=True)
    except SettingsInvalid as error:
        _fail("the configuration cannot be used:\n" + "\n".join(f"  {each}" for each in error.problems), 2)
    except RAGBoostError as error:
        _fail(str(error), 1)


def _fail(message: str, status: int) -> None:
    click.echo(f"ragboost: {message}", err=True)
    sys.exit(status)
