"""What is named between two questions: sentences for each kind of difference, that differ so and that do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.evidence import FEATURES, OPPOSING, Difference, Evidence, compare

DIFFERENT: dict[Difference, list[tuple[str, str]]] = {
    Difference.NUMBERS: [
        ("How do I save 200 euros a month?", "How do I save 300 euros a month?"),
        ("Is a fever of 38.5 dangerous?", "Is a fever of 39.5 dangerous?"),
        ("Can three people share one ticket?", "Can four people share one ticket?"),
        ("How do I install Python 3 beside Python 2?", "How do I install Python 3 beside Python 1?"),
        ("What is 7 times 7 minus 5?", "What is 5 times 5 minus 5?"),
        ("Can I bring two bags on the plane?", "Can I bring one bag on the plane?"),
        ("Can I store it at -18 degrees?", "Can I store it at 18 degrees?"),
    ],
    Difference.UNITS: [
        ("How far is 5 km on foot?", "How far is 5 miles on foot?"),
        ("How much is 20 kg of rice?", "How much is 20 lb of rice?"),
        ("Can I pay $50 in cash?", "Can I pay €50 in cash?"),
        ("How many litres does the tank hold?", "How many gallons does the tank hold?"),
        ("Is 500 mg of it too much?", "Is 500 g of it too much?"),
        ("How do I set the timeout to 10 s?", "How do I set the timeout to 10ms?"),
    ],
    Difference.DATES: [
        ("Are you open on Monday?", "Are you open on Friday?"),
        ("What is the weather like in May?", "What is the weather like in October?"),
        ("Does the museum close early today?", "Does the museum close early tomorrow?"),
    ],
    Difference.NEGATION: [
        ("Is it wise to sign the contract?", "Is it wise not to sign the contract?"),
        ("Why does my printer print?", "Why doesn't my printer print?"),
        ("What should a nurse say to a patient?", "What should a nurse never say to a patient?"),
        ("Can I travel with a visa?", "Can I travel without a visa?"),
    ],
    Difference.ANTONYM: [
        ("How do I turn on the alarm?", "How do I turn off the alarm?"),
        ("Should I stretch before a run?", "Should I stretch after a run?"),
        ("How can I become a more patient father?", "How can I become a more impatient father?"),
        ("Are careful drivers insured?", "Are careless drivers insured?"),
        ("Are hopeless cases taken?", "Are hopeful cases taken?"),
        ("Is the plant happy in the shade?", "Is the plant unhappy in the shade?"),
        ("How do I turn the lamp off?", "How do I turn on the lamp?"),
        ("When do trains to Riga leave?", "When do trains from Riga leave?"),
        ("How do I log in?", "How do I log out?"),
    ],
    Difference.COMPARATIVE: [
        ("How can I become more ambitious?", "How can I become less ambitious?"),
        ("Which phone uses the most power?", "Which phone uses the least power?"),
    ],
    Difference.NAMES: [
        ("Is Maria Keller a surgeon?", "Is Judith Keller a surgeon?"),
        ("How do I rent a flat in Vienna?", "How do I rent a flat in Lisbon?"),
        ("When was the mayor of Gdansk elected?", "When was the mayor of Riga elected?"),
    ],
    Difference.IDENTIFIERS: [
        ("Why does get_user_name return nothing?", "Why does get_user_mail return nothing?"),
        ("Who reads sales@shop.example?", "Who reads help@shop.example?"),
        ("Is https://one.example/a safe?", "Is https://one.example/b safe?"),
        ("What does parseDate do?", "What does parseTime do?"),
    ],
    Difference.ORDER: [
        ("Is Paula suing Martin?", "Is Martin suing Paula?"),
        ("What is the fastest train from Turin to Rome?", "What is the fastest train from Rome to Turin?"),
        ("Can a quiet child become loud?", "Can a loud child become quiet?"),
        ("Did Irene lose the house?", "Was Irene lost by the house?"),
        ("Does he avoid me or do I call him?", "Does he call me or do I avoid him?"),
        ("Why are old cars slower than new vans?", "Why are new cars slower than old vans?"),
        ("I left Peru for Chile. Is Chile cheap?", "I left Chile for Peru. Is Chile cheap?"),
        ("I left Peru for Chile. Is Chile cheap?", "I left Chile for Peru. Is Peru cheap?"),
        ("Which airline flies from Oslo to Cork?", "What airline flies from Cork to Oslo?"),
    ],
    Difference.PERSON: [
        ("If Karl and Rosa argue, will he leave her?", "If Karl and Rosa argue, will she leave him?"),
        ("If Karl and Rosa moved, would his dog be sad?", "If Karl and Rosa moved, would Rosa's dog be sad?"),
        ("If Karl and Rosa moved, would Karl's dog be sad?", "If Karl and Rosa moved, would her dog be sad?"),
    ],
    Difference.TENSE: [
        ("Is Helen Braun a judge?", "Did Helen Braun use to be a judge?"),
        ("Is Helen Braun a judge?", "Is Helen Braun becoming a judge?"),
        ("Do people smoke on trains?", "Did people used to smoke on trains?"),
    ],
    Difference.CONJUNCTION: [
        ("Is Omar a cook or a waiter?", "Is Omar both a cook and a waiter?"),
        ("Do I need a passport or a visa?", "Do I need a passport and a visa?"),
    ],
    Difference.QUESTION_WORD: [
        ("Who opened the first tram line?", "When was the first tram line opened?"),
        ("How many bees live in a hive?", "How long do bees live in a hive?"),
        ("Where do eels breed?", "Why do eels breed?"),
    ],
    Difference.LANGUAGE: [
        ("How do I cancel my order?", "Wie kann ich meine Bestellung stornieren?"),
        ("How do I cancel my order?", "Как отменить мой заказ?"),
        ("注文を取り消すには", "取消訂單"),
    ],
    Difference.WORD: [
        ("Can I feed my hedgehog cheese?", "Can I feed my parrot cheese?"),
        ("I bruised my elbow at hockey. Is this common?", "I bruised my ankle at hockey. Is this common?"),
    ],
    Difference.MORE: [
        ("Is Helen Braun a judge?", "Is Helen Braun a retired judge?"),
        ("Do you sell bread?", "Do you sell frozen bread?"),
    ],
}

ALIKE: dict[Difference, list[tuple[str, str]]] = {
    Difference.NUMBERS: [
        ("Is 1,000 steps a day enough?", "Are 1000 steps enough for a day?"),
        ("Can three people share a ticket?", "May 3 people share a ticket?"),
        ("May I bring 1 bag?", "Can I bring one bag?"),
        ("Which one of the 3 plans is best?", "Which of the three plans is the best one?"),
        ("Is it open 2-3 days a week?", "Is it open 2 or 3 days a week?"),
        ("Which laptop should I buy?", "Which laptop should I buy in 2024?"),
    ],
    Difference.UNITS: [
        ("How far is 5 km on foot?", "How far are 5 kilometres on foot?"),
        ("Can I pay 50 dollars in cash?", "Can I pay $50 in cash?"),
        ("Where did I put it?", "What did I put in there?"),
    ],
    Difference.DATES: [
        ("Is it cold in Feb?", "Is it cold in February?"),
        ("May I march in the parade?", "Can I take part in the parade?"),
    ],
    Difference.NEGATION: [
        ("Why doesn't my printer print?", "Why does my printer not print?"),
        ("How can I become a humble person?", "How can I become a person who is not proud?"),
        ("How can I be happy?", "How can I not be unhappy?"),
    ],
    Difference.ANTONYM: [
        ("How do I turn on the alarm?", "How do I switch on the alarm?"),
        ("How can I become more optimistic?", "How can I become less pessimistic?"),
        ("How do I get a refund from you?", "What must I do to get my money back?"),
        ("Does rust on its own do harm?", "Is harm done when paint comes off?"),
    ],
    Difference.COMPARATIVE: [
        ("How can I be more brave?", "How can I become less cowardly?"),
        ("Which phone uses less power?", "What phone uses less power?"),
    ],
    Difference.NAMES: [
        ("Is rent high in Vienna?", "is rent high in vienna?"),
        ("How Do I Rent A Flat?", "How Can I Lease A House?"),
        ("Who leads the United Nations now?", "Who leads the UN now?"),
        ("Do Austrians ski?", "Do people from Austria ski?"),
        (
            "My aunt Clara paints. Is it usual for painters to sell at fairs?",
            "My aunt Doris paints. Is it usual for painters to sell at fairs?",
        ),
    ],
    Difference.IDENTIFIERS: [
        ("What does parseDate do?", "Explain parseDate."),
        ("Who owns an iPhone?", "Who has got an iPad?"),
        ("Is a_b valid?", "Is it valid?"),
    ],
    Difference.ORDER: [
        ("Is Paula married to Martin?", "Is Martin married to Paula?"),
        ("Is veal red meat or white meat?", "Is veal white meat or red meat?"),
        ("Which is best: Saab, Volvo or Fiat?", "Which is best: Fiat, Volvo or Saab?"),
        ("Does Irene trust Paula?", "Is Paula trusted by Irene?"),
        ("Did Irene sell the house?", "Was the house sold by Irene?"),
        ("Are hares faster than dogs?", "What is faster, dogs or hares?"),
        ("Who do critics think is the best tenor?", "Who is the best tenor according to critics?"),
        ("Is Omar a Danish cook?", "Is Omar a cook and Danish?"),
        ("What is rust? How does it form?", "How does it form? What is rust?"),
        ("How is the old town lit?", "How is the old town lit, now?"),
        ("Why is a big red bus red?", "Why is a red big bus red?"),
        ("What do bakers bake by hand?", "What do bakers bake with a hand?"),
    ],
    Difference.PERSON: [
        ("Does he like tea?", "Does he drink tea?"),
        ("Is she a judge?", "Is Helen a judge?"),
    ],
    Difference.TENSE: [
        ("How do I become a pilot?", "How can I become a pilot?"),
        ("Is Helen Braun a judge?", "Is Helen Braun really a judge?"),
    ],
    Difference.CONJUNCTION: [
        ("What are the pros and cons of solar power?", "What are the advantages of solar power?"),
        ("Is it tea or coffee?", "Is it coffee or tea?"),
    ],
    Difference.QUESTION_WORD: [
        ("How do I learn to swim?", "What is a good way to learn to swim?"),
        ("Which river is longest?", "What river is longest?"),
        ("Can I learn to swim?", "How can I learn to swim?"),
        ("What is the cause of rust?", "How does rust form?"),
    ],
    Difference.LANGUAGE: [
        ("How do I cancel my order?", "Is there a way to cancel my order?"),
        ("Où est la gare de Lyon?", "Où est le musée de Lyon?"),
        ("price", "Preis"),
        ("2 + 2 = ¾", "how much is 2 + 2"),
    ],
    Difference.WORD: [
        ("How can I become a joyful person?", "How can I become a happy person?"),
        ("Which movie won last year?", "Which film won last year?"),
        ("Is my garage really insulated?", "Is my garage really insualted?"),
        ("How do I fix a broken zip?", "Can you tell me about mending jackets?"),
        ("Is it wet?", "Is it dry, cold, dark and steep up there?"),
    ],
    Difference.MORE: [
        ("Is that goose asleep on the lawn?", "Is that goose actually asleep on the lawn?"),
        ("How do I repair a bike?", "How do I repair a bike at home?"),
        ("Where is the station?", "Is the station far from the harbour?"),
    ],
}


def rows(table: dict[Difference, list[tuple[str, str]]]) -> list[tuple[Difference, str, str]]:
    return [(difference, *pair) for difference, pairs in table.items() for pair in pairs]


def feature(evidence: Evidence, name: str) -> float:
    return evidence.features[FEATURES.index(name)]


@pytest.mark.parametrize(("difference", "stored", "asked"), rows(DIFFERENT))
def test_a_difference_is_named(difference: Difference, stored: str, asked: str) -> None:
    assert difference in compare(stored, asked).differences
    assert difference in compare(asked, stored).differences


@pytest.mark.parametrize(("difference", "stored", "asked"), rows(ALIKE))
def test_what_is_no_such_difference_is_not_named(difference: Difference, stored: str, asked: str) -> None:
    assert difference not in compare(stored, asked).differences
    assert difference not in compare(asked, stored).differences


def test_every_difference_has_both_tables() -> None:
    assert set(DIFFERENT) == set(ALIKE) == set(Difference)


@pytest.mark.parametrize("difference", Difference)
def test_every_difference_says_what_it_means(difference: Difference) -> None:
    assert difference.meaning.endswith(".")


def test_what_is_often_said_in_other_words_is_no_veto() -> None:
    assert set(Difference) - OPPOSING == {Difference.QUESTION_WORD, Difference.WORD, Difference.MORE}


def test_differences_come_in_the_order_of_their_declaration() -> None:
    named = compare("Was Ada 30 in May?", "Was not Ida 40 in June?").differences
    assert list(named) == [each for each in Difference if each in named]
    assert len(named) > 2


class TestFeatures:
    def test_the_same_question_differs_in_nothing(self) -> None:
        evidence = compare("How do I peel garlic?", "How do I peel garlic?")

        assert evidence.differences == ()
        assert [feature(evidence, name) for name in ("jaccard", "contained", "covered")] == [1.0, 1.0, 1.0]
        assert feature(evidence, "contrast") == feature(evidence, "inversions") == 0.0

    def test_a_plain_difference_weighs_by_how_much_else_is_shared(self) -> None:
        alike = compare("Is it safe to swim in the lake?", "Is it safe not to swim in the lake?")
        loose = compare("My parcel has not arrived", "Where is the box of shoes that I bought?")

        assert feature(alike, "contrast") == 1.0
        assert 0.0 <= feature(loose, "contrast") < 0.3

    def test_a_number_that_only_one_of_them_names_is_suspected(self) -> None:
        assert 0.0 < feature(compare("Which phone is best?", "Which phone is best under 300?"), "numbers") < 0.5

    def test_a_name_that_only_one_of_them_names_is_suspected(self) -> None:
        assert 0.0 < feature(compare("Which bank is best?", "Which bank is best in Chile?"), "names") < 0.5

    def test_neighbours_that_change_places_are_suspected(self) -> None:
        assert 0.0 < feature(compare("Why is a big red bus red?", "Why is a red big bus red?"), "order") < 0.5

    def test_words_in_another_order_count_as_inversions(self) -> None:
        assert feature(compare("Is Paula suing Martin?", "Is Martin suing Paula?"), "inversions") == 1.0

    def test_askers_who_tell_of_themselves_in_several_sentences_are_noticed(self) -> None:
        told = compare("My knee hurts. I ran far. Should I rest?", "I ran and my knee hurts. Rest?!")

        assert feature(told, "narrated") == feature(told, "sentences") == 1.0
        assert feature(compare("Who sells kites?", "My kite is torn"), "narrated") == 0.0


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_two_texts_can_be_compared_either_way_round(stored: str, asked: str) -> None:
    evidence = compare(stored, asked)

    assert len(evidence.features) == len(FEATURES) <= 24
    assert all(0.0 <= value <= 1.0 for value in evidence.features)


VOCABULARY = (
    "is",
    "a",
    "not",
    "less",
    "cat",
    "cats",
    "Ann",
    "Bob",
    "by",
    "painted",
    "and",
    "or",
    ",",
    "?",
    "3",
    "4",
    "he",
    "than",
)
words = st.lists(st.sampled_from(VOCABULARY), max_size=12)


@given(words.map(" ".join), words.map(" ".join))
def test_what_is_named_does_not_depend_on_who_asked_first(stored: str, asked: str) -> None:
    assert compare(stored, asked).differences == compare(asked, stored).differences


@given(st.text(max_size=80))
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert compare(text, text).differences == ()
