"""The tables of a ledger and every statement that changes it, each once, in the SQL that SQLite and PostgreSQL share.

A change is a list of statements. SQLite runs them in one transaction, PostgreSQL as one message, so that a worker that
is stopped in between never keeps the campaign locked. Before the first statement both have locked the campaign; so each
statement sees what all earlier changes have committed, and no two changes can wait for each other.

Times are seconds since 1970, costs millionths of a credit, states the numbers of `records.State`. ``{now}`` stands for
the time of the ledger's clock, ``{ahead}`` for the seconds it is ahead of the clock on the wall, and ``{hash}``
for what stands for the number of ``r`` in the opt-out list, which all campaigns of a store share. It may change between
two statements, so that one statement decides for the others.
"""

from __future__ import annotations

# ruff: noqa: S608 - made of constants; what varies is a parameter

TABLES = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    # Recipients never change.
    """CREATE TABLE recipient (n BIGINT NOT NULL, number TEXT NOT NULL, variables TEXT NOT NULL, parts BIGINT NOT NULL,
    cost BIGINT, zone TEXT, line BIGINT NOT NULL)""",
    # Whom a worker sends to: recipients from the first to the last for the first time, or those whose row in `pending`
    # names the claim. What has no outcome of the claim when the lease has ended may have been sent.
    """CREATE TABLE claim (id BIGINT PRIMARY KEY, at DOUBLE PRECISION NOT NULL, lease_until DOUBLE PRECISION NOT NULL,
    first BIGINT NOT NULL, last BIGINT NOT NULL, remaining BIGINT NOT NULL)""",
    "CREATE INDEX claim_open ON claim (lease_until) WHERE remaining > 0",
    # What became of recipients, appended: `before` is the state before, `changed` whether this one has replaced it.
    """CREATE TABLE outcome (ident {serial}, n BIGINT NOT NULL, claim BIGINT NOT NULL,
    state BIGINT NOT NULL, before BIGINT, changed BIGINT NOT NULL, msgid TEXT NOT NULL, error TEXT NOT NULL,
    at DOUBLE PRECISION NOT NULL, began DOUBLE PRECISION NOT NULL, cost BIGINT, retry_at DOUBLE PRECISION NOT NULL)""",
    "CREATE INDEX outcome_n ON outcome (n, ident)",
    # Recipients that need attention: unknown ones (with the claim that has left them so), and those to be tried again
    # (with the claim that tries them now).
    """CREATE TABLE pending (n BIGINT PRIMARY KEY, state BIGINT NOT NULL, claim BIGINT NOT NULL,
    retry_at DOUBLE PRECISION NOT NULL, began DOUBLE PRECISION NOT NULL, ended DOUBLE PRECISION NOT NULL,
    error TEXT NOT NULL)""",
    "CREATE INDEX pending_due ON pending (state, retry_at)",
    "CREATE TABLE click (n BIGINT PRIMARY KEY, at DOUBLE PRECISION NOT NULL)",
    "CREATE TABLE tally (state BIGINT PRIMARY KEY, count BIGINT NOT NULL)",
    # One row, which every change locks. Nothing in it is indexed, so that PostgreSQL updates it in place.
    """CREATE TABLE progress (total BIGINT NOT NULL, next_n BIGINT NOT NULL, reserved BIGINT NOT NULL,
    charged BIGINT NOT NULL, last_sent DOUBLE PRECISION NOT NULL, given_up DOUBLE PRECISION NOT NULL,
    results TEXT NOT NULL, last_error TEXT NOT NULL, now DOUBLE PRECISION NOT NULL, mark BIGINT NOT NULL,
    room BIGINT NOT NULL, last BIGINT NOT NULL, first BIGINT NOT NULL, start DOUBLE PRECISION NOT NULL,
    over_budget BIGINT NOT NULL, reconciled DOUBLE PRECISION NOT NULL)""",
    "INSERT INTO tally (state, count) VALUES (0,0),(1,0),(2,0),(3,0),(4,0),(5,0),(6,0),(7,0)",
    "INSERT INTO progress VALUES (0,0,0,0,0,0,'','',0,0,0,0,0,0,0,0)",
)
ACCOUNT_TABLE = """CREATE TABLE IF NOT EXISTS account (id TEXT PRIMARY KEY, next_at DOUBLE PRECISION NOT NULL,
    paused_until DOUBLE PRECISION NOT NULL)"""
RECIPIENT_COLUMNS = "n, number, variables, parts, cost, zone, line"

_OUTCOME = "INSERT INTO outcome (n, claim, state, before, changed, msgid, error, at, began, cost, retry_at)"
# Both ends: with one alone PostgreSQL expects a third of the table and reads all of it.
_MARK = "ident > (SELECT mark FROM progress) AND ident <= (SELECT mark FROM progress) + 1000000"
OPT_OUTS = """opt_out s WHERE s.hash = {hash} AND (s.campaign = ''
    OR '"' || s.campaign || '"' = (SELECT value FROM meta WHERE name = 'uid'))"""
"""Selects what the opt-out list has about the recipient ``r``, for all campaigns or for this one."""
# A number is hashed only if there is anything to compare with.
SUPPRESSED = f"(EXISTS (SELECT 1 FROM opt_out) AND EXISTS (SELECT 1 FROM {OPT_OUTS}))"
"""Whether the recipient ``r`` is on the opt-out list."""
_UID = "(SELECT replace(value, '\"', '') FROM meta WHERE name = 'uid')"
# One look for each recipient, whatever the planner expects: a subquery in `EXISTS` could read all contacts instead.
_CONTACTED = f"""coalesce((SELECT max(c.at) FROM contact c WHERE c.hash = {{hash}} AND c.campaign <> {_UID}), 0)
    > {{now}} - {{ahead}} - """
LEFT_OUT = f"({SUPPRESSED} OR {{contacted}})"
"""Whether the recipient ``r`` is left out; ``{contacted}`` stands for what `contacted_within` returns."""


def contacted_within(seconds: float | None) -> str:
    """Return the condition that another campaign may have sent to the recipient ``r`` within some seconds."""
    return f"{_CONTACTED}{float(seconds)!r}" if seconds else "1 = 0"


_IN_FLIGHT = "EXISTS (SELECT 1 FROM claim WHERE remaining > 0)"
_UNSETTLED = "(SELECT max(ended) FROM pending WHERE state = 3 AND ended > given_up)"

START = ("UPDATE progress SET now = {now}, mark = coalesce((SELECT max(ident) FROM outcome), 0)",)
"""Reads the clock, and marks where the outcomes of this change begin."""

APPLY = (
    # Who is pending has an earlier outcome.
    f"""DELETE FROM pending WHERE n IN (SELECT n FROM outcome
    WHERE {_MARK} AND before IS NOT NULL AND changed = 1 AND state NOT IN (0, 3))""",
    # The sum keeps SQLite from going through all outcomes in the order of their index.
    f"""INSERT INTO pending (n, state, claim, retry_at, began, ended, error)
    SELECT n, state, CASE WHEN state = 3 THEN claim ELSE 0 END, retry_at, began, at, error FROM outcome
    WHERE {_MARK} AND changed = 1 AND state IN (0, 3) ORDER BY n + 0
    ON CONFLICT (n) DO UPDATE SET state = excluded.state, claim = excluded.claim, retry_at = excluded.retry_at,
    began = excluded.began, ended = excluded.ended, error = excluded.error""",
    f"""UPDATE claim SET remaining = remaining - (SELECT count(*) FROM outcome WHERE {_MARK} AND claim = claim.id)
    WHERE remaining > 0 AND id IN (SELECT claim FROM outcome WHERE {_MARK})""",
    f"""UPDATE tally SET count = count
    + (SELECT count(*) FROM outcome WHERE {_MARK} AND changed = 1 AND state = tally.state)
    - (SELECT count(*) FROM outcome WHERE {_MARK} AND changed = 1 AND before = tally.state)
    WHERE state IN (SELECT state FROM outcome WHERE {_MARK} UNION SELECT before FROM outcome WHERE {_MARK})""",
    # What was not sent releases its estimated cost.
    f"""UPDATE progress SET
    reserved = reserved - coalesce((SELECT sum(r.cost) FROM outcome o JOIN recipient r ON r.n = o.n
    WHERE {_MARK} AND o.changed = 1 AND o.state IN (0, 2, 6) AND (o.claim > 0 OR o.before = 3)), 0),
    charged = charged + coalesce((SELECT sum(cost) FROM outcome WHERE {_MARK}), 0),
    last_sent = coalesce((SELECT max(at) FROM outcome WHERE {_MARK} AND claim > 0 AND state IN (1, 4, 5)
    AND at > last_sent), last_sent)""",
)
"""Applies the outcomes of this change to everything that follows from them."""

ADD_OUTCOMES = f"""WITH new (n, claim, state, msgid, error, at, began, cost, retry_at) AS (VALUES {{rows}})
    {_OUTCOME}
    SELECT n, claim, CASE WHEN changed = 1 THEN state ELSE before END, before, changed, msgid, error, at, began,
    cost, retry_at FROM (
        SELECT known.*, CASE
            WHEN before IS NULL THEN 1
            -- A worker whose lease has ended may still know that something was not sent, unless another has it.
            WHEN state = 0 AND claim > 0 THEN CASE WHEN held_by = claim THEN 1 ELSE 0 END
            -- Its attempt may have lasted longer than its lease.
            WHEN state = 3 AND before = 3 THEN CASE WHEN held_by = claim THEN 1 ELSE 0 END
            WHEN state IN (0, 7) THEN CASE WHEN before = 3 THEN 1 ELSE 0 END
            WHEN before IN (0, 3) THEN 1
            WHEN before IN (2, 6, 7) AND state IN (1, 4, 5) THEN 1
            WHEN before = 1 AND state IN (4, 5) THEN 1
            ELSE 0 END AS changed
        FROM (
            SELECT CAST(new.n AS BIGINT) AS n, CAST(new.claim AS BIGINT) AS claim, CAST(new.state AS BIGINT) AS state,
            new.msgid, new.error, CAST(new.at AS DOUBLE PRECISION) AS at, CAST(new.began AS DOUBLE PRECISION) AS began,
            CAST(new.cost AS BIGINT) AS cost, CAST(new.retry_at AS DOUBLE PRECISION) AS retry_at,
            (SELECT o.state FROM outcome o WHERE o.n = new.n ORDER BY o.ident DESC LIMIT 1) AS before,
            (SELECT p.claim FROM pending p WHERE p.n = new.n) AS held_by
            FROM new {{whole}}
        ) AS known {{whole}}
    ) AS decided
    WHERE CASE
        -- A worker may record an outcome twice, when it does not know whether the first time has lasted.
        WHEN claim > 0 THEN before IS NULL OR NOT EXISTS (SELECT 1 FROM outcome o
        WHERE o.n = decided.n AND o.claim = decided.claim AND o.error <> 'process_ended')
        -- What is reported about a recipient that was never claimed was not sent by this campaign.
        WHEN before IS NULL THEN n <= (SELECT next_n FROM progress)
        ELSE changed = 1 END"""
"""Appends outcomes. A certain state is never replaced by a less certain one, whatever comes when.

``{whole}`` stands for what keeps PostgreSQL from computing the columns of a subquery wherever they are used.
"""

NOTE_RESULTS = """UPDATE progress SET
    results = substr(results || :results, CASE WHEN length(results || :results) > 100
    THEN length(results || :results) - 99 ELSE 1 END),
    last_error = CASE WHEN :last_error = '' THEN last_error ELSE :last_error END"""
"""Notes which of the last hundred messages have failed: ``1`` for each that has not, ``0`` for each that has."""

CHANGED = f"SELECT count(*) FROM outcome WHERE {_MARK} AND changed = 1"


def end_claims(state: int, error: str, which: str, at: str) -> tuple[str, ...]:
    """Return the statements that give all recipients of some claims ``c`` that have no outcome yet the same one."""
    null = "CAST(NULL AS BIGINT)"
    values = f"c.id, {state}, {{before}}, 1, '', '{error}', {at}, {'c.at' if state else '0'}, {null}, {at}"
    return (
        f"""{_OUTCOME}
        SELECT r.n, {values.format(before=null)} FROM claim c JOIN recipient r ON r.n BETWEEN c.first AND c.last
        WHERE c.remaining > 0 AND {which} AND NOT EXISTS (SELECT 1 FROM outcome o WHERE o.n = r.n)
        UNION ALL SELECT p.n, {values.format(before="0")} FROM claim c JOIN pending p ON p.claim = c.id AND p.state = 0
        WHERE c.remaining > 0 AND {which}""",
        f"UPDATE claim SET remaining = 0 WHERE id IN (SELECT c.id FROM claim c WHERE c.remaining > 0 AND {which})",
    )


_LAPSED = "c.lease_until < (SELECT now FROM progress)"
# Whoever had them may have sent until the lease's end, and this is what the settling time counts from.
SWEEP = (*START, *end_claims(3, "process_ended", _LAPSED, "c.lease_until"), *APPLY, CHANGED)
"""Makes unknown what claims have left whose lease has ended, never waiting: it is reconciled, and not sent again."""
GIVE_BACK = (*START, *end_claims(0, "not_started", "c.id = :claim", "(SELECT now FROM progress)"), *APPLY)
"""Makes everything waiting again that is left of a claim; only for one from which nothing was started."""

CATCH_UP = (
    *START,
    f"""{_OUTCOME}
    SELECT r.n, 0, 3, CASE WHEN EXISTS (SELECT 1 FROM pending p WHERE p.n = r.n) THEN 0 END, 1, '', 'records_lost',
    (SELECT now FROM progress), :began, NULL, 0 FROM recipient r
    WHERE (r.n > (SELECT next_n FROM progress) AND r.n <= :last)
    OR r.n IN (SELECT n FROM pending WHERE state = 0 AND claim = 0)""",
    *APPLY,
    f"""UPDATE progress SET next_n = CASE WHEN next_n < :last THEN :last ELSE next_n END, reserved = reserved
    + coalesce((SELECT sum(r.cost) FROM recipient r JOIN outcome o ON o.n = r.n WHERE {_MARK}), 0)""",
    CHANGED,
)
"""Makes unknown who may have been sent to since a moment, when records are lost: all up to a position who wait."""
LOSE_RECORDS = (*START, *end_claims(3, "process_ended", "1 = 1", "(SELECT now FROM progress)"), *APPLY, *CATCH_UP)
"""Does so, also for what is claimed; only where nobody works."""

_DUE = "p.state = 0 AND p.claim = 0 AND p.retry_at <= (SELECT now FROM progress)"
_RANGE = "r.n BETWEEN (SELECT first FROM progress) AND (SELECT next_n FROM progress)"
_HOLD = "(SELECT CAST(value AS BIGINT) FROM meta WHERE name = 'hold')"
_HOURS = "WITH hours (zone, opens, closes) AS (VALUES {zones})"
# The clock of a ledger in a file is never set back, so it may be ahead of the one on the wall, which people live by.
_WALL = "((SELECT now FROM progress) - {ahead})"
_IS_CLOSED = f"""EXISTS (SELECT 1 FROM hours h WHERE h.zone = coalesce(r.zone, '')
    AND NOT ({_WALL} >= h.opens AND {_WALL} < h.closes))"""
_WHY_LEFT_OUT = f"CASE WHEN {SUPPRESSED} THEN 'suppressed' ELSE 'contacted' END"
_OPENS = f"CASE WHEN h.opens > {_WALL} THEN h.opens + {{ahead}} ELSE (SELECT now FROM progress) + 1 END"
_CLAIMED = f"""SELECT {{}} FROM recipient r WHERE {_RANGE} AND n NOT IN (SELECT n FROM outcome WHERE {_MARK})
    UNION ALL SELECT {{}} FROM recipient r
    WHERE n IN (SELECT n FROM pending WHERE claim = :claim AND state = 0)"""
# Why nothing may be claimed at all: on request, after the end, by another schedule, while too many fail, and while the
# account is paused or its send times are taken.
_REFUSAL = """CASE
    WHEN EXISTS (SELECT 1 FROM meta WHERE name = 'requested' AND value = '"pause"') THEN 'pause'
    WHEN EXISTS (SELECT 1 FROM meta WHERE name = 'requested' AND value = '"cancel"') THEN 'cancel'
    WHEN EXISTS (SELECT 1 FROM meta WHERE name = 'state' AND value IN ('"cancelled"', '"purged"')) THEN 'cancel'
    WHEN EXISTS (SELECT 1 FROM meta WHERE name = 'schedule' AND value <> :schedule) THEN 'rescheduled'
    WHEN length(results) >= 20 AND length(replace(results, '1', '')) > length(results) * :stop_share THEN 'failures'
    WHEN start > now + :horizon THEN 'throttled' END"""

CLAIM = (
    *START,
    # How many may be taken now: one alone until one was certainly sent, so that the sent list shows its tags.
    """UPDATE progress SET first = next_n + 1, over_budget = 0,
    start = coalesce((SELECT CASE WHEN paused_until > next_at THEN paused_until ELSE next_at END
    FROM account WHERE id = :account AND (next_at > now OR paused_until > now)), now)""",
    f"""UPDATE progress SET room = CASE WHEN {_REFUSAL} IS NOT NULL THEN 0
    WHEN last_sent > 0 OR :alone = 0 THEN :limit
    WHEN {_IN_FLIGHT} THEN 0
    ELSE 1 END""",
    # The canaries at the end of the list stay back until nothing is open or unknown. When what is unknown has settled,
    # one of them goes, as proof that the sent list shows what came after.
    f"""UPDATE progress SET last = CASE
    WHEN room = 0 THEN next_n
    WHEN next_n < total - :canaries THEN CASE WHEN next_n + room < total - :canaries THEN next_n + room
    ELSE total - :canaries END
    WHEN {_IN_FLIGHT} OR EXISTS (SELECT 1 FROM pending WHERE state = 0) THEN next_n
    WHEN {_UNSETTLED} IS NULL THEN CASE WHEN next_n + room < total THEN next_n + room ELSE total END
    WHEN now > {_UNSETTLED} + :settle AND last_sent <= {_UNSETTLED} + :settle AND next_n < total THEN next_n + 1
    ELSE next_n END""",
    # After the first recipients, the run stops for a look at their outcomes.
    f"UPDATE progress SET last = {_HOLD} WHERE last > {_HOLD}",
    # Those that are due for another attempt; if there are none, the next ones of the list.
    f"""{_OUTCOME}
    SELECT p.n, 0, 6, 0, 1, '', {_WHY_LEFT_OUT}, (SELECT now FROM progress), 0, NULL, 0
    FROM pending p JOIN recipient r ON r.n = p.n
    WHERE (SELECT room FROM progress) > 0 AND {_DUE} AND {LEFT_OUT}""",
    f"DELETE FROM pending WHERE n IN (SELECT n FROM outcome WHERE {_MARK})",
    f"""{_HOURS} UPDATE pending SET retry_at = (SELECT {_OPENS} FROM hours h JOIN recipient r
    ON r.n = pending.n AND h.zone = coalesce(r.zone, '')) WHERE n IN (
    SELECT p.n FROM pending p JOIN recipient r ON r.n = p.n
    WHERE (SELECT room FROM progress) > 0 AND {_DUE} AND {_IS_CLOSED})""",
    f"""UPDATE pending SET claim = :claim WHERE n IN (
    SELECT n FROM (SELECT p.n, sum(coalesce(r.cost, 0)) OVER (ORDER BY p.n) AS cost
    FROM (SELECT p.n FROM pending p WHERE {_DUE} ORDER BY p.n LIMIT (SELECT room FROM progress)) AS p
    JOIN recipient r ON r.n = p.n) AS due
    WHERE CAST(:budget AS BIGINT) IS NULL OR (SELECT reserved FROM progress) + due.cost <= CAST(:budget AS BIGINT))""",
    f"""UPDATE progress SET over_budget = 1 WHERE NOT EXISTS (SELECT 1 FROM pending WHERE claim = :claim)
    AND room > 0 AND EXISTS (SELECT 1 FROM pending p WHERE {_DUE})""",
    f"""{_HOURS} UPDATE progress SET next_n = CASE WHEN CAST(:budget AS BIGINT) IS NULL THEN last ELSE coalesce((
    SELECT max(n) FROM (SELECT r.n, sum(CASE WHEN {LEFT_OUT} OR {_IS_CLOSED} THEN 0 ELSE coalesce(r.cost, 0) END)
    OVER (ORDER BY r.n) AS cost FROM recipient r
    WHERE r.n > (SELECT next_n FROM progress) AND r.n <= (SELECT last FROM progress)) AS wanted
    WHERE (SELECT reserved FROM progress) + wanted.cost <= CAST(:budget AS BIGINT)), next_n) END
    WHERE over_budget = 0 AND NOT EXISTS (SELECT 1 FROM pending WHERE claim = :claim)""",
    """UPDATE progress SET over_budget = 1 WHERE next_n < last
    AND NOT EXISTS (SELECT 1 FROM pending WHERE claim = :claim)""",
    """INSERT INTO claim (id, at, lease_until, first, last, remaining)
    SELECT :claim, now, now + :lease, first, next_n,
    next_n - first + 1 + (SELECT count(*) FROM pending WHERE claim = :claim) FROM progress
    WHERE next_n >= first OR EXISTS (SELECT 1 FROM pending WHERE claim = :claim)""",
    f"""UPDATE progress SET reserved = reserved
    + coalesce((SELECT sum(r.cost) FROM recipient r WHERE {_RANGE}), 0)
    + coalesce((SELECT sum(r.cost) FROM recipient r JOIN pending p ON p.n = r.n WHERE p.claim = :claim), 0)""",
    f"""{_OUTCOME}
    SELECT r.n, :claim, 6, NULL, 1, '', {_WHY_LEFT_OUT}, (SELECT now FROM progress), 0, NULL, 0 FROM recipient r
    WHERE {_RANGE} AND {LEFT_OUT}""",
    f"""{_HOURS} {_OUTCOME}
    SELECT r.n, :claim, 0, NULL, 1, '', 'outside_hours', (SELECT now FROM progress), 0, NULL,
    (SELECT {_OPENS} FROM hours h WHERE h.zone = coalesce(r.zone, '')) FROM recipient r
    WHERE {_RANGE} AND {_IS_CLOSED} AND r.n NOT IN (SELECT n FROM outcome WHERE {_MARK})""",
    *APPLY,
    # Send times follow each other at the account's rate, over all campaigns and workers.
    """UPDATE account SET next_at = (SELECT start FROM progress)
    + :gap * (SELECT remaining FROM claim WHERE id = :claim)
    WHERE id = :account AND :gap > 0 AND EXISTS (SELECT 1 FROM claim WHERE id = :claim AND remaining > 0)""",
    f"""SELECT now, start, results, last_error, (SELECT count(*) FROM outcome WHERE {_MARK} AND state = 6),
    (SELECT paused_until FROM account WHERE id = :account),
    coalesce({_REFUSAL}, CASE WHEN over_budget = 1 THEN 'budget' WHEN {_IN_FLIGHT} THEN 'in_flight'
    WHEN EXISTS (SELECT 1 FROM pending WHERE state = 0 AND claim = 0) THEN 'retry' WHEN next_n >= total THEN 'done'
    WHEN next_n >= {_HOLD} THEN 'first' ELSE 'unknown' END),
    (SELECT min(retry_at) FROM pending WHERE state = 0 AND claim = 0),
    (SELECT max(lease_until) FROM claim WHERE remaining > 0), {_UNSETTLED} FROM progress""",
    f"{_CLAIMED.format(RECIPIENT_COLUMNS, RECIPIENT_COLUMNS)} ORDER BY 1",
)
"""Claims recipients, and returns them last; the result before says why none was claimed."""

ADD_CONTACTS = f"""INSERT INTO contact (hash, campaign, at) SELECT {{hash}}, {_UID}, {{now}} FROM
    ({_CLAIMED.format("number", "number")}) AS r"""
"""Adds those who were claimed to the contacts, where these are in the same database."""
# A person who has something sent again that is unknown does not know that it was not sent.
UNSENT = f"""SELECT {{hash}} FROM outcome o JOIN recipient r ON r.n = o.n
    WHERE {_MARK} AND o.changed = 1 AND o.state IN (0, 2) AND o.error <> 'resend_requested'"""
"""Selects the hashes of those who were not sent to, by the outcomes of this change."""
DELETE_CONTACTS = f"DELETE FROM contact WHERE campaign = {_UID} AND hash IN ({UNSENT})"
"""Deletes their contacts, where these are in the same database."""

RESERVE = (
    """UPDATE account SET next_at = CASE WHEN next_at > {now} AND next_at > paused_until THEN next_at
    WHEN paused_until > {now} THEN paused_until ELSE {now} END + :gap * :count WHERE id = :account""",
    "SELECT next_at - :gap * :count - {now} FROM account WHERE id = :account",
)
"""Reserves send times again, and shows in how many seconds the first one is."""
# Nothing refers to a recipient who was never claimed: so those to be sent to first can still change their positions.
_UNMOVED = "(SELECT next_n FROM progress) = :next_n"
SWAP = (
    f"UPDATE recipient SET n = -:one WHERE n = :one AND {_UNMOVED}",
    f"UPDATE recipient SET n = :one WHERE n = :other AND {_UNMOVED}",
    f"UPDATE recipient SET n = :other WHERE n = -:one AND {_UNMOVED}",
)
"""Exchanges two positions, if nobody has been claimed meanwhile."""
HOLD = f"""INSERT INTO meta SELECT 'hold', :value FROM progress WHERE {_UNMOVED}
    ON CONFLICT (name) DO UPDATE SET value = excluded.value"""
"""Lets nobody be claimed after a position, if nobody has been claimed meanwhile."""
RESCHEDULE = "UPDATE pending SET retry_at = {now} WHERE state = 0 AND claim = 0 AND retry_at > {now}"
"""Lets everybody who waits for a time be looked at again, by a new schedule."""
PAUSE_ACCOUNT = """UPDATE account SET paused_until = {now} + :seconds
    WHERE id = :account AND paused_until < {now} + :seconds"""
PURGE = (
    "UPDATE outcome SET msgid = ''",
    "UPDATE recipient SET number = CAST(n AS TEXT), variables = '{}', line = 0",
    "SELECT count(*) FROM recipient",
)
