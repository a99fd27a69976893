"""Where a provider is reached, and how patiently."""

from attrs import field, frozen

NO_KEY = "no-key-needed"
"""What is sent where no key is set: given none, the SDKs take the key of their own provider from the environment."""

CONNECT_TIMEOUT = 5.0
"""Seconds in which a provider must accept the connection; a host that is down is noticed soon."""


def _trimmed(key: str) -> str:
    """A key read from a file ends in a line break, which no header may carry."""
    return key.strip()


@frozen
class Endpoint:
    """
    A provider's address and key.

    *base_url* is what the SDK takes: with ``/v1`` for OpenAI's format, without for Anthropic's; ``None`` is the
    provider itself. *timeout* is the longest silence, in seconds: a stream that keeps talking may take longer.
    The SDKs try nothing again by themselves.
    """

    api_key: str = field(default="", converter=_trimmed, repr=False)
    base_url: str | None = None
    timeout: float = 60.0

    @property
    def credential(self) -> str:
        """Give the key to send, never an empty one."""
        return self.api_key or NO_KEY

    @property
    def connect_timeout(self) -> float:
        """Give the seconds in which the connection must stand."""
        return min(self.timeout, CONNECT_TIMEOUT)
