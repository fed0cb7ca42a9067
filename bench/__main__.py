"""Run every measurement and print a line for each."""

from __future__ import annotations

from bench import callbacks, campaigns, celery_campaigns, console, helpers, imports, sends, shell, simulator


def main() -> None:
    """Run them one after another; each prints what it found and what it should be."""
    for part in (imports, shell, sends, helpers, callbacks, campaigns, celery_campaigns, simulator, console):
        for line in part.measure():
            print(line, flush=True)


if __name__ == "__main__":
    main()
