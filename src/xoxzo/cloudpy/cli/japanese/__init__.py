"""The Japanese sentences, by the English ones that stand in the code."""

from . import checkup, fields, foundation, framework, machine, others, sending

WORDS: dict[str, str] = {
    **framework.WORDS,
    **fields.WORDS,
    **foundation.WORDS,
    **sending.WORDS,
    **others.WORDS,
    **machine.WORDS,
    **checkup.WORDS,
}
