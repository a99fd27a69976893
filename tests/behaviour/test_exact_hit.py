from pytest_bdd import parsers, scenarios, then

from tests.behaviour.conftest import Story

scenarios("exact_hit.feature")


@then("the answer costs no tokens")
def it_costs_nothing(story: Story) -> None:
    assert story.reply.tokens == 0


@then("it tells how many tokens were saved")
def it_tells_what_was_saved(story: Story) -> None:
    assert story.reply.tokens_saved == 18


@then(parsers.parse("the answer is {seconds:d} seconds old"))
def it_is_so_old(story: Story, seconds: int) -> None:
    assert story.reply.age == seconds


@then("it names the entry it was remembered under")
def it_names_the_entry(story: Story) -> None:
    assert story.reply.entry
