"""Run lists of calls through whatever ``XoxzoClient`` this interpreter has, and print the results as JSON.

Two interpreters run this same file: one has the package as published, the other has ours. So it uses only what both
know. Reads ``[[{"host": …, "sid": …, "token": …, "method": …, "arguments": {…}}, …], …]``. An argument
``{"from": 3, "path": ["messages", 0, "msgid"]}`` is taken from the result of call 3 of the same list.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from xoxzo.cloudpy import XoxzoClient


def resolved(argument: object, results: list[Any]) -> Any:
    """Look an argument up in an earlier result, if it says so."""
    if not isinstance(argument, dict):
        return argument
    value = results[argument["from"]]
    for step in argument["path"]:
        value = value[step]
    return value


def main() -> None:
    """Do the calls of each case one after another."""
    json.dump([results_of(calls) for calls in json.load(sys.stdin)], sys.stdout)


def results_of(calls: list[Any]) -> list[Any]:
    """Do some calls, which may name the results of earlier ones."""
    results: list[Any] = []
    for call in calls:
        client = XoxzoClient(call["sid"], call["token"], call["host"])
        arguments = {name: resolved(value, results) for name, value in call["arguments"].items()}
        response = getattr(client, call["method"])(**arguments)
        message = response.message
        if response.errors == XoxzoClient.REQUESTS_EXCEPITON:
            # The exception itself is the library's own affair; that there is one under this key is the promise.
            message = sorted(message)
        results.append({"errors": response.errors, "message": message, "messages": response.messages})
    return results


if __name__ == "__main__":
    main()
