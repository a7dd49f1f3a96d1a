"""OpenAI-compatible routes and the JSON API, on one port."""
