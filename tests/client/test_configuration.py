"""From what a client is given, or finds in the environment, to checked settings."""

from __future__ import annotations

import base64
import re
import ssl
import sys
from enum import Enum
from typing import TYPE_CHECKING, Any

import pytest

import xoxzo.cloudpy
from xoxzo.cloudpy.client.configuration import USER_AGENT, adjust, basic, configure, transport_options
from xoxzo.cloudpy.client.settings import SimulatorHost
from xoxzo.cloudpy.errors import ConfigurationError

if TYPE_CHECKING:
    from xoxzo.cloudpy.client.settings import Settings
    from xoxzo.cloudpy.protocols import Attempt, AttemptStart

SID, TOKEN = "AbCdEf0123456789", "0a1b2c3d4e5f"
BARE: dict[str, Any] = {"sid": SID, "auth_token": TOKEN, "base_url": None, "rate": None, "app_info": None}


def make(**changes: Any) -> Settings:
    """Configure with credentials and what else is given."""
    return configure(**{**BARE, **changes})


def refused(**changes: Any) -> str:
    """Check that a configuration is refused, and give the words, which never hold a secret."""
    with pytest.raises(ConfigurationError) as caught:
        make(**changes)
    assert TOKEN not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment with an account of another kind in it."""
    monkeypatch.setenv("XOXZO_API_SID", "env-sid")
    monkeypatch.setenv("XOXZO_API_AUTH_TOKEN", "env-token")
    monkeypatch.setenv("XOXZO_API_HOST", "http://localhost:8123/")
    return monkeypatch


def test_defaults() -> None:
    """With credentials only, requests go to the live service, with the documented limits."""
    settings = make()

    assert settings.base_url == "https://api.xoxzo.com"
    assert (settings.connect, settings.read, settings.deadline, settings.max_retries) == (5.0, 30.0, 60.0, 2)
    assert settings.rate_limiter is None
    assert settings.event_hooks == settings.start_hooks == ()


def test_headers() -> None:
    """Every request carries the credentials, asks for JSON and says who it is."""
    assert make().headers == (
        ("authorization", "Basic " + base64.b64encode(f"{SID}:{TOKEN}".encode()).decode()),
        ("accept", "application/json"),
        ("accept-encoding", "identity"),
        ("user-agent", USER_AGENT),
    )
    assert (
        f"xoxzo-cloudpy/{xoxzo.cloudpy.__version__} Python/{sys.version_info.major}.{sys.version_info.minor}"
    ) == USER_AGENT


def test_basic() -> None:
    """The Authorization header is that of HTTP Basic, in UTF-8 (RFC 7617)."""
    assert basic("Aladdin", "open sesame") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    assert basic("test", "123£") == "Basic dGVzdDoxMjPCow=="


def test_repr_shows_no_header() -> None:
    """The repr of settings holds every limit and no header, since one is the token."""
    settings = make(on_event=None, deadline=7)

    for shown in (repr(settings), str(settings.__rich_repr__())):
        assert "deadline" in shown
        assert "headers" not in shown
        assert base64.b64encode(f"{SID}:{TOKEN}".encode()).decode() not in shown
    assert repr(settings).startswith("Settings(base_url='https://api.xoxzo.com', connect=5.0")


@pytest.mark.parametrize(("sid", "auth_token"), [(None, None), (SID, None), (None, TOKEN), ("", ""), (SID, "")])
def test_no_credentials(sid: str | None, auth_token: str | None) -> None:
    """Without both credentials the error names the arguments, the variables, and a way to try without an account."""
    words = refused(sid=sid, auth_token=auth_token)

    for name in ("sid=", "auth_token=", "XOXZO_API_SID", "XOXZO_API_AUTH_TOKEN", "xoxzo simulator", "XOXZO_API_HOST"):
        assert name in words


def test_environment(environment: pytest.MonkeyPatch) -> None:
    """What is not given is found in the environment."""
    settings = make(sid=None, auth_token=None)

    assert settings.headers[0] == ("authorization", basic("env-sid", "env-token"))
    assert settings.base_url == "http://localhost:8123"


def test_arguments_come_before_the_environment(environment: pytest.MonkeyPatch) -> None:
    """What is given is taken, whatever the environment says."""
    settings = make(base_url="https://example.com")

    assert settings.headers[0] == ("authorization", basic(SID, TOKEN))
    assert settings.base_url == "https://example.com"


def test_empty_variables_are_none(environment: pytest.MonkeyPatch) -> None:
    """A variable that is empty counts as one that is not set."""
    environment.setenv("XOXZO_API_HOST", "")
    assert make().base_url == "https://api.xoxzo.com"

    environment.setenv("XOXZO_API_AUTH_TOKEN", "")
    assert "no credentials" in refused(sid=None, auth_token=None)


def test_a_bad_address_in_the_environment_is_refused(environment: pytest.MonkeyPatch) -> None:
    """The rules for the address hold for the environment too."""
    environment.setenv("XOXZO_API_HOST", "http://api.xoxzo.com")

    assert "this machine" in refused()


@pytest.mark.parametrize(
    ("base_url", "kept"),
    [
        ("https://api.xoxzo.com", "https://api.xoxzo.com"),
        ("https://api.xoxzo.com/", "https://api.xoxzo.com"),
        ("https://example.com:8443/xoxzo/", "https://example.com:8443/xoxzo"),
        ("HTTPS://EXAMPLE.COM", "HTTPS://EXAMPLE.COM"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ("http://localhost", "http://localhost"),
        ("http://LOCALHOST:8123", "http://LOCALHOST:8123"),
        ("http://127.0.0.1:8123/", "http://127.0.0.1:8123"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://[::1]:8123", "http://[::1]:8123"),
    ],
)
def test_base_url(base_url: str, kept: str) -> None:
    """Https goes anywhere and http to this machine, and a final slash makes no difference."""
    assert make(base_url=base_url).base_url == kept


@pytest.mark.parametrize(
    "base_url",
    [
        "http://api.xoxzo.com",
        "http://10.0.0.1",
        "http://0.0.0.0:8123",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://[::2]",
    ],
)
def test_http_is_for_this_machine(base_url: str) -> None:
    """The token would travel in the clear, so http to any other host is refused."""
    assert refused(base_url=base_url) == (
        "base_url must be https://: http would expose the token, so it is only for this machine and for simulators on "
        "hosts in XOXZO_SIMULATOR_HOSTS"
    )


def test_http_is_for_named_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable names further hosts that http may reach, where a simulator must respond."""
    monkeypatch.setenv("XOXZO_SIMULATOR_HOSTS", "Simulator, other")
    settings = make(base_url="http://simulator:8080")
    assert (settings.base_url, settings.simulator) == ("http://simulator:8080", SimulatorHost("simulator:8080"))
    assert make(base_url="http://127.0.0.1:8080").simulator is None
    assert refused(base_url="http://third:8080").startswith("base_url must be https://")


@pytest.mark.parametrize(
    "base_url",
    [
        "api.xoxzo.com",
        "//api.xoxzo.com",
        "ftp://api.xoxzo.com",
        "https:",
        "https://",
        "https:///path",
        "https://:443",
        "https://api.xoxzo.com:0",
        "https://api.xoxzo.com:65536",
        "https://api.xoxzo.com:port",
        "https://[::1",
        "https://例え.jp",
        "https://api.xoxzo.com/\n",
        "https://api.xoxzo.com/\x00",
        "ht\ttps://api.xoxzo.com",
    ],
)
def test_base_url_that_is_none(base_url: str) -> None:
    """What is no address of a host is refused with an example of one."""
    assert refused(base_url=base_url) == "base_url must be https://host, as in https://api.xoxzo.com"


@pytest.mark.parametrize(
    "base_url",
    [
        f"https://{SID}:{TOKEN}@api.xoxzo.com",
        "https://user@api.xoxzo.com",
        "https://@api.xoxzo.com",
        "https://api.xoxzo.com?a=b",
        "https://api.xoxzo.com/#a",
        "https://api.xoxzo.com/a b",
        " https://api.xoxzo.com",
        "http://localhost@example.com",
    ],
)
def test_base_url_with_more_than_an_address(base_url: str) -> None:
    """A user name, a query, a fragment or a blank in the address is refused, and none of it is repeated."""
    assert refused(base_url=base_url) == ("base_url must be an address alone: no user name, no query, no fragment")


@pytest.mark.parametrize("base_url", ["https://api.xoxzo.com?", "https://api.xoxzo.com#", "https://api.xoxzo.com/?"])
def test_base_url_with_an_empty_query_or_fragment(base_url: str) -> None:
    """An empty query or fragment is refused as well: the paths that are appended would become part of it."""
    assert refused(base_url=base_url) == ("base_url must be an address alone: no user name, no query, no fragment")


@pytest.mark.parametrize(
    ("changes", "limits"),
    [
        ({"timeout": 7}, (7.0, 7.0, 60.0, 2)),
        ({"timeout": (1, 2.5)}, (1.0, 2.5, 60.0, 2)),
        ({"deadline": 10}, (5.0, 30.0, 10.0, 2)),
        ({"max_retries": 0}, (5.0, 30.0, 60.0, 0)),
        ({"timeout": None, "deadline": None, "max_retries": None, "on_event": None}, (5.0, 30.0, 60.0, 2)),
        ({"timeout": 0.1, "deadline": 0.5, "max_retries": 9}, (0.1, 0.1, 0.5, 9)),
    ],
)
def test_limits(changes: dict[str, Any], limits: tuple[float, float, float, int]) -> None:
    """A time-out is one number or a pair, and None leaves a limit as it is."""
    for settings in (make(**changes), adjust(make(), **changes)):
        assert (settings.connect, settings.read, settings.deadline, settings.max_retries) == limits


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        *(
            ({name: value}, f"{name} must be a number above 0")
            for name in ("timeout", "deadline", "rate")
            for value in (0, -1, float("nan"), float("inf"), "5", True, [5])
        ),
        ({"timeout": (5, 0)}, "timeout must be a number above 0"),
        ({"timeout": (0, 5)}, "timeout must be a number above 0"),
        ({"timeout": (5, 5, 5)}, "timeout must be a number above 0"),
        *(
            ({"max_retries": value}, "max_retries must be a whole number, 0 or more")
            for value in (-1, 1.5, "2", True, float("nan"))
        ),
    ],
)
def test_numbers_that_make_no_sense(changes: dict[str, Any], words: str) -> None:
    """A limit that is 0, negative, infinite, a text, a truth value or a fraction of a try is refused in its name."""
    assert refused(**changes) == words


def test_rate() -> None:
    """A rate spaces the requests evenly, over all that share the settings."""
    rate_limiter = make(rate=4).rate_limiter

    assert rate_limiter is not None
    assert [rate_limiter.reserve(100.0) for _ in range(3)] == [0.0, 0.25, 0.5]


def test_adjusted_settings_share_the_rest() -> None:
    """Other limits do not touch the settings that they are taken from, and the rate limiter is shared."""
    events: list[Attempt] = []
    settings = make(rate=4)
    other = adjust(settings, deadline=1, on_event=events.append)

    assert (settings.deadline, settings.event_hooks) == (60.0, ())
    assert (other.deadline, other.event_hooks) == (1.0, (events.append,))
    assert other.rate_limiter is settings.rate_limiter
    assert (other.base_url, other.headers) == (settings.base_url, settings.headers)
    assert adjust(other, deadline=None).event_hooks == (events.append,)


class Starting:
    """A hook that is called before each try, too."""

    def __call__(self, event: Attempt) -> None:
        pass

    def before_attempt(self, start: AttemptStart) -> None:
        pass


def test_event_hooks() -> None:
    """There may be one hook or many; those with ``before_attempt`` are called before each try as well."""
    events: list[Attempt] = []
    starting = Starting()

    assert make(on_event=starting).event_hooks == (starting,)
    settings = make(on_event=[events.append, starting])
    assert settings.event_hooks == (events.append, starting)
    assert settings.start_hooks == (starting.before_attempt,)
    assert make(on_event=[]).event_hooks == ()


@pytest.mark.parametrize("on_event", [5, "hook", [print, None]])
def test_event_hooks_must_be_callable(on_event: object) -> None:
    """What cannot be called is refused when the client is made, not logged at each try."""
    assert refused(on_event=on_event) == "on_event must be callable, or a list of what is"


def test_app_info() -> None:
    """A program that names itself stands at the end of User-Agent."""
    assert dict(make(app_info="shop/1.2 (tests)").headers)["user-agent"] == f"{USER_AGENT} shop/1.2 (tests)"


@pytest.mark.parametrize("app_info", ["", "ショップ", "shop\r\nx-evil: 1", "shop\x00", "shop\t1", "shop\x7f"])
def test_app_info_refused(app_info: str) -> None:
    """A name that is empty, not ASCII, or would break the header is refused."""
    assert refused(app_info=app_info) == "app_info must be printable ASCII, for instance shop/1.2"


@pytest.mark.parametrize("app_info", [" ", "shop/1.2 "])
def test_app_info_that_ends_in_a_blank(app_info: str) -> None:
    """A blank at the end, which no header may have, is refused here or left out, and does not break each request."""
    try:
        agent = dict(make(app_info=app_info).headers)["user-agent"]
    except ConfigurationError:
        return

    assert agent == agent.strip()


@pytest.mark.parametrize("name", ["sid", "auth_token"])
def test_credentials_that_cannot_be_encoded(name: str) -> None:
    """Half a character in a credential is an error of the tree, and the token is nowhere in it."""
    assert name in refused(**{name: f"{TOKEN}\udc80"})


@pytest.mark.parametrize("name", ["sid", "auth_token"])
@pytest.mark.parametrize("end", ["\n", " ", "\t", "\u3000", "\x00", "\x7f", " inside"])
def test_credentials_with_a_blank_or_line_break(name: str, end: str) -> None:
    """A credential that was read with its line break is refused in its parameter's name: it would only give a 401."""
    assert refused(**{name: f"{TOKEN}{end}"}) == f"{name} holds a blank, a line break or a control character"


def test_credentials_that_are_no_text() -> None:
    """A credential must be text."""
    assert refused(auth_token=b"token") == "auth_token must be text"


def test_credentials_that_are_members_of_an_enum() -> None:
    """The text of a member is sent, and not its name."""
    account = Enum("account", {"SID": "a-sid", "TOKEN": "a-token"}, type=str)
    settings = make(sid=account.SID, auth_token=account.TOKEN)
    assert settings.headers[0] == ("authorization", basic("a-sid", "a-token"))


def test_blanks_around_variables_are_left_out(environment: pytest.MonkeyPatch) -> None:
    """What a file or a shell put around a variable is no part of it."""
    environment.setenv("XOXZO_API_SID", " env-sid\r\n")
    environment.setenv("XOXZO_API_AUTH_TOKEN", "env-token\n")
    environment.setenv("XOXZO_API_HOST", "http://localhost:8123/\n")

    settings = make(sid=None, auth_token=None)

    assert settings.headers[0] == ("authorization", basic("env-sid", "env-token"))
    assert settings.base_url == "http://localhost:8123"


def test_a_variable_with_a_blank_inside_is_refused(environment: pytest.MonkeyPatch) -> None:
    """Where only the environment can be meant, the refusal names the variable."""
    environment.setenv("XOXZO_API_AUTH_TOKEN", "env token")

    assert refused(auth_token=None) == "XOXZO_API_AUTH_TOKEN holds a blank, a line break or a control character"


def test_default_headers() -> None:
    """Further header fields go with every request, after the client's own and in lower case."""
    headers = make(default_headers={"X-Team": "shop", "x-route": "a b"}).headers

    assert headers[4:] == (("x-team", "shop"), ("x-route", "a b"))


@pytest.mark.parametrize(
    "name",
    ["Authorization", "HOST", "content-length", "Content-Type", "Transfer-Encoding", "Connection", "X-Request-Id"],
)
def test_default_headers_replace_none_of_the_clients(name: str) -> None:
    """A field that the client sets itself cannot be replaced."""
    assert refused(default_headers={name: "x"}) == (
        f"the client sets the header {name.lower()} itself: it cannot be replaced"
    )


@pytest.mark.parametrize("name", ["", "x team", "x:", "x\n", "ｘ", 5])
def test_default_headers_with_a_bad_name(name: object) -> None:
    """A name that would break the request is refused."""
    assert "the name of a header must be" in refused(default_headers={name: "x"})


@pytest.mark.parametrize("value", ["a\r\nx-evil: 1", "a\n", "ショップ", "\x00", " a", "a ", 5])
def test_default_headers_with_a_bad_value(value: object) -> None:
    """A value that would break the request is refused, and not repeated, since it may be a secret."""
    assert refused(default_headers={"X-Team": value}) == (
        "the header x-team must be printable ASCII text without line breaks or blanks at its ends"
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"default_headers": [("x-team", "shop")]}, "default_headers must be a mapping of names to values"),
        ({"base_url": 5}, "base_url must be text, for instance https://api.xoxzo.com"),
        ({"app_info": 5}, "app_info must be printable ASCII, for instance shop/1.2"),
        (
            {"allowed_recipients": 5},
            "allowed_recipients must be a list of numbers or their beginnings, each with its +",
        ),
        (
            {"allowed_recipients": [81]},
            "allowed_recipients must be a list of numbers or their beginnings, each with its +",
        ),
    ],
)
def test_arguments_of_another_type(changes: dict[str, Any], sentence: str) -> None:
    """An argument of a type that makes no sense is refused in its name, not by a TypeError from somewhere below."""
    assert refused(**changes) == sentence


def test_a_sid_with_a_colon() -> None:
    """A colon would end the SID on the wire and begin the token, so it is refused."""
    assert "colon" in refused(sid="a:b")


def options(**changes: Any) -> dict[str, Any]:
    """Check the options of the transport."""
    return transport_options(
        **{"max_connections": 10, "proxy": None, "ssl_context": None, "transport": None, **changes}
    )


def test_transport_options() -> None:
    """What the client's own transport is made with."""
    context = ssl.create_default_context()

    assert options() == {"max_connections": 10, "proxy": None, "ssl_context": None}
    assert options(max_connections=1, proxy="http://proxy.example:3128", ssl_context=context) == {
        "max_connections": 1,
        "proxy": "http://proxy.example:3128",
        "ssl_context": context,
    }


class Carrier:
    """As much of a transport as is checked."""

    def send(self) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        *(
            ({"max_connections": number}, "max_connections must be a whole number, 1 or more")
            for number in (0, -1, "x", 1.5, True)
        ),
        ({"proxy": 5}, "proxy must be text, for instance http://proxy.example:3128"),
        ({"ssl_context": "company.pem"}, "ssl_context must be an ssl.SSLContext"),
        ({"transport": "http"}, "transport must have the methods send and close, as HttpTransport has"),
        (
            {"transport": Carrier(), "proxy": "http://proxy.example"},
            "transport excludes proxy and ssl_context: set them on the transport itself",
        ),
        (
            {"transport": Carrier(), "ssl_context": ssl.create_default_context()},
            "transport excludes proxy and ssl_context: set them on the transport itself",
        ),
    ],
)
def test_transport_options_refused(changes: dict[str, Any], sentence: str) -> None:
    """An option that cannot be used is refused when the client is made."""
    with pytest.raises(ConfigurationError) as caught:
        options(**changes)
    assert str(caught.value) == sentence


def test_a_proxy_that_cannot_be_used_is_refused_at_once() -> None:
    """A scheme that is not spoken is refused when the client is made, in the option's name."""
    with pytest.raises(ConfigurationError, match="proxy="):
        options(proxy="socks5://proxy.example:1080")


def test_a_transport_that_was_given_is_left_alone() -> None:
    """With a transport of its own a client needs no other option."""
    assert options(transport=Carrier())["proxy"] is None


def test_errors_name_what_to_set() -> None:
    """Every refusal begins with the argument that it is about."""
    for changes in ({"base_url": "x"}, {"rate": 0}, {"timeout": 0}, {"deadline": 0}, {"app_info": ""}):
        assert re.match(rf"{next(iter(changes))} must be ", refused(**changes))
