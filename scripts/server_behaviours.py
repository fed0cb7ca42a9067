"""Write the page on server behaviours into the documentation: ``scripts/server_behaviours.py``, ``--check`` compares.

The rows are those of the contract suite's own table, so each of them was tried by every client.
"""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path

from generated_files import write_or_check

REPOSITORY = Path(__file__).resolve().parent.parent
PAGE = REPOSITORY / "docs" / "reference" / "server-behaviour.md"
sys.path.insert(0, str(REPOSITORY / "tests" / "support"))

from behaviour_table import BEHAVIOURS, Outcome, ServerBehaviour  # type: ignore[import-not-found]  # noqa: E402 - found by the line above

HEAD = """\
# How a server behaves, and what the caller gets

Written by `scripts/server_behaviours.py` from the table of the contract tests ({count} rows). The tests play each row
by `Client` in a thread and by `AsyncClient` on asyncio and uvloop, the rows on connections also over TLS.

- **A call that creates** is, for instance, `client.sms.send(…)`. It is retried only if the server has certainly
  done nothing.
- **A call that reads** is, for instance, `client.sms.get(…)`. It is tried up to three times (`max_retries=2`).
- **Requests** counts what reached the server.
- **May have been sent** means `error.maybe_sent` is true: check before you send again. *Not sent* means it is false.
- **Connection**: whether the next call uses the same connection. A connection on which anything came that was not asked
  for is never used again, so an answer always belongs to its request.

After each row the tests make another call and check that it gets its own answer.

**The limit of HTTP/1.1:** answers carry no number. A stray answer that arrives after the next request was written
cannot be distinguished from that request's answer, by any client. Idle connections are therefore checked right before
a request is written.
"""


def result(outcome: Outcome) -> str:
    """Describe what the caller gets."""
    if not outcome.error:
        return "the answer"
    phase = f" ({outcome.phase})" if outcome.phase else ""
    return f"`{outcome.error}`{phase}"


def line(row: ServerBehaviour) -> str:
    """Return the row of the page's table."""
    create, read = row.outcomes
    sent = "" if not create.error else ", may have been sent" if create.maybe_sent else ", not sent"
    connection = {True: "used again", False: "given up", None: "–"}[row.reused]
    cells = (row.name, create.requests, result(create) + sent, read.requests, result(read), connection)
    return f"| {' | '.join(map(str, cells))} |\n"


def page() -> str:
    """Return the page."""
    parts = [HEAD.format(count=len(BEHAVIOURS))]
    for group, rows in groupby(BEHAVIOURS, key=lambda row: row.group):
        who = "proxy" if group == "Proxies" else "server"
        parts.append(
            f"\n## {group}\n\n| the {who} … | requests, creating | result | requests, reading | result | connection |\n"
            "|---|---|---|---|---|---|\n"
        )
        parts.extend(map(line, rows))
    return "".join(parts)


if __name__ == "__main__":
    sys.exit(write_or_check({PAGE: page()}, "server_behaviours.py"))
