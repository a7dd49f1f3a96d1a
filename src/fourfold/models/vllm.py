"""A model of a vLLM server at `url`, this machine's when left out; it wants no key unless told so.

Its documentation: https://docs.vllm.ai/en/latest/serving/openai_compatible_server. It tells cached
tokens when it was started with `--enable-prompt-tokens-details`, and lets a model decide whether to
call a tool when started with `--enable-auto-tool-choice` and a `--tool-call-parser`.
"""

from functools import partial
from typing import Final

from fourfold.models.dialect import Dialect
from fourfold.models.openai import speaking
from fourfold.models.remote import RemoteModel

VLLMModel: Final = partial(
    RemoteModel, speak=speaking(Dialect(provider="vllm")), url="http://localhost:8000/v1"
)
