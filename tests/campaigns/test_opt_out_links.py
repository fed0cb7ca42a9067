"""The links for ``{opt_out}`` in messages, and the pages behind them."""

from __future__ import annotations

import asyncio
import random
import string
from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from campaign_makers import people

from xoxzo.cloudpy import AsyncClient
from xoxzo.cloudpy.campaigns import Campaign, Content, Limits, OptOutEndpoint, OptOutLinks, OptOuts, State
from xoxzo.cloudpy.campaigns.ledger import open_store
from xoxzo.cloudpy.campaigns.opt_outs import read_links
from xoxzo.cloudpy.errors import CampaignError, ConfigurationError, InvalidArgument
from xoxzo.cloudpy.simulator import Simulator

URL = "https://shop.example/o"
SECRETS = ["new secret of the shop", "old secret of the shop"]
LINKS = OptOutLinks(SECRETS, URL)
CONTENT = Content(kind="text", sender="Shop", message="{name}様 本日まで全品2割引です。停止: {opt_out}")
TOKEN_CHARACTERS = string.ascii_letters + string.digits + "-_"


@pytest.fixture(params=["folder", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: object) -> str:
    """The address of a store."""
    return str(tmp_path if request.param == "folder" else request.getfixturevalue("database_url"))


def link_in(message: str) -> str:
    return message.rpartition("停止: ")[2]


def test_whoever_follows_the_link_gets_nothing_more(store: str, simulator: Simulator, client: AsyncClient) -> None:
    """From the SMS to the page, the button and the next campaign; and back again, until the campaign is purged."""
    with Campaign.create("a", people(3), CONTENT, store=store, links=LINKS) as campaign:
        assert campaign.plan().parts == {1: 3}, "a Japanese message with a link must fit into one part"
        assert campaign.plan().samples[0][1].endswith("/o/xxxxxxxxxxxx")
        assert campaign.run(client, Limits(settle=0.1)).state == "finished"
    inbox = [simulator.phone(f"+81901000000{n}").inbox[0].text for n in range(3)]
    links = [link_in(message) for message in inbox]
    assert len(set(links)) == 3
    assert all(len(link) == len(URL) + 13 and "1000000" not in link for link in links)
    endpoint = OptOutEndpoint(LINKS, store)
    token = links[1].removeprefix(f"{URL}/")
    opt_outs = OptOuts(store)
    for method in ("GET", "HEAD", "GET"):
        page = endpoint.handle(method, f"/o/{token}")
        assert (page.status, "SMS の配信を停止しますか" in page.body.decode()) == (200, True)
    assert endpoint.handle("POST", f"/o/{token}").status == 303, "a POST that nobody's button has made"
    assert endpoint.handle("PUT", f"/o/{token}", "stop").status == 405
    assert not list(opt_outs), "fetching a link has opted somebody out"
    answer = endpoint.handle("POST", f"/o/{token}/", "stop")
    assert (answer.status, answer.headers["Location"]) == (303, token)
    entry = opt_outs.get("09010000001")
    assert entry is not None
    assert (entry.source, len(list(opt_outs))) == ("link", 1)
    assert "配信を停止しました" in endpoint.handle("GET", token).body.decode()
    with Campaign.create("b", people(3), CONTENT, store=store, links=LINKS) as campaign:
        campaign.run(client, Limits(settle=0.1))
        assert campaign.tally()[State.SKIPPED] == 1
    endpoint.handle("POST", token, "undo")
    assert "09010000001" not in opt_outs
    opt_outs.add(["09010000001"], source="phone call")
    assert "<form" not in endpoint.handle("GET", token).body.decode(), "the sender's own entry could be withdrawn"
    endpoint.handle("POST", token, "undo")
    assert "09010000001" in opt_outs
    with Campaign.open("a", store=store) as campaign:
        campaign.purge()
    assert endpoint.handle("GET", token).status == 410
    open_store(store).remove("a")
    assert endpoint.handle("POST", token, "stop").status == 410


def test_forged_and_altered_tokens_are_refused() -> None:
    """Of 10,000 altered tokens and 10,000 made up none is accepted; those of every key are, until it is taken away."""
    chance = random.Random(1)
    signer = LINKS.signer(1)
    token = signer.link(70_000).rpartition("/")[2]
    assert LINKS.verify(token) == 70_000
    for _ in range(10_000):
        place = chance.randrange(12)
        altered = token[:place] + chance.choice(TOKEN_CHARACTERS) + token[place + 1 :]
        assert altered == token or LINKS.verify(altered) is None, altered
        assert LINKS.verify("".join(chance.choices(TOKEN_CHARACTERS, k=12))) is None
    other = urlsafe_b64encode((70_001).to_bytes(4, "big") + urlsafe_b64decode(token)[4:]).decode()
    for wrong in (other, "", token[:-1], token + "A", token + "=", f"{token}\n", token.swapcase(), "あ" * 12):
        assert LINKS.verify(wrong) is None, wrong
    before = OptOutLinks(SECRETS[1], URL)
    old = before.signer(1).link(5).rpartition("/")[2]
    assert (LINKS.verify(old), OptOutLinks([SECRETS[0]], URL).verify(old), before.verify(token)) == (5, None, None)
    assert "secret" not in repr(LINKS) + repr(signer) + repr(signer.key)


def test_settings_that_cannot_be_right_are_refused(tmp_path: object) -> None:
    """A short secret, an address with a query, calls, and a message whose link leads nowhere."""
    for secret, url in (("short", URL), ([], URL), (SECRETS, "shop.example"), (SECRETS, f"{URL}?a=b")):
        with pytest.raises(ConfigurationError):
            OptOutLinks(secret, url)
    with pytest.raises(CampaignError, match=r"^\{opt_out\} in the message needs the URL"):
        Campaign.create("a", people(1), CONTENT, store=tmp_path)
    rows = [{**row, "opt-out": "https://shop.example/own"} for row in people(1)]
    with Campaign.create("own", rows, CONTENT, store=tmp_path) as campaign:
        assert campaign.plan().samples[0][1].endswith("/own"), "a column of this name is the user's"
    call = Content(kind="say", sender="+815011112222", message="{opt_out}")
    with pytest.raises(InvalidArgument, match="opt_out"):
        Campaign.create("call", people(1), call, store=tmp_path, links=LINKS)


def test_a_test_message_opts_nobody_out(tmp_path: object, simulator: Simulator, client: AsyncClient) -> None:
    """Its page says so, in every language, and its button is missing."""
    with Campaign.create("a", people(1), CONTENT, store=tmp_path, links=LINKS) as campaign:
        asyncio.run(campaign.send_test(client, "+819020000000"))
        signer = read_links(campaign.ledger)
    token = link_in(simulator.phone("+819020000000").inbox[0].text).rpartition("/")[2]
    assert signer is not None
    assert signer.link(None).endswith(token)
    endpoint = OptOutEndpoint(LINKS, tmp_path)
    page = endpoint.handle("GET", token, accept_language="fr, en;q=0.8, ja;q=0.7")
    assert (page.status, "This is a test message" in page.body.decode()) == (200, True)
    endpoint.handle("POST", token, "stop")
    assert not list(OptOuts(tmp_path))


def test_pages_are_in_the_readers_language_and_load_nothing(tmp_path: object) -> None:
    """By the browser's languages, else by the number's country; no script, no address of others, not stored."""
    rows = [{"tel": "+819010000000", "name": "a"}, {"tel": "+60123456789", "name": "b"}]
    with Campaign.create("a", rows, CONTENT, store=tmp_path, links=LINKS) as campaign:
        signer = read_links(campaign.ledger)
    assert signer is not None
    endpoint = OptOutEndpoint(LINKS, tmp_path, name='Shop <"A&B">')
    for n, languages, language in (
        (1, "", "ja"),
        (2, "", "en"),
        (1, "en-US,en", "en"),
        (2, "ja", "ja"),
        (2, "fr", "en"),
    ):
        for query in ("stop", "undo"):
            page = endpoint.handle("GET", signer.link(n), accept_language=languages)
            body = page.body.decode()
            assert f'<html lang="{language}">' in body, (n, languages)
            assert "Shop &lt;&quot;A&amp;B&quot;&gt;" in body
            assert not any(word in body for word in ("<script", "http", "src=", "9010000000", "123456789"))
            endpoint.handle("POST", signer.link(n), query)
    assert page.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert endpoint.handle("GET", "/o/xxxxxxxxxxxx").status == 404
    (tmp_path / "opt-outs.sqlite").write_bytes(b"nonsense" * 100)
    page = endpoint.handle("POST", signer.link(1), "stop", "en")
    assert (page.status, "Nothing was changed" in page.body.decode()) == (503, True)
