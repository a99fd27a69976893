"""What a model takes: how much, and which parameters within which limits."""

from collections.abc import Iterator, Mapping

from attrs import field, frozen

from domain.errors import FieldProblem
from domain.generation import PromptRefused
from domain.prompts import Prompt

Range = tuple[float, float]
"""The least and the largest value that are taken."""


@frozen
class Capacity:
    """
    What a model takes.

    *window* is the tokens that prompt and answer may have together, ``None`` where nobody knows; *ranges* are those
    of parameters, by name: one without a range is the provider's to judge.
    """

    window: int | None = None
    ranges: Mapping[str, Range] = field(factory=dict)

    def may_overflow(self, prompt: Prompt) -> bool:
        """Tell, without counting, whether it could be too much: a token is a byte at least."""
        most = sum(len(each.content.encode(errors="replace")) for each in prompt.messages)
        return self.window is not None and most + _answer(prompt) > self.window

    def check(self, prompt: Prompt, tokens: int) -> None:
        """Refuse, with ``PromptRefused``, what is too much, for a prompt of so many *tokens*, or out of range."""
        problems = [*self._out_of_range(prompt), *self._too_much(prompt, tokens)]
        if problems:
            raise PromptRefused(*problems)

    def _out_of_range(self, prompt: Prompt) -> Iterator[FieldProblem]:
        for name, (least, most) in self.ranges.items():
            value = prompt.parameters.get(name)
            if isinstance(value, int | float) and not least <= value <= most:
                yield FieldProblem(name, f"is {value:g}; {prompt.model} takes {least:g} to {most:g}")

    def _too_much(self, prompt: Prompt, tokens: int) -> Iterator[FieldProblem]:
        answer = _answer(prompt)
        if self.window is not None and tokens + answer > self.window:
            given = f"about {tokens:,} tokens" + (f" and {answer:,} for the answer" if answer else "")
            yield FieldProblem("messages", f"{given} are more than {self.window:,}, which {prompt.model} takes in all")


def _answer(prompt: Prompt) -> int:
    asked = prompt.parameters.get("max_tokens")
    return asked if isinstance(asked, int) else 0


RANGES: Mapping[str, Mapping[str, Range]] = {
    "openai": {
        "temperature": (0, 2),
        "top_p": (0, 1),
        "presence_penalty": (-2, 2),
        "frequency_penalty": (-2, 2),
    },
    "anthropic": {"temperature": (0, 1), "top_p": (0, 1)},
}
"""What providers take, by the format that they speak."""
