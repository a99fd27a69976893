from pytest_bdd import given, parsers, scenarios, then, when

from tests.behaviour.conftest import Story, wishes
from tests.behaviour.driver import Driver

scenarios("tenant_isolation.feature")

SECRETS = {"no key": None, "a made-up key": "rb_made-up"}


@given(parsers.re(r'Acme was answered "(?P<question>[^"]*)"(?P<how>.*)'))
def acme_was_answered(driver: Driver, story: Story, question: str, how: str) -> None:
    driver.ask(question, "Acme", **wishes(how))
    story.replies.append(driver.ask(question, "Acme", **wishes(how)))
    assert story.reply.entry
    driver.upstream.requests.clear()


@when(parsers.re(r'(?P<who>Acme|Globex) asks "(?P<question>[^"]*)"(?P<how>.*)'))
def a_customer_asks(driver: Driver, story: Story, who: str, question: str, how: str) -> None:
    story.replies.append(driver.ask(question, who, **wishes(how)))


@when("Globex looks at the entry of Acme")
def globex_looks(driver: Driver, story: Story) -> None:
    story.replies.append(driver.look_at(str(story.reply.entry), "Globex"))


@when("Globex purges the entry of Acme")
def globex_purges_one(driver: Driver, story: Story) -> None:
    story.replies.append(driver.purge_entry(str(story.reply.entry), "Globex"))


@when("Globex purges everything")
def globex_purges(driver: Driver, story: Story) -> None:
    story.purged = driver.purge("Globex")


@when("Globex counts its answers")
def globex_counts(driver: Driver, story: Story) -> None:
    story.purged = driver.count("Globex")


@then("Globex has none")
def globex_has_none(driver: Driver, story: Story) -> None:
    assert story.purged == 0
    assert driver.count("Acme") == 1


@then("Globex is told that there is no such entry")
def there_is_no_such_entry(driver: Driver, story: Story) -> None:
    assert story.reply.trouble == "there is no such entry"
    assert driver.look_at("0" * 64, "Globex") == story.reply  # as of any entry that never was


@then("Acme still has its answer")
def acme_still_has_it(driver: Driver) -> None:
    assert driver.remembers("What is our revenue?", "Acme")


@given("the key of Acme was revoked a second ago")
def the_key_was_revoked(driver: Driver) -> None:
    driver.revoke_key("Acme")
    driver.pass_time(1.001)


@when(parsers.parse("somebody asks with {key}"))
def a_stranger_asks(driver: Driver, story: Story, key: str) -> None:
    driver.give_key("somebody", SECRETS[key])
    story.replies.append(driver.ask("What is our revenue?", "somebody"))


@then("the stranger is turned away")
def they_are_turned_away(story: Story) -> None:
    assert story.reply.trouble == "you are not known"
