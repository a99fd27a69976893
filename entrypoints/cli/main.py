"""ragboost: ask, serve, and look after what is remembered."""

import gc
import sys
from importlib import import_module
from importlib.metadata import version

import click

from domain.errors import RAGBoostError
from entrypoints.settings_loading import SettingsInvalid

COMMANDS = ("ask", "cache", "doctor", "evaluate", "index", "keys", "models", "serve", "usage")


class Commands(click.Group):
    """Imports a command when it is called: to start the service one need not load what asks it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import ``entrypoints/cli/<name>.py``, and give the command it is named after."""
        if cmd_name not in COMMANDS:
            return None
        gc.disable()  # modules stay: collecting while they load frees nothing, and takes a tenth of a start
        command: click.Command = getattr(import_module(f"entrypoints.cli.{cmd_name}"), cmd_name)
        gc.enable()
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("ragboost"), prog_name="ragboost")
def ragboost() -> None:
    """Remember the answers of language models."""


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
