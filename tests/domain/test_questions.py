import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Malformed
from domain.prompts import Message, Role
from domain.questions import MAX_TEXT, Question, may_be_fuzzy, normalise
from domain.wires import Wire
from tests.builders import a_question

words = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=30)
texts = words.filter(lambda text: bool(text.strip()))
values = st.none() | st.booleans() | st.integers(-10, 10) | st.floats(allow_nan=False, allow_infinity=False) | words
json_values = st.recursive(
    values, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3), max_leaves=6
)
messages = st.builds(Message, st.sampled_from(Role), texts)
questions = st.builds(
    Question,
    tenant=words,
    text=texts,
    provider=words,
    model=words,
    namespace=words,
    history=st.lists(messages, max_size=3).map(tuple),
    parameters=st.dictionaries(words, json_values, max_size=3),
)


def meaning_of(question: Question) -> str:
    """What the question says, written down independently of the fingerprint."""
    history = [[each.role.value, each.content] for each in question.history]
    fields = [question.tenant, question.namespace, question.provider, question.model, history]
    return json.dumps([*fields, dict(question.parameters), normalise(question.text)], sort_keys=True)


class TestFingerprint:
    @given(questions, questions)
    def test_two_questions_share_one_only_when_every_field_is_the_same(self, one: Question, other: Question) -> None:
        assert (one.fingerprint == other.fingerprint) == (meaning_of(one) == meaning_of(other))

    @given(questions, st.sampled_from(["tenant", "text", "provider", "model", "namespace"]), texts)
    def test_a_change_of_any_field_changes_it(self, question: Question, name: str, value: str) -> None:
        changed = Question(**{**fields_of(question), name: value})

        assert (changed.fingerprint == question.fingerprint) == (meaning_of(changed) == meaning_of(question))

    @given(questions, words, json_values)
    def test_a_parameter_more_changes_it(self, question: Question, name: str, value: object) -> None:
        more = {**question.parameters, name: value}
        changed = Question(**{**fields_of(question), "parameters": more})

        assert (changed.fingerprint == question.fingerprint) == (meaning_of(changed) == meaning_of(question))

    @given(questions, messages)
    def test_a_turn_more_in_the_history_changes_it(self, question: Question, message: Message) -> None:
        changed = Question(**{**fields_of(question), "history": (*question.history, message)})

        assert changed.fingerprint != question.fingerprint

    @given(questions)
    def test_the_order_of_keys_does_not_change_it(self, question: Question) -> None:
        turned = dict(reversed(question.parameters.items()))

        assert Question(**{**fields_of(question), "parameters": turned}).fingerprint == question.fingerprint

    @given(questions, words)
    def test_two_tenants_never_share_one(self, question: Question, tenant: str) -> None:
        other = Question(**{**fields_of(question), "tenant": question.tenant + tenant})

        assert other.fingerprint != question.fingerprint
        assert other.compatibility != question.compatibility

    @given(words, words, words)
    def test_fields_do_not_run_into_one_another(self, one: str, two: str, three: str) -> None:
        left = a_question(tenant=one + two, namespace=three)
        right = a_question(tenant=one, namespace=two + three)

        assert left.fingerprint != right.fingerprint

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("What is RAGBoost?", "  What is\t RAGBoost? "),
            ("caf\u00e9", "cafe\u0301"),
            ("one line ", " one  line"),
        ],
    )
    def test_white_space_and_composition_do_not_change_it(self, one: str, other: str) -> None:
        assert a_question(one).fingerprint == a_question(other).fingerprint

    @pytest.mark.parametrize(
        ("one", "other"),
        [("US", "us"), ("a\n  b", "a\nb"), ("if x:\n\treturn", "if x:\n return"), ("a b", "ab")],
    )
    def test_case_and_the_layout_of_several_lines_change_it(self, one: str, other: str) -> None:
        assert a_question(one).fingerprint != a_question(other).fingerprint

    @pytest.mark.parametrize(("one", "other"), [(1, 1.0), (1, True), (0, False), (None, "null"), ("1", 1)])
    def test_values_that_python_calls_equal_change_it(self, one: object, other: object) -> None:
        assert a_question(parameters={"n": one}).fingerprint != a_question(parameters={"n": other}).fingerprint

    def test_it_stays_the_same_from_release_to_release(self) -> None:
        pinned = "f2e91a10bddb9790a2816904c405037898087353f51432976d6ebc5800ba8f77"

        assert a_question(tenant="t").fingerprint == pinned


class TestCompatibility:
    @given(questions, texts)
    def test_only_the_last_text_may_differ(self, question: Question, text: str) -> None:
        assert Question(**{**fields_of(question), "text": text}).compatibility == question.compatibility

    def test_the_history_is_part_of_it(self) -> None:
        followed = a_question("And in winter?", history=(Message(Role.USER, "Is Oslo cold?"),))
        other = a_question("And in winter?", history=(Message(Role.USER, "Is Rome cold?"),))

        assert followed.compatibility != other.compatibility


class TestDifferences:
    def test_equal_questions_have_none(self) -> None:
        assert a_question("What is  RAGBoost?").differences(a_question()) == ()

    @given(questions, questions)
    def test_there_are_some_exactly_when_the_fingerprints_differ(self, one: Question, other: Question) -> None:
        assert bool(one.differences(other)) == (one.fingerprint != other.fingerprint)

    def test_each_is_named_with_both_values(self) -> None:
        found = a_question(model="a", parameters={"temperature": 0.5}).differences(a_question(model="b"))

        assert [(each.field, each.one, each.other) for each in found] == [
            ("model", "a", "b"),
            ("parameters.temperature", 0.5, None),
        ]


class TestText:
    @pytest.mark.parametrize(
        ("text", "complaint"),
        [
            ("", "blank"),
            (" \n\t", "blank"),
            ("x" * (MAX_TEXT + 1), "at most 10000"),
            ("a\0b", "NUL"),
            ("a\ud800b", "surrogate"),
        ],
    )
    def test_what_no_question_can_be_is_refused_by_name(self, text: str, complaint: str) -> None:
        with pytest.raises(Malformed, match=f"query: .*{complaint}"):
            a_question(text)

    def test_the_longest_is_accepted(self) -> None:
        assert len(a_question("x" * MAX_TEXT).text) == MAX_TEXT


def test_the_prompt_holds_the_history_and_the_text_as_it_was_asked() -> None:
    history = (Message(Role.SYSTEM, "Be brief."),)

    prompt = a_question("What  is it?", history=history, parameters={"max_tokens": 5}).prompt

    assert prompt.messages == (*history, Message(Role.USER, "What  is it?"))
    assert prompt.parameters == {"max_tokens": 5}


def fields_of(question: Question) -> dict[str, object]:
    names = ("tenant", "text", "provider", "model", "namespace", "history", "parameters")
    return {name: getattr(question, name) for name in names}


class TestALiteralQuestion:
    TOLD = (Message(Role.USER, "Which is it?", {"role": "user", "content": [{"type": "image"}]}),)

    def literal(self, **fields: object) -> Question:
        return a_question(
            **{"text": "Which is it?", "history": self.TOLD, "literal": True, "format": "openai", **fields}
        )

    @pytest.mark.parametrize("text", ["", " ", "\0", "long " * MAX_TEXT])
    def test_may_have_any_text(self, text: str) -> None:
        assert self.literal(text=text).prompt.messages == self.TOLD

    def test_is_the_same_as_no_other_kind_of_question(self) -> None:
        plain = a_question("Which is it?", history=self.TOLD)
        kinds = [plain, self.literal(), self.literal(format="anthropic"), self.literal(literal=False)]
        assert len({each.fingerprint for each in kinds}) == len(kinds)
        assert plain.differences(self.literal())[0].field == "kind"

    def test_differs_by_what_a_message_says_besides_its_text(self) -> None:
        other = (Message(Role.USER, "Which is it?", {"role": "user", "content": [{"type": "file"}]}),)
        assert self.literal().fingerprint != self.literal(history=other).fingerprint

    def test_is_not_another_one_for_how_the_provider_is_to_handle_it(self) -> None:
        handled = self.literal(handling=Wire("openai", {"user": "bob"}))
        assert handled.fingerprint == self.literal().fingerprint
        assert handled.prompt.handling == Wire("openai", {"user": "bob"})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"max_completion_tokens": 5}, {"max_tokens": 5}),
        ({"stop_sequences": ["."]}, {"stop": "."}),
        ({"temperature": 1, "top_p": 1}, {"temperature": 1.0, "top_p": 1.0}),
    ],
)
def test_a_parameter_is_the_same_by_any_of_its_names(one: dict[str, object], other: dict[str, object]) -> None:
    assert a_question(parameters=one).fingerprint == a_question(parameters=other).fingerprint
    assert a_question(parameters=one).prompt.parameters == one


def test_two_names_of_one_parameter_at_once_are_two_parameters() -> None:
    both = {"max_completion_tokens": 5, "max_tokens": 6}
    assert a_question(parameters=both).fingerprint != a_question(parameters={"max_tokens": 6}).fingerprint


@pytest.mark.parametrize(("text", "fuzzy"), [("Which is it?", True), (" ", False), ("\0", False), ("\ud83d", False)])
def test_only_a_text_that_can_be_asked_can_be_asked_in_other_words(text: str, fuzzy: bool) -> None:
    assert may_be_fuzzy(text) is fuzzy
