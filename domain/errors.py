"""
Everything that can go wrong, in the domain's words.

    RAGBoostError
    ├── Malformed            the asker must change the request             (400)
    ├── Refused              the caller must show who they are             (401)
    ├── Forbidden            the caller is known, and may not do this      (403)
    ├── Absent               there is no such thing, or not for this caller (404)
    ├── LimitReached         too much, too soon; says when to come back    (429)
    └── Unavailable          a part of ours or a provider failed           (503)
        ├── PartUnavailable  a part of ours; why is for operators to know
        └── NotRemembered    only memory was allowed to answer, and it could not (504)

    Transient                a trait: the same call may succeed a moment later

A concept's own errors live beside the concept and inherit one of these families.
Doors translate the families above, never the errors of single concepts.
"""

from typing import ClassVar

from attrs import frozen


@frozen
class FieldProblem:
    """What is wrong with one field, and what to send instead."""

    field: str
    message: str


class RAGBoostError(Exception):
    """The root of all errors raised on purpose."""


class Malformed(RAGBoostError):
    """The request cannot be understood; *problems* names each field and its remedy."""

    def __init__(self, *problems: FieldProblem) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{each.field}: {each.message}" for each in problems))

    @classmethod
    def field(cls, field: str, message: str) -> "Malformed":
        """Blame one field."""
        return cls(FieldProblem(field, message))


class Refused(RAGBoostError):
    """The caller is unknown."""


class Forbidden(RAGBoostError):
    """The caller is known, and may not do this."""


class Absent(RAGBoostError):
    """There is no such thing; what belongs to another tenant does not exist either."""


class LimitReached(RAGBoostError):
    """The caller must wait *resets_in* seconds."""

    def __init__(self, message: str, resets_in: float) -> None:
        self.resets_in = resets_in
        super().__init__(message)


class Unavailable(RAGBoostError):
    """Something that was needed did not work; the request itself was sound."""


class PartUnavailable(Unavailable):
    """A *part* of ours failed. The message says why, in words for operators: they may name servers and settings."""

    part: ClassVar[str] = "a part of the service"


class NotRemembered(Unavailable):
    """The asker wanted an answer from memory only, and there is none to serve."""


class Transient(Exception):
    """Asking again, or asking another provider, may help."""
