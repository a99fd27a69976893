"""Text that comes in pieces: a character that was torn in two is put together before it is passed on."""

from attrs import define, field

from domain.generation import whole_characters


@define
class Characters:
    """
    Whole characters of a text that comes in pieces.

    A server that counts in UTF-16 may end a piece in the middle of a character, and half of one cannot be sent.
    """

    _half: str = field(default="", init=False)

    def take(self, piece: str) -> str:
        """Give what is whole so far, and keep the half of a character that *piece* ends with until the next one."""
        if piece.isascii() and not self._half:
            return piece
        text, self._half = self._half + piece, ""
        if "\ud800" <= text[-1:] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return whole_characters(text)

    def rest(self) -> str:
        """Give what is left when no more comes: half a character alone becomes U+FFFD."""
        half, self._half = self._half, ""
        return whole_characters(half)
