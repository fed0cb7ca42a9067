"""Check phone numbers for Xoxzo, and convert typed numbers to E.164.

`objection_to_recipient` and `objection_to_caller` check the format only; every send calls them. `parse` needs the extra
``phone`` (``pip install "xoxzo-cloudpy[phone]"``), whose library ``phonenumbers`` is imported by its first call.
"""

from __future__ import annotations

from xoxzo.cloudpy.phone.parsed import Doubt, Kind, Note, ParsedNumber
from xoxzo.cloudpy.phone.parsing import parse
from xoxzo.cloudpy.phone.rules import objection_to_caller, objection_to_recipient

__all__ = ["Doubt", "Kind", "Note", "ParsedNumber", "objection_to_caller", "objection_to_recipient", "parse"]
