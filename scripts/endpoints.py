"""Write the page of all endpoints: ``scripts/endpoints.py``, with ``--check`` to compare only.

The rows are those of ``xoxzo.cloudpy.operations.endpoints``. Which page shows an endpoint is found in the programs of
the documentation. An endpoint that no program shows, or that no command requests, is an error.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click

from generated_files import write_or_check
from xoxzo.cloudpy.cli.app import xoxzo
from xoxzo.cloudpy.operations.endpoints import ENDPOINTS, Endpoint

REPOSITORY = Path(__file__).resolve().parent.parent
TABLE = "src/xoxzo/cloudpy/operations/endpoints.json"
PAGE = REPOSITORY / "docs" / "endpoints.md"
FACTS = REPOSITORY / "docs" / "reference" / "api.md"
PROGRAM = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)

HEAD = f"""\
# All endpoints

`scripts/endpoints.py` writes this page from the table in `{TABLE}`.
The tests request each endpoint by both clients and by the command line, play faults against it, and compare the table
with what the simulator serves.

| API | endpoint | `Client` and `AsyncClient` | `XoxzoClient` | `xoxzo` | shown in |
|---|---|---|---|---|---|
"""


def shown_in(endpoint: Endpoint) -> list[Path]:
    """Return the pages with a program that requests an endpoint."""
    pages = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
    pages = [page for page in pages if not page.name.endswith(".ja.md")]
    return [
        page
        for call in endpoint.calls
        for page in pages
        if any(f"client.{call.name}(" in program for program in PROGRAM.findall(page.read_text("utf-8")))
    ]


def row(endpoint: Endpoint) -> str:
    """Return an endpoint's row; raise ``LookupError``, saying what to do, when the row would be incomplete."""
    names = [command.name for command in endpoint.commands]
    if not names:
        raise LookupError(
            f"{endpoint.name}: no command requests it. Add one to src/xoxzo/cloudpy/cli, and to its row in {TABLE}"
        )
    if unknown := [name for name in names if not exists(name)]:
        raise LookupError(f"{endpoint.name}: its row in {TABLE} names `xoxzo {unknown[0]}`, which does not exist")
    pages = shown_in(endpoint)
    calls = [call.name for call in endpoint.calls]
    if not pages:
        raise LookupError(
            f"{endpoint.name}: no page of the documentation shows it. Add a ```python block that calls "
            f"client.{calls[0]}(…) to the page of its chapter in docs/"
        )
    # A page of the documentation is better than the README.
    page = next((page for page in pages if page.parent == PAGE.parent), pages[0])
    link = f"[{page.stem}]({page.name})" if page.parent == PAGE.parent else page.name
    columns = ["<br>".join(f"`{name}`" for name in column) for column in (calls, endpoint.classic, names)]
    section = facts(endpoint.section)
    return f"| {section} | `{endpoint.name}` | {columns[0]} | {columns[1] or '–'} | {columns[2]} | {link} |\n"


def facts(section: str) -> str:
    """Return a section's number as a link to what is known of it, or of its chapter."""
    for number in (section, section.partition(".")[0]):
        if heading := re.search(rf"^##+ ({re.escape(number)}[. ].*)$", FACTS.read_text("utf-8"), re.MULTILINE):
            slug = re.sub(r"\s+", "-", re.sub(r"[^\w\s-]", "", heading[1]).strip().lower())
            return f"[{section}](reference/{FACTS.name}#{slug})"
    raise LookupError(f"{FACTS.relative_to(REPOSITORY)} has no section {section}: write what is known of it")


def exists(name: str) -> bool:
    """Return whether the command line has a command."""
    command: click.Command | None = xoxzo
    for word in name.split():
        command = command.get_command(click.Context(command), word) if isinstance(command, click.Group) else None
    return command is not None


def main() -> int:
    """Write, or with ``--check`` compare, the page; return the exit status."""
    try:
        text = HEAD + "".join(map(row, ENDPOINTS))
    except LookupError as error:
        print(error.args[0], file=sys.stderr)
        return 1
    return write_or_check({PAGE: text}, "endpoints.py")


if __name__ == "__main__":
    sys.exit(main())
