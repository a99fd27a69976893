"""The variables of the command line beside those of the settings."""

from collections.abc import Iterator

import click
import pytest

from entrypoints.cli.main import ragboost
from entrypoints.settings_sources import OF_COMMANDS
from tests.entrypoints.cli.conftest import Run


def variables(command: click.Command) -> Iterator[str]:
    """Give the variables that *command*, or one below it, takes options from."""
    yield from (str(each.envvar) for each in command.params if each.envvar)
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from variables(below)


def test_the_settings_know_every_variable_of_the_command_line() -> None:
    assert set(variables(ragboost)) == set(OF_COMMANDS)


def test_a_key_for_the_command_line_is_no_unknown_setting(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    key = run("keys", "create", "acme").stdout.split("rb_")[1].split()[0]
    monkeypatch.setenv("RAGBOOST_KEY", f"rb_{key}")

    result = run("cache", "stats")

    assert (result.exception, result.exit_code) == (None, 0)
    assert "0 answers" in result.stdout
