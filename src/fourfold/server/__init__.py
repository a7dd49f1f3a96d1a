"""The HTTP server: OpenAI-compatible routes, the JSON API, and who may use them."""

from fourfold.server.app import create_app
from fourfold.server.services import EntryRules, Limits, Services

__all__ = ["EntryRules", "Limits", "Services", "create_app"]
