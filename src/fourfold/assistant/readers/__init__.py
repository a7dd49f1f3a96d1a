"""Who answers from the candidate sentences: a chat model, or the sentences themselves."""

from fourfold.assistant.base import Reader
from fourfold.core.registry import Registry

READERS: Registry[Reader] = Registry(
    "reader",
    group="fourfold.readers",
    builtin={
        "extractive": "fourfold.assistant.readers.extractive:ExtractiveReader",
        "model": "fourfold.assistant.readers.model:ModelReader",
    },
)
