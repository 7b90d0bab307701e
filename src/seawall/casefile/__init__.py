"""Floor 11: a Case on disk: load, validate, save, and the sample that comes with Seawall."""

from seawall.casefile.load import load_case
from seawall.casefile.own_book import new_case_of_book
from seawall.casefile.sample_case import new_case, sample_case
from seawall.casefile.save import save_case

__all__ = ["load_case", "new_case", "new_case_of_book", "sample_case", "save_case"]
