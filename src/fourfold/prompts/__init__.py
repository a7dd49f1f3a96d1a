"""Templates, few-shot examples and what fits into a context."""
