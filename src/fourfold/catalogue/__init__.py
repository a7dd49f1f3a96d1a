"""Foundation models: facts with their sources, licences, prices, and what a company may use."""

from fourfold.catalogue.reading import Catalogue, read_catalogue
from fourfold.catalogue.records import CatalogueModel, Host, Known, Licence, Source

__all__ = [
    "Catalogue",
    "CatalogueModel",
    "Host",
    "Known",
    "Licence",
    "Source",
    "read_catalogue",
]
