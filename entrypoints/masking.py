"""What must never be printed: keys, tokens, e-mail addresses."""

import json
import re
from collections.abc import Mapping, Sequence

from attrs import field, frozen

HIDDEN = "[hidden]"
SHORTEST = 8
"""Characters of a secret worth hiding by its text: local servers take any word for a key, such as "none"."""

_TRIGGERS = ("@", "%40", "sk-", "sk_", "rb_", "key", "bearer", "authorization")
"""A line without any of these, in lower case, holds nothing to mask: so most lines cost only this look."""

_NAMES = re.compile(r"authorization|api[-_ ]?key", re.IGNORECASE)
"""Fields whose value is hidden whatever it looks like."""

_AFTER = r"\\*['\"]?\s*[:=,]\s*b?\\*['\"]?"
"""What stands between a name and its value, in headers, reprs and JSON alike."""

_PATTERNS = (
    (re.compile(r"(?<![A-Za-z0-9])(?:sk-|gsk_|rb_)[A-Za-z0-9_*-]{6,}"), "[key]"),
    (re.compile(r"\b(bearer|basic)\s+[^\s'\",;]+", re.IGNORECASE), r"\1 [token]"),
    (re.compile(rf"(authorization{_AFTER})[^'\",\n\\)}}\]]+", re.IGNORECASE), rf"\1{HIDDEN}"),
    (
        re.compile(rf"(api[-_ ]?key(?: provided)?{_AFTER})[^\s'\",;\\)}}\]]+", re.IGNORECASE),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"://[^\s/@]{1,256}@"), f"://{HIDDEN}@"),
    (re.compile(r"://[^\s'\"<>]{1,256}@"), f"://{HIDDEN}@"),  # passwords that hold a slash or another @
    (re.compile(r"(?:[\w.+%&~!#$*?^-]|(?<=\w)'(?=\w)){1,64}(?:@|%40)[\w-]+(?:\.[\w-]+)*"), "[e-mail]"),
)


def shown(value: object) -> str:
    """Give a setting's *value* for people to read; of what may hold a password only an address's scheme is left."""
    text = str(value)
    scheme, is_address, _ = text.partition("://")
    if "@" not in text and not (is_address and {"?", "#"} & set(text)):
        return repr(value)
    return repr(f"{scheme}://{HIDDEN}") if is_address and scheme.replace("+", "").isalnum() else HIDDEN


@frozen
class Masking:
    """Takes out what is secret or personal by its look, and *secrets* by their very text."""

    secrets: Sequence[str] = field(default=(), repr=False)
    _triggers: tuple[str, ...] = field(init=False, repr=False)

    @_triggers.default
    def _find_triggers(self) -> tuple[str, ...]:
        return (*_TRIGGERS, *(json.dumps(secret, ensure_ascii=False)[1:-1].lower() for secret in self._long_secrets))

    @property
    def _long_secrets(self) -> list[str]:
        return [secret for secret in self.secrets if len(secret) >= SHORTEST]

    def suspects(self, line: str) -> bool:
        """Tell, cheaply, whether *line* may hold something to mask."""
        lowered = line.lower()
        for trigger in self._triggers:  # noqa: SIM110 - any() takes twice as long, on every line of the log
            if trigger in lowered:
                return True
        return False

    def text(self, text: str) -> str:
        """Give *text* without them."""
        for secret in self._long_secrets:
            text = text.replace(secret, "[key]")
        for pattern, instead in _PATTERNS:
            text = pattern.sub(instead, text)
        return text

    def value(self, value: object) -> object:
        """Give *value* without them, however deep they lie; numbers stay, and other objects become their text."""
        if isinstance(value, int | float | None):
            return value
        if isinstance(value, Mapping):
            return self.fields(value)
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return self.text(value if isinstance(value, str) else repr(value))

    def fields(self, fields: Mapping[str, object]) -> dict[str, object]:
        """Give *fields* without them; a field that is named like a secret is hidden whole."""
        return {name: HIDDEN if _NAMES.search(str(name)) else self.value(value) for name, value in fields.items()}
