"""Check phone numbers for Xoxzo, and convert typed numbers to E.164.

`recipient_error` and `caller_error` check the format only; every send calls them. `parse` needs the extra
``phone`` (``pip install "xoxzo-cloudpy[phone]"``), whose library ``phonenumbers`` is imported by its first call.
"""

from __future__ import annotations

from xoxzo.cloudpy.phone.parsed import Assumption, Kind, Note, ParsedNumber
from xoxzo.cloudpy.phone.parsing import parse
from xoxzo.cloudpy.phone.rules import caller_error, recipient_error

__all__ = ["Assumption", "Kind", "Note", "ParsedNumber", "caller_error", "parse", "recipient_error"]
