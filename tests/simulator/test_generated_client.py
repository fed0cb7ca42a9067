"""A client that openapi-python-client makes from our document, used against the simulator."""

from __future__ import annotations

import base64
import importlib
import json
import pkgutil
import subprocess
import sys
import warnings
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest
from openapi_spec_validator import validate
from without_coverage import uncounted_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENT = Path(__file__).parents[2] / "docs/openapi-generators.json"
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The generated package, imported with all its modules; the generator left nothing out."""
    folder = tmp_path_factory.mktemp("generated")
    (folder / "config.yaml").write_text("post_hooks: []\n")
    command = [
        Path(sys.executable).with_name("openapi-python-client"),
        "generate",
        "--path",
        DOCUMENT,
        "--meta",
        "none",
    ]
    options = ["--output-path", folder / "xoxzo_generated", "--config", folder / "config.yaml", "--fail-on-warning"]
    done = subprocess.run(
        [*command, *options], capture_output=True, text=True, check=False, env=uncounted_environment(), timeout=300
    )
    assert (done.returncode, "WARNING" in done.stdout + done.stderr) == (0, False), done.stdout + done.stderr
    sys.path.insert(0, str(folder))
    try:
        package = importlib.import_module("xoxzo_generated")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for module in pkgutil.walk_packages(package.__path__, "xoxzo_generated."):
                importlib.import_module(module.name)
        yield package
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.partition(".")[0] == "xoxzo_generated"]:
            del sys.modules[name]


def test_every_operation_is_generated(generated: ModuleType) -> None:
    """Each operation of the document has its module."""
    described = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    validate(described)
    operations = {
        operation["operationId"]
        for path in described["paths"].values()
        for method, operation in path.items()
        if method in METHODS
    }
    modules = {
        module.name.rpartition(".")[2]
        for module in pkgutil.walk_packages(generated.__path__, "xoxzo_generated.")
        if not module.ispkg and ".api." in module.name
    }
    assert {name.replace("_", "") for name in modules} == {name.lower() for name in operations}


def test_the_generated_client_works(generated: ModuleType, simulator_url: str, account: tuple[str, str]) -> None:
    """It sends, reads the status and filters the sent list by the names that the API has."""
    models = generated.models
    sms = generated.api.sms
    token = base64.b64encode(":".join(account).encode()).decode()
    with generated.AuthenticatedClient(base_url=simulator_url, token=token, prefix="Basic") as client:
        body = models.SmsRequest(recipient="+818011112222", sender="Shop", message="hi")
        [sent] = sms.send_sms.sync(client=client, body=body)
        message = sms.get_sms.sync(client=client, msgid=sent.msgid)
        assert message.recipient == "+818011112222"
        since, until = models.ListSmsFilters(), models.ListSmsFilters()
        since["sent_date>"] = until["sent_date<"] = date.fromisoformat(message.sent_time[:10])
        for filters in (since, until):
            assert [message.msgid for message in sms.list_sms.sync(client=client, filters=filters)] == [sent.msgid]
        before = models.ListSmsFilters()
        before["sent_date<"] = date(2000, 1, 1)
        assert sms.list_sms.sync_detailed(client=client, filters=before).status_code == 400
