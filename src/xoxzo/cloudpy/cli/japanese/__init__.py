"""The Japanese sentences, by the English ones that stand in the code: those of all modules here, in one catalogue."""

from importlib import import_module
from pkgutil import iter_modules

WORDS: dict[str, str] = {}

for _found in iter_modules(__path__):
    WORDS |= import_module(f"{__name__}.{_found.name}").WORDS
