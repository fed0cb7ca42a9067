"""The OpenAPI document: sound by itself, the same as in the repository, and true of what the simulator serves."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openapi_check
import pytest
from openapi_spec_validator import validate
from simulator_callers import SMS, Caller

from api_document import chapters, common
from openapi import closed, strict
from xoxzo.cloudpy.operations.endpoints import ENDPOINTS
from xoxzo.cloudpy.simulator.api.http import ApiResponse
from xoxzo.cloudpy.simulator.api.routes import Routes
from xoxzo.cloudpy.simulator.openapi import document

REPOSITORY = Path(__file__).parents[2]
JSON = ((b"content-type", b"application/json"),)
DOCUMENT = document("api")
OPERATIONS = [(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods]


def media_types(piece: Any, where: str = "") -> Iterator[Any]:
    """Yield each media type of the document that shows an example."""
    if isinstance(piece, dict):
        if "schema" in piece and ("example" in piece or "examples" in piece):
            yield pytest.param(piece, id=where)
        for name, value in piece.items():
            yield from media_types(value, f"{where}.{name}")


def without_names(path: str) -> str:
    """Return a path without the names of the ids in it."""
    return re.sub(r"\{\w+\}", "{}", path)


def test_it_is_openapi() -> None:
    """A validator of the OpenAPI initiative's own schema finds nothing, however strict the document."""
    validate(DOCUMENT)
    validate(closed(DOCUMENT))
    validate(strict(DOCUMENT))


@pytest.mark.parametrize("media_type", list(media_types(DOCUMENT)))
def test_examples_are_right(media_type: dict[str, Any]) -> None:
    """Each example fulfils its own schema, with no property that this does not name."""
    values = [media_type["example"]] if "example" in media_type else []
    values += [example["value"] for example in media_type.get("examples", {}).values()]
    assert values
    for value in values:
        assert list(openapi_check.validator(json.dumps(closed(media_type["schema"]))).iter_errors(value)) == []


def test_no_name_is_taken_twice() -> None:
    """No chapter's schema hides another's, no two endpoints have one name, and every link leads to one of them."""
    schemas = [name for chapter in chapters() for name in chapter.schemas] + list(common().schemas)
    assert sorted(schemas) == sorted(DOCUMENT["components"]["schemas"])
    endpoints = [endpoint for chapter in chapters() for endpoint in chapter.endpoints]
    names = {endpoint.name for endpoint in endpoints}
    assert len(names) == len(endpoints) == len(OPERATIONS)
    assert {name for endpoint in endpoints for name in endpoint.leads_to} <= names


def test_what_is_open() -> None:
    """Clients must expect new properties in an answer; a strict document names all, but lets callers send more."""
    schemas, strictly = DOCUMENT["components"]["schemas"], strict(DOCUMENT)["components"]["schemas"]
    assert "additionalProperties" not in schemas["Message"]
    assert strictly["Message"]["additionalProperties"] is False
    assert strictly["SmsRequest"] == schemas["SmsRequest"]
    assert closed(schemas["SmsRequest"])["additionalProperties"] is False


def test_every_answer_has_an_example() -> None:
    """Whatever has a body shows one."""
    for method, path in OPERATIONS:
        for status, response in DOCUMENT["paths"][path][method]["responses"].items():
            for media_type in response.get("content", {}).values():
                assert "example" in media_type or "examples" in media_type, (method, path, status)


def test_it_describes_the_complete_api() -> None:
    """It has the endpoints of the client's table, and no more but the two other methods that change a template."""
    described = {(method.upper(), without_names(path)) for method, path in OPERATIONS}
    listed = {(endpoint.method, without_names(endpoint.path)) for endpoint in ENDPOINTS}
    missing = sorted(listed - described)
    assert not missing, f"describe {missing} in scripts/chapters"
    more = described - listed - {("POST", "/sms/templates/{}/"), ("PUT", "/sms/templates/{}/")}
    assert not more, f"add {sorted(more)} to src/xoxzo/cloudpy/operations/endpoints.json, or do not serve it"
    retired = {path for method, path in OPERATIONS if DOCUMENT["paths"][path][method].get("deprecated")}
    assert retired == {path for _, path in OPERATIONS if path.startswith("/sms/sins/")}


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_endpoint_says_what_goes_wrong(method: str, path: str) -> None:
    """Each tells of bad credentials, want of permission, other methods, throttling; if it takes a body, of bad ones."""
    operation = DOCUMENT["paths"][path][method]
    expected = {"401", "403", "405", "429"} | ({"400", "413", "415"} if "requestBody" in operation else set())
    assert expected <= set(operation["responses"])
    assert ("404" in operation["responses"]) == ("{" in path or path.startswith("/sms/sins/"))


def test_it_is_what_is_served() -> None:
    """The simulator has all paths and methods of the document, and its table has no others."""
    served = set()
    for route in Routes(legacy_sin=True, legacy_paths=False).routes:
        served |= {(method.lower(), without_names(route.path)) for method in route.methods}
    assert served == {(method, without_names(path)) for method, path in OPERATIONS}


def test_it_is_in_the_repository(tmp_path: Path) -> None:
    """`docs/openapi.json` is what the script writes; --check finds a difference."""
    script = Path(shutil.copytree(REPOSITORY / "scripts", tmp_path / "scripts"), "openapi.py")
    (tmp_path / "docs").mkdir()
    (tmp_path / "src/xoxzo/cloudpy/simulator/openapi").mkdir(parents=True)
    compare = [sys.executable, str(script), "--check"]
    stale = subprocess.run(compare, check=False, capture_output=True, text=True)
    assert (stale.returncode, "is not what" in stale.stderr) == (1, True)
    subprocess.run([sys.executable, str(script)], check=True)
    subprocess.run(compare, check=True)
    assert (tmp_path / "docs" / "openapi.json").read_text() == (REPOSITORY / "docs" / "openapi.json").read_text()


def test_it_is_served(caller: Caller) -> None:
    """It needs no credentials; its only server is the simulator itself, never the real service."""
    status, served = caller.get("/openapi.json", authorization=b"")
    assert (status, served) == (200, document("api", "http://xoxzo.test"))
    assert served["servers"] == [{"url": "http://xoxzo.test"}]
    reply = caller.raw("POST", "/openapi.json")
    assert (reply.status, dict(reply.headers)[b"allow"]) == (405, b"GET, HEAD")


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        (ApiResponse(418, b"", ()), "undocumented status"),
        (ApiResponse(201, b"[]", JSON), "is too short|less than 1"),
        (ApiResponse(201, b'[{"msgid":"x","new":1}]', JSON), "new"),
        (ApiResponse(201, b'[{"msgid":1}]', JSON), "is not of type"),
        (ApiResponse(201, b"[]", ((b"content-type", b"text/plain"),)), "undocumented type"),
        (ApiResponse(401, b'{"detail":"x"}', JSON), "without"),
        (ApiResponse(400, b'{"other":["x"]}', JSON), "other|anyOf"),
    ],
)
def test_the_check_finds_faults(reply: ApiResponse, fault: str) -> None:
    """What holds every other test's replies against the document does see what it does not name."""
    with pytest.raises(AssertionError, match=fault):
        openapi_check.check("POST", "/sms/messages/", reply)


@pytest.mark.parametrize("reply", [ApiResponse(404, b"x"), ApiResponse(404, b"", JSON)])
def test_empty_means_empty(reply: ApiResponse) -> None:
    """A reply without a body has neither a body nor a type."""
    with pytest.raises(AssertionError, match="body"):
        openapi_check.check("GET", "/sms/messages/x/", reply)


def test_strict_filters_can_be_sent_as_described(caller: Caller) -> None:
    """The parameter without a value, written as the document says, is understood."""
    parameters = DOCUMENT["paths"]["/sms/messages/"]["get"]["parameters"]
    strict = next(parameter for parameter in parameters if parameter["name"] == "strict")
    (name,) = strict["example"]
    assert list(openapi_check.validator(json.dumps(strict["schema"])).iter_errors(strict["example"])) == []
    caller.post("/sms/messages/", SMS)
    recent = name.replace("2026-05-18", "2026-02-01").replace(">", "%3E")
    assert len(caller.get(f"/sms/messages/?{recent}=")[1]) == 1
    assert caller.get(f"/sms/messages/?{recent.replace('%3E', '%3C')}=") == (200, [])
