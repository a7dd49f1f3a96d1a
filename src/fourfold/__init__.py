"""Fourfold: choose, adapt, run and equip a language model, with measured evidence at every step."""

__version__ = "0.1.0"
