"""From a question to hits: stores, lexical search, fusion."""
