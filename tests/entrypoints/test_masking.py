import json
import time

import pytest

from entrypoints.masking import Masking

KEY = "sk-proj-abcDEF123_456-789"
OURS = "rb_0123456789abcdefABCDEF"


@pytest.mark.parametrize(
    "text",
    [
        f"Incorrect API key provided: {KEY}. Find yours at the platform.",
        f"line one\n{KEY}",
        f"the key {OURS} is revoked",
        f"url?key={OURS}&x=1",
        f"Authorization: Bearer {KEY}",
        "authorization: bearer eyJhbGciOi.J9.abc",
        "{'authorization': 'Bearer token-of-any-form'}",
        "[(b'x-api-key', b'any-form-at-all-123')]",
        '{"x-api-key": "any-form-at-all-123"}',
        "api_key=any-form-at-all-123",
        "Authorization: Basic YWxhZGRpbjpvcGVuc2VzYW1l",
        "https://user:any-form-at-all-123@example.com/v1",
        "https://user:p@ss/any-form-at-all-123:x@example.com/v1",
    ],
)
def test_keys_and_tokens_are_taken_out_of_texts(text: str) -> None:
    masked = Masking().text(text)

    for secret in (KEY, OURS, "eyJhbGciOi", "token-of-any-form", "any-form-at-all-123", "YWxhZGRpbjpvcGVuc2VzYW1l"):
        assert secret not in masked


@pytest.mark.parametrize(
    "address",
    ["bob@example.com", "Bob.O'Neil+tag@mail.example.co.uk", "bob%40example.com", "jürgen@müller.example", "root@host"],
)
def test_e_mail_addresses_are_taken_out_of_texts(address: str) -> None:
    assert Masking().text(f"asked by {address}, twice") == "asked by [e-mail], twice"


@pytest.mark.parametrize(
    "text",
    ["answer served", "task-management for disk-usage-statistics", "verb_conjugation", "prompt_tokens=7", "a @ b"],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert Masking().text(text) == text


def test_a_configured_secret_is_known_by_its_text() -> None:
    masking = Masking(["unusual form of a key"])

    assert masking.text("got unusual form of a key!") == "got [key]!"
    assert masking.suspects("got unusual FORM of a key!")


def test_a_word_that_stands_in_for_a_key_is_left_in_the_log() -> None:
    assert Masking(["ollama"]).text("ollama answered") == "ollama answered"


def test_values_are_masked_however_deep_they_lie() -> None:
    value = {"headers": {"X-Api-Key": "anything", "Authorization": 5}, "list": [("bob@example.com", 7), None, b"bob@x"]}

    assert Masking().value(value) == {
        "headers": {"X-Api-Key": "[hidden]", "Authorization": "[hidden]"},
        "list": [["[e-mail]", 7], None, "[e-mail]'"],
    }


@pytest.mark.parametrize(
    "text", [KEY, OURS, f"Bearer {KEY}", "bob@example.com", "bob%40example.com", "X-API-Key: 1", "Authorization: 1"]
)
def test_whatever_would_be_masked_is_suspected_in_any_case(text: str) -> None:
    for line in (text, text.upper(), json.dumps({"event": f"\n{text}"})):
        assert Masking().suspects(line)


def test_a_long_text_without_spaces_is_masked_in_time() -> None:
    text = "a" * 100_000 + "@" * 10 + "b%4" * 10_000
    began = time.perf_counter()

    Masking().text(text)

    assert time.perf_counter() - began < 5
