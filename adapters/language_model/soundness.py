"""Characters whose halves came in two pieces."""

import json
from collections.abc import Mapping
from typing import Any

from domain.generation import whole_characters


def sound(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Put the halves together wherever they are in *body*, as is done with the text."""
    written = json.dumps(body, ensure_ascii=False)
    whole = whole_characters(written)
    return body if whole == written else json.loads(whole)
