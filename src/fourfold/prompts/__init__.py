"""Templates, few-shot examples and what fits into a context."""

from fourfold.prompts.budget import passages_that_fit
from fourfold.prompts.examples import Example, read_examples
from fourfold.prompts.template import Prompt, default_prompt, parse_prompt, read_prompt

__all__ = [
    "Example",
    "Prompt",
    "default_prompt",
    "parse_prompt",
    "passages_that_fit",
    "read_examples",
    "read_prompt",
]
