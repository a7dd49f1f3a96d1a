"""A deployment in Azure OpenAI; `url` is the resource's, and `model` the deployment's name.

`https://NAME.openai.azure.com/openai/v1`, or as it was before
`https://NAME.openai.azure.com/openai/deployments/DEPLOYMENT?api-version=2024-10-21`. Compared with
the client `AzureOpenAI` of the official SDK in `tests/models/test_openai_dialects.py`.
"""

from functools import partial
from typing import Final

from fourfold.models.dialect import Dialect
from fourfold.models.openai import speaking
from fourfold.models.remote import RemoteModel

AzureModel: Final = partial(
    RemoteModel, speak=speaking(Dialect(provider="azure", key_header="api-key"))
)
