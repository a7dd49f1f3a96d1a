"""The request path: guard, retrieve, prompt, complete, guard."""
