"""`xoxzo template`, in this process."""

from __future__ import annotations

import json
from urllib.request import Request, urlopen

import pytest
from cli_configuration import lines

from xoxzo.cloudpy.cli.core.exit_codes import REJECTED, USAGE

SHOP = ("--sender", "Shop")
FILLED = ("--var", "name=山田", "--var", "day=30日")


@pytest.fixture
def template(shell, simulator_url):
    """A template that Xoxzo has approved; gives its number."""
    done = shell("template", "create", "Booking", "{name}様 ご予約は{day}です", "--json")
    [made] = lines(done)
    assert (made["status"], made["placeholders"]) == ("PENDING", [])
    body = {"content-type": "application/json"}
    address = f"{simulator_url}/_simulator/templates/{made['id']}/approve"
    urlopen(Request(address, b"{}", body)).close()
    return str(made["id"])


def test_templates_are_written_shown_changed_and_deleted(shell, template, tmp_path) -> None:
    """A template's life, from a shell."""
    assert lines(shell("template", "show", template, "--json"))[0]["placeholders"] == ["name", "day"]
    assert shell("template", "list").stdout.split("\t")[:3] == [template, "Booking", "APPROVED"]
    (tmp_path / "text").write_text("{name}様\n", "utf-8")
    done = shell("template", "update", template, "--file", str(tmp_path / "text"), "--name", "Other", "--json")
    assert (lines(done)[0]["name"], lines(done)[0]["pending_content"]) == ("Other", "{name}様")
    assert (
        lines(shell("template", "update", template, "--content", "-", "--json", text="{a}"))[0]["pending_content"]
        == "{a}"
    )
    assert lines(shell("template", "update", template, "--name", "Third", "--json"))[0]["name"] == "Third"
    assert lines(shell("template", "delete", template, "--json")) == [{"id": int(template), "deleted": True}]
    assert shell("template", "show", template).exit_code == REJECTED


def test_a_template_is_tried_before_it_is_sent(shell, template) -> None:
    """What it becomes is shown with parts and price; a name that it has not is refused."""
    output = lines(shell("template", "render", template, *FILLED, "--json"))[0]
    assert (output["text"], output["parts"], output["cost"]) == ("山田様 ご予約は30日です", 1, 10)
    whole = json.dumps({"name": "a", "day": "b"})
    assert (
        lines(shell("template", "render", template, "--variables", whole, "--json"))[0]["text"] == "a様 ご予約はbです"
    )
    done = shell("template", "render", template, "--var", "nam=a")
    assert (done.exit_code, "missing name, day; unknown nam" in done.stderr) == (USAGE, True)


def test_a_template_is_sent(shell, template) -> None:
    """Each recipient has a result; wrong variables are refused before anybody is sent to."""
    done = shell("template", "send", template, "080-1111-2222", "+818033334444", *FILLED, *SHOP, "--tag", "t", "--json")
    assert [row["result"] for row in lines(done)] == ["sent", "sent"]
    done = shell("template", "send", template, "+818011112222", "--var", "name=a", *SHOP)
    assert (done.exit_code, done.stdout) == (USAGE, "")
    assert "nothing was sent" in done.stderr
    assert len(lines(shell("sms", "list", "--tag", "t", "--json"))) == 2


def test_a_live_template_needs_confirmation_with_its_name(live, template, answers) -> None:
    """Name and price are those of the template that was read."""
    answers(False)
    done = live("template", "send", template, "8011112222", *FILLED, *SHOP)
    assert done.exit_code == REJECTED
    assert f"Template {template} (Booking) from Shop" in done.stderr
    assert "cost: about 10 credits" in done.stderr
    answers(False)
    assert live("template", "delete", template).exit_code == REJECTED
