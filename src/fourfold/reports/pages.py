"""Fills a page's template: texts are escaped, and a name that has no value is an error."""

from __future__ import annotations


def filled(template: str, **values: object) -> str:
    """The page of that template in `templates/`."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("fourfold.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**values)
