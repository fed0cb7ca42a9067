"""The words that results show to people: titles of fields, statuses, kinds; programs get the API's own names."""

from __future__ import annotations

from xoxzo.cloudpy.common.locale import N_

_FIELDS = (
    *(N_("path"), N_("default"), N_("sender"), N_("caller"), N_("country"), N_("confirm above")),
    *(N_("allowed recipients"), N_("sid"), N_("token"), N_("host"), N_("recipient"), N_("participant")),
    *(N_("participants"), N_("phone number"), N_("status"), N_("result"), N_("error"), N_("reference")),
    *(N_("sent time"), N_("start time"), N_("end time"), N_("duration"), N_("direction"), N_("call type")),
    *(N_("parts"), N_("cost"), N_("credits"), N_("tags"), N_("link tracking"), N_("url"), N_("units"), N_("limit")),
    *(N_("ascii only"), N_("first not ascii"), N_("notes"), N_("assumptions"), N_("as typed"), N_("text"), N_("name")),
    *(N_("approved content"), N_("pending content"), N_("api usage example"), N_("placeholders"), N_("deleted")),
    *(N_("released"), N_("website"), N_("message"), N_("verified"), N_("country code"), N_("prefix"), N_("din")),
    *(N_("sin"), N_("monthly cost"), N_("minute cost"), N_("action url"), N_("found"), N_("carrier"), N_("kind")),
    *(N_("event"), N_("method"), N_("content type"), N_("body"), N_("id"), N_("msgid"), N_("callid")),
    *(N_("conferenceid"), N_("otp id"), N_("din uid"), N_("sin uid"), N_("template id"), N_("e164"), N_("mccmnc")),
    *(N_("template content"),),
)
FIELD_TITLES = {title.replace(" ", "_"): title for title in _FIELDS}
"""The titles of fields, by their names."""
STATUS_WORDS = (
    *(N_("QUEUED"), N_("DELIVERING"), N_("DELIVERED"), N_("FAIL"), N_("IN PROGRESS"), N_("ANSWERED")),
    *(N_("NO ANSWER"), N_("FAILED"), N_("APPROVED"), N_("PENDING"), N_("sent"), N_("started"), N_("rejected")),
    *(N_("may be sent"), N_("not sent"), N_("not tried")),
    *(N_("mobile"), N_("fixed"), N_("fixed_or_mobile"), N_("voip"), N_("toll_free"), N_("pager"), N_("other")),
)
"""Statuses of messages, calls and templates, results of sends, kinds of phone numbers; listed for the catalogue."""
