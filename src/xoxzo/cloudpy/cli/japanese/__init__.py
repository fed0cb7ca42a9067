"""The Japanese sentences, by the English ones that stand in the code."""

from . import foundation, framework

WORDS: dict[str, str] = {**framework.WORDS, **foundation.WORDS}
