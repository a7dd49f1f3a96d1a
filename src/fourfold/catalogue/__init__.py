"""Foundation models: facts with their sources, licences, prices, and what a company may use."""

from fourfold.catalogue.catalogue import Catalogue
from fourfold.catalogue.reading import read_catalogue
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
