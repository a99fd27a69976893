"""What is asked, and what makes two askings the same."""

import json
import unicodedata
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import NewType

from attrs import field, frozen

from domain.errors import FieldProblem, Malformed
from domain.parameters import settled
from domain.prompts import Message, Prompt, Role
from domain.wires import Wire

MAX_TEXT = 10_000
"""The longest question, in characters."""

FORMAT = "question/1"
"""Change this whenever the same request should no longer find what was remembered before."""

LITERAL = "literal/1"
"""The same for literal questions."""

Fingerprint = NewType("Fingerprint", str)
"""64 hexadecimal digits: the same for two askings that must get the same answer. It also names the entry."""

Compatibility = NewType("Compatibility", str)
"""64 hexadecimal digits: everything but the last user text. No semantic hit crosses it."""


@frozen
class Question:
    """
    One question of one tenant, with everything that shapes its answer.

    *text* is the last user text as it was asked, *normalised* as it is compared. *parameters* holds every other
    field of the request, known to us or not, less those that only concern transport or remembering (they are
    not given at all).

    A *literal* question is the same as another only to the letter, and has no meaning that could be like another's:
    *history* holds all its messages, and *text* is but its title. *format* and *handling* are the prompt's;
    *handling* has no bearing on the answer.

    *compatibility* is what a remembered answer must share with this question before its text is even looked at;
    *fingerprint* is what makes this asking the same as another one.

    Raises:
        Malformed: the text of a question that is not literal is blank, too long, or not text.
    """

    tenant: str
    text: str
    provider: str
    model: str
    namespace: str = ""
    history: tuple[Message, ...] = ()
    parameters: Mapping[str, object] = field(factory=dict)
    literal: bool = False
    format: str = ""
    handling: Wire | None = field(default=None, eq=False)
    normalised: str = field(init=False, repr=False, eq=False)
    compatibility: Compatibility = field(init=False, repr=False, eq=False)
    fingerprint: Fingerprint = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        if not self.literal:
            check_text("query", self.text)

    @normalised.default
    def _normalised(self) -> str:
        return normalise(self.text)

    @compatibility.default
    def _compatibility(self) -> Compatibility:
        frame = [_bytes(text) for text in (self._kind, self.tenant, self.namespace, self.provider, self.model)]
        return Compatibility(_digest(*frame, _canonical(self._turns()), _canonical(settled(self.parameters))))

    @fingerprint.default
    def _fingerprint(self) -> Fingerprint:
        return Fingerprint(_digest(self.compatibility.encode(), _bytes(self.normalised)))

    @property
    def prompt(self) -> Prompt:
        """Give what a model receives."""
        messages = self.history if self.literal else (*self.history, Message(Role.USER, self.text))
        return Prompt(self.model, messages, self.parameters, self.format, self.handling)

    def differences(self, other: "Question") -> tuple["Difference", ...]:
        """Name each field that keeps *other* from having this fingerprint."""
        mine, theirs = self._fields(), other._fields()
        return tuple(
            Difference(name, mine.get(name), theirs.get(name))
            for name in sorted(mine.keys() | theirs.keys())
            if _written(mine, name) != _written(theirs, name)
        )

    @property
    def _kind(self) -> str:
        if not (self.literal or self.format):
            return FORMAT
        return f"{LITERAL if self.literal else FORMAT}/{self.format}"

    def _turns(self) -> list[list[object]]:
        return [[each.role, each.content, *filter(None, [each.original])] for each in self.history]

    def _fields(self) -> dict[str, object]:
        return {
            "kind": self._kind,
            "tenant": self.tenant,
            "namespace": self.namespace,
            "provider": self.provider,
            "model": self.model,
            "history": self._turns(),
            **{f"parameters.{name}": value for name, value in settled(self.parameters).items()},
            "query": self.normalised,
        }


@frozen
class Difference:
    """A field in which two questions differ, with its two values; ``None`` where it was not set."""

    field: str
    one: object
    other: object


def normalise(text: str) -> str:
    """Fold what does not change a question; case stays, and so does the layout of several lines."""
    trimmed = unicodedata.normalize("NFC", text).strip()
    return trimmed if "\n" in trimmed else " ".join(trimmed.split())


def check_text(name: str, text: str) -> None:
    """Refuse what no question can be, blaming the field *name*."""
    problem = next(_text_problems(text), None)
    if problem:
        raise Malformed(FieldProblem(name, problem))


def may_be_fuzzy(text: str) -> bool:
    """Tell whether *text* can be asked in other words: what ``check_text`` refuses cannot."""
    return not any(_text_problems(text))


def _text_problems(text: str) -> Iterator[str]:
    if not text.strip():
        yield "must not be blank"
    if len(text) > MAX_TEXT:
        yield f"has {len(text)} characters; at most {MAX_TEXT} are allowed"
    if "\0" in text:
        yield "must not contain NUL characters"
    if not _is_unicode(text):
        yield "contains half of a surrogate pair; send valid Unicode"


def _written(fields: Mapping[str, object], name: str) -> bytes | None:
    return _canonical(fields[name]) if name in fields else None


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


def _canonical(value: object) -> bytes:
    """Write *value* as JSON in the one way that its equals are written; what is empty needs no encoder."""
    return _encoder.encode(value).encode() if value else repr(value).encode()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _digest(*parts: bytes) -> str:
    """Digest *parts*, each behind its length, so that no two lists of parts read the same."""
    return blake2b(b"".join([b"%d:%b" % (len(part), part) for part in parts]), digest_size=32).hexdigest()
