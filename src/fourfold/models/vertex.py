"""A model in Google's Vertex AI, through its OpenAI-compatible address; `url` is the project's.

`https://aiplatform.googleapis.com/v1/projects/PROJECT/locations/global/endpoints/openapi`, and the
model is called `google/gemini-2.5-flash`. The key is an access token, which Google lets live for
an hour: it can stand in a file that somebody renews (`Key`). Its documentation:
https://docs.cloud.google.com/vertex-ai/generative-ai/docs/multimodal/call-vertex-using-openai-library.
"""

from functools import partial
from typing import Final

from fourfold.models.dialect import Dialect
from fourfold.models.openai import speaking
from fourfold.models.remote import RemoteModel

VertexModel: Final = partial(
    RemoteModel, speak=speaking(Dialect(provider="vertex", context_tokens=1_000_000))
)
