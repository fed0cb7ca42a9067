"""What is specific to campaigns in PostgreSQL: lost connections, crashes, versions and what several campaigns share."""

from __future__ import annotations

import sys

import psycopg
import pytest
from database_servers import PostgresqlCluster, pgbouncer
from ledger_contract import fill, people

from xoxzo.cloudpy import AsyncClient
from xoxzo.cloudpy.campaigns import Campaign, Content, Event, Limits
from xoxzo.cloudpy.campaigns.ledger import open_store
from xoxzo.cloudpy.campaigns.ledger.base import ClaimRequest
from xoxzo.cloudpy.campaigns.ledger.postgresql import PostgresqlLedger
from xoxzo.cloudpy.campaigns.records import Outcome, Recipient, State
from xoxzo.cloudpy.errors import CampaignError, ConfigurationError


def make(url: str, count: int, name: str = "a") -> PostgresqlLedger:
    """Create a campaign, and open its ledger as a worker does."""
    store = open_store(url)
    with store.create(name) as ledger:
        fill(ledger, people(count))
    opened = store.open(name)
    opened.join("account")
    return opened


def cut(url: str) -> None:
    """Cut all connections of workers."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'xoxzo campaign' AND datname = current_database()"
        )


@pytest.mark.parametrize("mode", ["session", "transaction"])
def test_a_connection_pooler_is_refused_before_it_gets_a_statement(database_url: str, mode: str) -> None:
    """It may give a session, with its campaign, to another program; PgBouncer changes nothing in the database."""
    make(database_url, 3).close()
    with pgbouncer(database_url, mode) as pooled:
        with psycopg.connect(pooled, autocommit=True) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)  # it works for other programs
        for attempt in (lambda: open_store(pooled).open("a"), lambda: PostgresqlLedger(pooled, 1, "a")):
            with pytest.raises(CampaignError, match="use the address of PostgreSQL itself") as caught:
                attempt()
            assert caught.value.code == "database_pooled"
        with psycopg.connect(pooled, autocommit=True) as connection:
            assert connection.execute("SHOW search_path").fetchone() == ('"$user", public',)
    with open_store(database_url).open("a") as ledger:
        assert ledger.tally().total == 3


def test_a_claim_whose_answer_was_lost_is_given_back_and_made_anew(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was committed, and nobody of it was started: so they wait, and are claimed again, not left in doubt."""
    with make(database_url, 3) as ledger:
        send, lost = ledger._send, []

        def lose_first(*arguments: object, **options: object) -> object:
            result = send(*arguments, **options)
            if not lost:
                lost.append(True)
                raise psycopg.OperationalError
            return result

        monkeypatch.setattr(ledger, "_send", lose_first)
        claim = ledger.claim(ClaimRequest(ident=7, limit=2))
        assert lost
        assert len(claim.recipients) == 2
        assert ledger.tally().in_flight == 2
        outcomes = [Outcome(one.n, claim.ident, State.SENT, "m\0", at=1.0) for one in claim.recipients]
        assert ledger.record(outcomes) == 2
        assert ledger.tally().in_flight == 0


def test_cut_connections_are_made_again(database_url: str) -> None:
    """Queries, outcomes and claims go on, and the worker still counts as running."""
    with make(database_url, 4) as ledger, open_store(database_url).open("a") as other:
        claim = take_two(ledger)
        cut(database_url)
        assert ledger.tally().in_flight == 2
        outcomes = [Outcome(one.n, claim.ident, State.SENT, "m", at=1.0) for one in claim.recipients]
        assert ledger.record(outcomes, durable=False) == 2
        cut(database_url)
        assert len(take_two(ledger).recipients) == 2
        assert other.is_locked_elsewhere()
        ledger.leave()
        assert not other.is_locked_elsewhere()


def take_two(ledger: PostgresqlLedger):
    take_two.ident = getattr(take_two, "ident", 100) + 1
    return ledger.claim(ClaimRequest(ident=take_two.ident, limit=2))


def test_outcomes_that_a_crash_has_taken_are_recorded_again(postgresql: PostgresqlCluster, database_url: str) -> None:
    """What was recorded without waiting for the disk is remembered until a durable commit has followed."""
    with make(database_url, 2) as ledger:
        claim = take_two(ledger)
        ledger.record([Outcome(1, claim.ident, State.SENT, "m1", at=1.0)], durable=False)
        with psycopg.connect(database_url, autocommit=True, options="-c search_path=xoxzo_campaign_1") as connection:
            # As if the last milliseconds had not been written.
            connection.execute("DELETE FROM outcome")
        postgresql.stop("immediate")
        postgresql.start()
        ledger.record([Outcome(2, claim.ident, State.SENT, "m2", at=2.0)])
        assert [one.ident for one in ledger.recipient_statuses()] == ["m1", "m2"]


@pytest.mark.parametrize("password", ["se@cret", "sec/ret", "sec ret", "secret%", "%secret/x"])
def test_a_password_that_would_be_read_as_the_host_is_shown_nowhere(password: str) -> None:
    """PostgreSQL's library quotes what it takes for a host, a port or a wrong code."""
    store = open_store(f"postgresql://shop:{password}@127.0.0.1:1/shop")
    with pytest.raises(CampaignError, match="percent-encode") as caught:
        list(store.names())
    assert caught.value.code == "database_address"
    encoded = open_store("postgresql://shop:sec%40ret%2F%25@127.0.0.1:1/shop")
    with pytest.raises(CampaignError, match="Connection refused"):
        list(encoded.names())


def test_a_database_that_stays_away_is_one_clear_error(
    postgresql: PostgresqlCluster, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After two minutes a worker gives up; a command that only asks does so at once."""
    ledger = make(database_url, 2)
    monkeypatch.setattr("xoxzo.cloudpy.campaigns.ledger.postgresql._OUTAGE_SECONDS", 0.3)
    postgresql.stop("immediate")
    try:
        with pytest.raises(CampaignError, match="cannot be used"):
            ledger.put({"x": 1})
        with pytest.raises(CampaignError, match="a cannot be read"):
            ledger.tally()
        with pytest.raises(CampaignError, match="cannot be used"):
            open_store(database_url).exists("a")
    finally:
        postgresql.start()
    ledger.close()


def test_the_store_names_what_it_has(database_url: str) -> None:
    """Names are sorted and unique, drafts have none, and a removed campaign leaves nothing."""
    store = open_store(database_url)
    assert (list(store.names()), store.exists("b")) == ([], False)
    with pytest.raises(CampaignError, match="there is no campaign b"):
        store.open("b")
    for name in ("b", "a"):
        with store.create(name) as ledger:
            assert ledger.take_seat(1)
    assert (list(store.names()), store.address) == (["a", "b"], database_url)
    with pytest.raises(CampaignError, match="already"), store.create("a"):
        pass
    with pytest.raises(ZeroDivisionError), store.create("c"):
        raise ZeroDivisionError
    with store.create("d"), store.create("e"), psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE xoxzo_campaigns.campaign SET created = 0 WHERE name IS NULL")
        with store.create("f"):
            left = connection.execute("SELECT count(*) FROM xoxzo_campaigns.campaign WHERE name IS NULL").fetchone()
            assert left == (1,), "drafts that a crash has left are kept for ever"
    store.remove("a")
    store.remove("none")
    assert "a" not in list(store.names())


def test_a_newer_version_is_refused(database_url: str) -> None:
    """What a newer version has made is not touched."""
    assert not list(open_store(database_url).names())
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("INSERT INTO xoxzo_campaigns.version VALUES (99)")
    with pytest.raises(CampaignError, match="newer version"):
        list(open_store(database_url).names())


def test_without_the_extra_one_line_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without psycopg the error says what to install."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigurationError, match=r"xoxzo-cloudpy\[postgresql\]"):
        open_store("postgresql:///shop")


def test_a_purge_needs_that_nobody_works(database_url: str) -> None:
    """Numbers are deleted only while no worker has the campaign."""
    with make(database_url, 2) as ledger, open_store(database_url).open("a") as other:
        with pytest.raises(CampaignError, match="another process is running"):
            other.lock()
        ledger.leave()
        other.lock()
        other.lock()
        assert other.purge() == 2
        assert [one.number for one in other.recipients()] == ["1", "2"]
        with pytest.raises(CampaignError, match="complete"):
            list(other.add([Recipient(0, "+819010000000")]))


def test_campaigns_of_one_account_share_its_rate(database_url: str) -> None:
    """Send times are the account's, so two campaigns together keep its rate."""
    with make(database_url, 9, "a") as first, make(database_url, 9, "b") as second:
        paced = {"account": "account", "limits": Limits(rate=10.0, canaries=0)}
        before = first.claim(ClaimRequest(ident=1, limit=4, **paced))
        after = second.claim(ClaimRequest(ident=1, limit=4, **paced))
        assert before.delay == 0
        # Counted from the first send time, since the machine may take long between the two.
        assert after.now + after.delay >= before.now + 4 * before.gap - 0.001


def test_a_run_says_how_long_it_waits_for_others(database_url: str, client: AsyncClient) -> None:
    """Nobody can tell whether a worker that was killed still sends, before the lease of its claim has ended."""
    waits: list[Event] = []

    def take(event: Event) -> None:
        if event.kind == "waiting":
            waits.append(event)
            campaign.stop()

    content = Content(kind="text", sender="Shop", message="Hi")
    with Campaign.create(
        "other", [{"tel": "09011112222"}, {"tel": "09011112223"}], content, store=database_url
    ) as campaign:
        campaign.ledger.join("account")
        campaign.ledger.claim(ClaimRequest(ident=7, limit=1, limits=Limits(lease=30.0), account="account"))
        campaign.ledger.leave()
        campaign.run(client, on_event=take)
    assert [event.reason.code for event in waits] == ["claimed"]
    assert "until others have sent what they claimed: 2" in str(waits[0].reason)
