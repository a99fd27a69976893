"""What can be configured of prices: what a model costs, where its price is not known or another was agreed on."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, Field, WithJsonSchema

from domain.pricing import Price, Rate
from entrypoints.settings_sections import Section

Dollars = Annotated[
    Decimal,
    Field(ge=0, le=1_000_000, decimal_places=6),
    WithJsonSchema({"allowed": "a number from 0 to 1000000, with up to 6 decimal places"}),
]


class ModelPrice(Section):
    """What a million tokens cost, in US dollars."""

    input: Dollars = Field(description="A million tokens of prompts.")
    output: Dollars = Field(description="A million tokens of answers, thoughts included.")
    cached: Dollars | None = Field(
        default=None, description="A million that the provider read from its own cache. Unset: as input."
    )
    written: Dollars | None = Field(
        default=None, description="A million that the provider wrote into its own cache. Unset: as input."
    )

    @property
    def price(self) -> Price:
        """Give it as the domain has it."""
        cached, written = (None if each is None else Rate(each) for each in (self.cached, self.written))
        return Price(Rate(self.input), Rate(self.output), cached, written)


ModelName = Annotated[str, Field(pattern=r"^[^/\s]+/\S+$")]
"""The provider's name and the model's, with ``/`` between them; ``*`` stands for anything."""

TABLES: Mapping[str, type[BaseModel]] = {"prices": ModelPrice}
"""Tables of tables that operators name: what is in each of those."""
