"""Keeps the translations: collects messages into the catalogue, checks that each is translated, and compiles it.

    python scripts/translations.py            update ja/LC_MESSAGES/xoxzo.po: new messages come in, unused ones go
    python scripts/translations.py --check    fail where a message is missing, untranslated, or no longer used
    python scripts/translations.py --compile  write xoxzo.mo beside it

Only `--compile` runs without the package's own dependencies: the build of the wheel uses it.
"""

from __future__ import annotations

import ast
import io
import os
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from babel.messages import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "xoxzo" / "cloudpy"
PO = PACKAGE / "common" / "locale" / "ja" / "LC_MESSAGES" / "xoxzo.po"
MO = PO.with_suffix(".mo")

KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "N_": None,
    "counted": (2, 3),
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    # The templates of errors: `XoxzoError.render` takes a function that translates them.
    "CallbackRejected": (1,),
    "CampaignError": (2,),
    "ConfigurationError": (1,),
    "InvalidArgument": (2,),
    "ItemNotFound": (2,),
    "NotSaved": (2,),
    "SimulatorError": (2,),
    # The reasons of campaigns: `Reason.render` takes such a function, too.
    "Reason": (2,),
    "bad_row": (4,),
}
"""The functions whose arguments are messages, as Babel takes them."""


class Message(NamedTuple):
    """A message to translate.

    Attributes:
        id: the English text; singular and plural where its form depends on a number.
        context: which meaning is meant; `None` where there is one.
        path: the file that has it, relative to the package, or to ``click``.
    """

    id: str | tuple[str, str]
    context: str | None
    path: str


def messages() -> Iterator[Message]:
    """Yield all messages: of the code, of the templates, of the commands' help, of values, and Click's own."""
    for path in sorted(PACKAGE.rglob("*.py")):
        yield from _extracted(path, _calls, str(path.relative_to(PACKAGE)))
    for path in sorted((PACKAGE / "simulator").rglob("*.html")):
        yield from _extracted(path, "jinja2", str(path.relative_to(PACKAGE)))
    yield from _help_texts()
    yield from _values()
    import click

    for path in sorted(Path(click.__file__).parent.glob("*.py")):
        yield from _extracted(path, _calls, f"click/{path.name}")


def _calls(
    file: IO[bytes], keywords: Iterable[str], comments: object, options: object
) -> Iterator[tuple[int, str, tuple[str | None, ...], list[str]]]:
    """Extract from Python: an extraction method of Babel that, unlike its own, finds messages in f-strings."""
    del comments, options
    for node in ast.walk(ast.parse(file.read())):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", None))
            if isinstance(name, str) and name in keywords:
                texts = [argument.value if isinstance(argument, ast.Constant) else None for argument in node.args]
                yield node.lineno, name, tuple(text if isinstance(text, str) else None for text in texts), []


def _extracted(path: Path, method: Any, name: str) -> Iterator[Message]:  # noqa: ANN401 - as Babel takes it
    for _line, text, _comments, context in extract_from_file(method, path, keywords=KEYWORDS):
        if text and text != ("",):
            yield Message(text if isinstance(text, str) else (text[0], text[1]), context, name)


def _help_texts() -> Iterator[Message]:
    """Yield the paragraphs of the commands' help and the help of their options, as they are translated."""
    import click

    from xoxzo.cloudpy.cli.app import xoxzo
    from xoxzo.cloudpy.cli.core.click_base import Group, paragraphs

    def texts(command: click.Command) -> Iterator[str]:
        for text in (command.help or "", command.short_help or "", (command.epilog or "").strip("\n")):
            for lines in paragraphs(text):
                # Lines that begin with blanks are commands to type, not words.
                yield from [line for line in lines[1:] if line[0] != " "] if lines[0] == "\b" else [" ".join(lines)]
        yield from (option.help for option in command.params if isinstance(option, click.Option) and option.help)
        if isinstance(command, Group):
            yield from (entry.help for entry in command.table.values())

    def walk(command: click.Command, path: str) -> Iterator[Message]:
        for text in texts(command):
            yield Message(text, None, path)
        if isinstance(command, click.Group):
            for name in command.list_commands(click.Context(command)):
                found = command.get_command(click.Context(command), name)
                if found is not None:
                    yield from walk(found, f"{path} {name}")

    yield from walk(xoxzo, "xoxzo")


def _values() -> Iterator[Message]:
    """Yield the values of enumerations that are shown to people."""
    from xoxzo.cloudpy import phone

    for enumeration in (phone.Assumption, phone.Note):
        for member in enumeration:
            yield Message(str(member), None, enumeration.__name__)


def collected() -> Catalog:
    """Return a catalogue of all messages, without translations."""
    catalogue = Catalog(locale="ja", domain="xoxzo", project="xoxzo-cloudpy", charset="utf-8", fuzzy=False)
    for message in messages():
        catalogue.add(message.id, context=message.context, locations=[(message.path, 0)])
    return catalogue


def stored() -> Catalog:
    """Return the catalogue with its translations."""
    with PO.open("rb") as file:
        return read_po(file, locale="ja", domain="xoxzo")


def updated() -> bytes:
    """Return the catalogue's file with all messages in use, each with the translation that it has."""
    old, new = stored(), collected()
    for message in new:
        known = old.get(message.id, message.context) if message.id else None
        if known is not None:
            message.string = known.string
    new.header_comment = (
        "# Japanese translations of xoxzo-cloudpy. The glossary is in docs/contributing/translations.md."
    )
    buffer = io.BytesIO()
    # By file and message: with line numbers, every change of the code would change the catalogue, too.
    write_po(buffer, new, width=120, sort_output=True, include_lineno=False, omit_header=False)
    lines = buffer.getvalue().decode("utf-8").splitlines()
    changing = ('"POT-Creation-Date:', '"PO-Revision-Date:', '"Generated-By:', '"Last-Translator:', '"Language-Team:')
    return ("\n".join(line for line in lines if not line.startswith(changing)) + "\n").encode()


def problems() -> Iterator[str]:
    """Yield what is wrong with the catalogue: missing, unused or untranslated messages."""
    old, new = stored(), collected()
    for message in new:
        if message.id and old.get(message.id, message.context) is None:
            yield f"not in the catalogue: {message.id!r} of {_places(message.locations)}"
    for message in old:
        if not message.id:
            continue
        if new.get(message.id, message.context) is None:
            yield f"no longer used: {message.id!r}"
        texts = message.string if isinstance(message.string, list | tuple) else (message.string,)
        if not all(texts) or message.fuzzy:
            yield f"not translated: {message.id!r}"


def _places(locations: Iterable[tuple[str, int]]) -> str:
    return ", ".join(sorted({path for path, _line in locations}))


def compile_catalogue() -> None:
    """Write the compiled catalogue atomically."""
    draft = MO.with_name(f"{MO.name}.{os.getpid()}")
    with draft.open("wb") as file:
        write_mo(file, stored())
    draft.replace(MO)


def ensure_compiled() -> None:
    """Compile the catalogue unless the compiled one is as new as its source."""
    if not MO.exists() or MO.stat().st_mtime < PO.stat().st_mtime:
        compile_catalogue()


def main(arguments: list[str]) -> int:
    """Run the command that the arguments name."""
    if arguments == ["--compile"]:
        compile_catalogue()
        return 0
    if arguments == ["--check"]:
        found = list(problems())
        for line in found:
            print(line)
        if found:
            print(f"Run scripts/translations.py, then translate what is empty in {PO.relative_to(ROOT)}.")
        return bool(found)
    if arguments:
        print(__doc__)
        return 2
    PO.write_bytes(updated())
    compile_catalogue()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
