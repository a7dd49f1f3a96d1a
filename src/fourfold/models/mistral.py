"""A model of Mistral's at `url`, that of its public API when left out.

Its documentation: https://docs.mistral.ai/api. It refuses every field that it does not know.
"""

from functools import partial
from typing import Any, Final

from fourfold.models.dialect import Body, Dialect, without
from fourfold.models.openai import OpenAIModel


def _adapted(body: Body) -> dict[str, Any]:
    """Another word for the seed; usage comes with every stream, unasked."""
    adapted = without(body, "seed", "stream_options")
    return {**adapted, "random_seed": body["seed"]} if "seed" in body else adapted


MistralModel: Final = partial(
    OpenAIModel,
    url="https://api.mistral.ai/v1",
    dialect=Dialect(
        provider="mistral", context_tokens=32_000, tells_logprobs=False, adapt=_adapted
    ),
)
