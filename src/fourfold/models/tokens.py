"""How many tokens a text has for a model whose vocabulary we do not have."""

import math
import re


def estimate_tokens(text: str) -> int:
    """At least as many tokens as a usual vocabulary needs for German or English text.

    Measured against two vocabularies in `benchmarks/models.md`: letters come in pieces of more than
    two, digits and signs one by one, and what is not ASCII byte by byte at the worst.
    """
    letters = sum(len(word) / 2.2 + 0.3 for word in re.findall(r"[A-Za-z]+", text))
    signs = len(re.findall(r"[^A-Za-z \u0080-\U0010ffff]| (?=\d)", text))
    others = sum(len(sign.encode()) for sign in re.findall(r"[\u0080-\U0010ffff]", text))
    return math.ceil(letters + signs + others)
