"""Send unexpected requests to the simulator: ``scripts/fuzz.py``, ``--help`` for its options.

schemathesis makes requests, right and wrong, from the simulator's own OpenAPI document, and compares each answer with
it. The document is made strict first: a property of an answer that it does not name is then a fault, too.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openapi import strict
from xoxzo.cloudpy.simulator import Simulator
from xoxzo.cloudpy.simulator.openapi import document
from xoxzo.cloudpy.simulator.settings import PROFILES, profile

if TYPE_CHECKING:
    from xoxzo.cloudpy.simulator.server import Server

ACCOUNT = ("fuzzer", "secret")
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "missing_required_header",
    "unsupported_method",
    "allow_header_conformance",
    "use_after_free",
    "ensure_resource_availability",
    "ignored_auth",
)
"""All but two, which would have the schema tell what is taken and what is refused.

The API takes more: a number for a text, and anything in a field that is not needed, such as the sender of a route that
was not asked for. And it refuses more, by what was done before: a number that is taken, a website not registered.
"""


def command(schema: Path, url: str, options: argparse.Namespace) -> list[str]:
    """Return the command line of schemathesis."""
    found = [
        str(Path(sys.executable).with_name("schemathesis")),
        "run",
        str(schema),
        f"--url={url}",
        f"--auth={':'.join(ACCOUNT)}",
        f"--checks={','.join(CHECKS)}",
        f"--max-examples={options.examples}",
        "--generation-database=none",
        "--continue-on-failure",
        "--no-color",
    ]
    if options.seed is not None:
        found.append(f"--seed={options.seed}")
    if options.seconds is not None:
        found.append(f"--max-time={options.seconds}")
    return found


def described(server: Server) -> dict[str, Any]:
    """Return the document, strict, and with the keys of the numbers on offer: they cannot be guessed."""
    whole = document("api", server.url)
    schemas = whole["components"]["schemas"]
    engine = server.simulator.engine
    for kind, service in (("Din", engine.dins), ("Sin", engine.sins)):
        schemas[f"{kind}Subscription"]["properties"][f"{kind.lower()}_uid"]["examples"] = list(service.lines)[:20]
    return strict(whole)


def run(name: str, options: argparse.Namespace) -> int:
    """Run schemathesis on a simulator of its own, with the settings of a profile; return its exit status."""
    sid, token = ACCOUNT
    settings = profile(name, sid=sid, token=token, seed=options.seed, legacy_sin=True, templates_approved=True)
    # No proxy of the environment may stand between the two.
    environment = os.environ | {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    with tempfile.TemporaryDirectory() as folder, Simulator(settings).serve() as server:
        schema = Path(folder) / "openapi.json"
        schema.write_text(json.dumps(described(server)), "utf-8")
        return subprocess.run(command(schema, server.url, options), cwd=folder, env=environment, check=False).returncode


def main() -> int:
    """Run all profiles, or one; return the worst exit status."""
    parser = argparse.ArgumentParser(description="Send unexpected requests to the simulator.")
    parser.add_argument("--profile", choices=PROFILES, help="try this one alone; by default each is tried")
    parser.add_argument("--examples", type=int, default=200, help="the most requests for each endpoint and phase")
    parser.add_argument("--seed", type=int, help="makes the run repeatable")
    parser.add_argument("--seconds", type=int, help="go on with each profile until so much time is spent")
    options = parser.parse_args()
    return max([run(name, options) for name in ([options.profile] if options.profile else PROFILES)])


if __name__ == "__main__":
    sys.exit(main())
