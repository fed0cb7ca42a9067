"""`xoxzo din`, `sin` and `phone`, in this process."""

from __future__ import annotations

from cli_configuration import lines

from xoxzo.cloudpy.cli.core.exit_codes import REJECTED, USAGE


def test_the_life_of_a_number(shell) -> None:
    """A number is found, subscribed, given an action URL, listed and released; it is not masked."""
    found = lines(shell("din", "search", "--country", "JP", "--prefix", "8150", "--json"))
    uid = found[0]["din_uid"]
    assert found[0]["din"].startswith("8150")
    assert lines(shell("din", "subscribe", uid, "--json"))[0]["din_uid"] == uid
    done = shell("din", "action", uid, "https://shop.example/answer", "--json")
    assert lines(done) == [{"din_uid": uid, "action_url": "https://shop.example/answer"}]
    assert shell("din", "list").stdout.rstrip("\n").split("\t")[-1] == "https://shop.example/answer"
    assert lines(shell("din", "release", uid, "--json")) == [{"din_uid": uid, "released": True}]
    assert shell("din", "release", uid).exit_code == REJECTED
    assert shell("din", "search", "--country", "japan").exit_code == USAGE


def test_retired_numbers_are_still_there(shell, start_simulator, monkeypatch) -> None:
    """The retired service works with `--legacy-sin`, and is not found without."""
    assert shell("sin", "list").exit_code == REJECTED
    with start_simulator("--legacy-sin") as url:
        monkeypatch.setenv("XOXZO_API_HOST", url)
        uid = lines(shell("sin", "search", "--json"))[0]["sin_uid"]
        assert lines(shell("sin", "subscribe", uid, "--json"))[0]["sin_uid"] == uid
        assert shell("sin", "action", uid, "https://shop.example/sms").exit_code == 0
        assert shell("sin", "list").stdout.startswith(uid)
        assert shell("sin", "release", uid).exit_code == 0


def test_numbers_are_formatted(bare, monkeypatch) -> None:
    """Each text stands beside its number, kind, assumptions and notes; these are data, so English in Japanese too."""
    monkeypatch.setenv("XOXZO_LANG", "ja")
    done = bare("phone", "format", "-", "--json", text="080-1111-2222\nabc\n")
    good, bad = lines(done)
    assert (good["as_typed"], good["e164"], good["kind"], good["country"]) == (
        "080-1111-2222",
        "+818011112222",
        "mobile",
        "JP",
    )
    assert good["notes"][-1] == "the country code was added"
    assert (bad["e164"], bad["error"][:15]) == (None, "has no readable")
    assert done.exit_code == REJECTED
    done = bare("phone", "format", "(201) 555-0123", "--country", "US")
    assert done.stdout.startswith("(201) 555-0123\t+12015550123\tfixed_or_mobile\tUS\t")
    assert bare("phone", "format", "1", "--country", "XX").exit_code == USAGE
