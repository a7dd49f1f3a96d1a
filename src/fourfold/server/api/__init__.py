"""The JSON API under `/api`, described by OpenAPI."""
