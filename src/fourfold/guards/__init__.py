"""Checks of texts on their way in and out."""
