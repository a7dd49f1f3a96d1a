"""A model of an Ollama server at `url`, this machine's when left out; it wants no key.

Its documentation: https://docs.ollama.com/api/openai-compatibility. It cuts a prompt that is longer
than its context without a word: `context_tokens` has to be what the server was started with
(`OLLAMA_CONTEXT_LENGTH`). It takes tools, and passes over `tool_choice` without a word
(https://github.com/ollama/ollama/issues/17921).
"""

from functools import partial
from typing import Final

from fourfold.models.dialect import Dialect
from fourfold.models.openai import speaking
from fourfold.models.remote import RemoteModel

OllamaModel: Final = partial(
    RemoteModel,
    speak=speaking(
        Dialect(provider="ollama", context_tokens=4096, keeps_tool_choice=False, cuts_silently=True)
    ),
    url="http://localhost:11434/v1",
)
