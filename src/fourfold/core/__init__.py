"""Nouns, protocols used by more than one folder, errors, the registry and settings."""
