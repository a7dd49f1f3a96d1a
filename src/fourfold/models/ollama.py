"""A model of an Ollama server at `url`, this machine's when left out; it wants no key.

Its documentation: https://docs.ollama.com/api/openai-compatibility. It cuts a prompt that is longer
than its context without a word: `context_tokens` has to be what the server was started with
(`OLLAMA_CONTEXT_LENGTH`).
"""

from functools import partial
from typing import Final

from fourfold.models.dialect import Dialect
from fourfold.models.openai import OpenAIModel

OllamaModel: Final = partial(
    OpenAIModel,
    url="http://localhost:11434/v1",
    dialect=Dialect(provider="ollama", context_tokens=4096, cuts_silently=True),
)
