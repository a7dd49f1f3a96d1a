"""A model of a vLLM server at `url`, this machine's when left out; it wants no key unless told so.

Its documentation: https://docs.vllm.ai/en/latest/serving/openai_compatible_server. It tells cached
tokens when it was started with `--enable-prompt-tokens-details`.
"""

from functools import partial
from typing import Final

from fourfold.models.dialect import Dialect
from fourfold.models.openai import OpenAIModel

VLLMModel: Final = partial(
    OpenAIModel, url="http://localhost:8000/v1", dialect=Dialect(provider="vllm")
)
