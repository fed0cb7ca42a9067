"""`xoxzo config`: what it shows, what it writes, and what it will not."""

from __future__ import annotations

import stat

import pytest
from cli_configuration import lines, written

from xoxzo.cloudpy.cli.commands import config as config_command
from xoxzo.cloudpy.cli.core import configuration
from xoxzo.cloudpy.cli.core.exit_codes import CREDENTIALS, USAGE

SHOP = """\
# mine
default = "shop"

[profiles.shop]
sid = "abcdefgh"
token = "secret-token"  # from the dashboard
"""


def test_path_and_show(bare, home) -> None:
    """The path is shown; SIDs are shortened, and no token is shown."""
    assert bare("config", "path").stdout.strip() == str(home / "config/xoxzo/config.toml")
    written(
        home,
        SHOP + '\n[profiles.bare]\nsid = "x"\n\n[profiles.ring]\nsid = 3\ntoken = "keyring:ring"\n'
        '\n[profiles.run]\ntoken = {command = ["pass", "x"]}\n',
    )
    shown = bare("config", "show").stdout
    for piece in (
        "default\tshop",
        "[shop]\nsid\tabcd…\ntoken\t••••",
        "token\tkeyring:ring",
        'token\tcommand: ["pass", "x"]',
    ):
        assert piece in shown
    output = lines(bare("config", "show", "--json"))[0]
    assert (output["default"], output["profiles"]["shop"]["token"]) == ("shop", "••••")
    assert "secret-token" not in shown


def test_set_and_unset_keep_the_rest(bare, home) -> None:
    """Comments and what stands around stay, and the file stays private."""
    path = written(home, SHOP)
    assert bare("config", "set", "sender", "Shop").exit_code == 0
    assert bare("config", "set", "confirm_above", "250", "--profile", "shop").exit_code == 0
    assert bare("config", "set", "host", "https://a.example", "--profile", "shop").exit_code == 0
    assert bare("config", "set", "sid", "xyz", "--profile", "shop").exit_code == 0
    assert bare("config", "set", "allowed_recipients", "+8180, +8190,").exit_code == 0
    found = configuration.load()
    assert (found["sender"], found["allowed_recipients"]) == ("Shop", ["+8180", "+8190"])
    shop = found["profiles"]["shop"]
    assert (shop["confirm_above"], shop["host"], shop["sid"], shop["token"]) == (
        250,
        "https://a.example",
        "xyz",
        "secret-token",
    )
    assert "# mine" in path.read_text("utf-8")
    assert "# from the dashboard" in path.read_text("utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert bare("config", "unset", "sender").exit_code == 0
    assert bare("config", "unset", "host", "--profile", "shop").exit_code == 0
    assert bare("config", "unset", "profiles").exit_code == 0
    assert "sender" not in configuration.load()
    assert "host" not in configuration.load()["profiles"]["shop"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("set", "token", "abc"), "where others can see it"),
        (("set", "sendr", "abc"), "Did you mean 'sender'?"),
        (("set", "zzz", "abc"), "default, sender, caller"),
        (("set", "sid", "abc"), "There is no setting sid here"),
        (("set", "default", "nobody"), "There is no profile nobody"),
        (("set", "sender", "too long a name"), "sender: must be at most 10"),
        (("set", "country", "Japan"), "country: must be two capital letters"),
        (("set", "confirm_above", "much"), "not a number of credits"),
        (("set", "host", "a.example", "--profile", "shop"), "host: must be an absolute"),
        (("set", "sender", "Shop", "--profile", "nobody"), "There is no profile nobody"),
        (("unset", "sender", "--profile", "nobody"), "There is no profile nobody"),
        (("remove-profile", "nobody"), "There is no profile nobody"),
        (("add-profile", "shop", "--sid", "a", "--token-stdin"), "There is a profile shop already"),
        (("add-profile", "my shop"), "A profile's name is made of"),
        (("add-profile", "x", "--sid", "a"), "use --token-stdin"),
        (("add-profile", "x"), "use --sid"),
        (("add-profile", "x", "--sid", "a", "--token-stdin"), "There is no token"),
        (("add-profile", "x", "--token-stdin", "--token-command", "a"), "Give only one of"),
        (("add-profile", "x", "--keyring", "--token-command", "a"), "Give only one of"),
    ],
)
def test_what_cannot_be_set_is_reported(bare, home, words, expected) -> None:
    """A setting that is not there, or cannot have that value, changes nothing."""
    path = written(home, SHOP)
    done = bare("config", *words, text="\n")
    assert (done.exit_code, expected in done.stderr) == (USAGE, True), done.stderr
    assert path.read_text("utf-8") == SHOP


def test_the_first_profile_becomes_the_default(bare, home) -> None:
    """A file is made with its folder, private from the beginning; removing the default takes the setting along."""
    assert bare("config", "add-profile", "shop", "--sid", "abc", "--token-stdin", text="t1\n").exit_code == 0
    done = bare(
        "config", "add-profile", "test", "--sid", "def", "--token-stdin", "--host", "http://127.0.0.1:9", text="t2\n"
    )
    assert "xoxzo credits --profile test" in done.stderr
    assert configuration.load() == {
        "default": "shop",
        "profiles": {
            "shop": {"sid": "abc", "token": "t1"},
            "test": {"sid": "def", "token": "t2", "host": "http://127.0.0.1:9"},
        },
    }
    assert stat.S_IMODE(configuration.path().stat().st_mode) == 0o600
    assert stat.S_IMODE(configuration.path().parent.stat().st_mode) == 0o700
    assert bare("config", "add-profile", "test", "--sid", "x", "--token-stdin", "--replace", text="t3").exit_code == 0
    assert configuration.load()["profiles"]["test"] == {"sid": "x", "token": "t3"}
    assert bare("config", "remove-profile", "test").exit_code == 0
    assert bare("config", "remove-profile", "shop").exit_code == 0
    assert configuration.load().get("default") is None


def test_a_token_can_be_elsewhere(bare, home, monkeypatch) -> None:
    """In the keyring, or where a command gets it."""
    kept: dict[str, str] = {}
    monkeypatch.setattr(config_command.configuration, "keep_in_keyring", kept.__setitem__)
    assert bare("config", "add-profile", "ring", "--sid", "a", "--keyring", "--token-stdin", text="t1\n").exit_code == 0
    assert kept == {"ring": "t1"}
    assert bare("config", "add-profile", "run", "--sid", "a", "--token-command", "pass 'my shop'").exit_code == 0
    profiles = configuration.load()["profiles"]
    assert profiles["ring"]["token"] == "keyring:ring"
    assert profiles["run"]["token"] == {"command": ["pass", "my shop"]}


def test_a_person_gets_prompts(bare, home, monkeypatch) -> None:
    """At a terminal there are prompts for SID and token, which does not echo."""
    asked = []

    def prompt(what: str, *, hide_input: bool, err: bool) -> str:
        asked.append((what, hide_input, err))
        return f"the {what}"

    class Keyboard:
        isatty = staticmethod(lambda: True)

    monkeypatch.setattr(config_command.click, "prompt", prompt)
    monkeypatch.setattr(config_command, "sys", type("sys", (), {"stdin": Keyboard}))
    assert bare("config", "add-profile", "shop").exit_code == 0
    assert asked == [("SID", False, True), ("Token", True, True)]
    assert configuration.load()["profiles"]["shop"] == {"sid": "the SID", "token": "the Token"}


def test_a_file_that_cannot_be_written_stays_as_it_was(bare, home, monkeypatch) -> None:
    """A failed write leaves the old file unchanged, and no other file."""
    path = written(home, SHOP)
    monkeypatch.setattr(
        config_command.configuration.Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left"))
    )
    done = bare("config", "set", "sender", "Shop")
    assert (done.exit_code, "cannot be written: No space left" in done.stderr) == (USAGE, True)
    assert path.read_text("utf-8") == SHOP
    assert [each.name for each in path.parent.iterdir()] == ["config.toml"]


def test_a_link_stays_a_link(bare, home) -> None:
    """Settings in another folder stay there."""
    path = written(home, SHOP)
    elsewhere = home / "elsewhere.toml"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    assert bare("config", "set", "sender", "Shop").exit_code == 0
    assert path.is_symlink()
    assert 'sender = "Shop"' in elsewhere.read_text("utf-8")


def test_a_file_that_others_can_read_is_not_touched(bare, home) -> None:
    """Neither shown nor changed."""
    path = written(home, SHOP, 0o644)
    assert bare("config", "show").exit_code == CREDENTIALS
    assert bare("config", "set", "sender", "Shop").exit_code == CREDENTIALS
    assert path.read_text("utf-8") == SHOP


def test_a_misspelt_setting_is_refused_and_taken_away(bare, home) -> None:
    """A misspelt allow-list would refuse no recipient: nothing is done until the name is corrected."""
    path = written(home, 'alowed_recipients = ["+81"]\n[profiles.shop]\nsid = "abcd"\ntoken = "t"\n')
    for words in (
        ("credits",),
        ("config", "set", "sender", "Shop"),
        ("sms", "send", "+818011112222", "Hi", "--dry-run"),
    ):
        done = bare(*words)
        assert (done.exit_code, done.stdout) == (USAGE, "")
        assert f"{path}: there is no setting alowed_recipients" in done.stderr
        assert "Did you mean 'allowed_recipients'?" in done.stderr
    assert "xoxzo config unset alowed_recipients" in done.stderr
    assert bare("config", "unset", "alowed_recipients").exit_code == 0
    assert bare("config", "set", "sender", "Shop").exit_code == 0


def test_a_token_under_a_misspelt_name_is_not_shown(bare, home) -> None:
    """The value of an unknown setting is hidden; its name is shown, with a suggestion and how to unset it."""
    written(home, 'tokn = "secret-1"\n[profiles.shop]\nsid = "abcd"\ntokn = "secret-2"\n')
    for words in (("config", "show", "--json"), ("config", "show")):
        shown = bare(*words)
        assert shown.exit_code == 0
        assert "secret" not in shown.output
    assert "[profiles.shop]: there is no setting tokn\n  Did you mean 'token'?" in shown.stderr
    assert "xoxzo config unset tokn --profile shop" in shown.stderr
    assert bare("config", "unset", "tokn", "--profile", "shop").exit_code == 0
    assert "--profile shop" not in bare("config", "show").stderr
