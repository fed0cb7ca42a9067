"""Which phone numbers Xoxzo takes, and how to get there from what people type.

The two objections cost next to nothing and stand before every send. `parse` needs the extra ``phone``
(``pip install "xoxzo-cloudpy[phone]"``), whose library is loaded by the first call and by nothing else.
"""

from __future__ import annotations

from xoxzo.cloudpy.phone.parsed import Doubt, Kind, Note, ParsedNumber
from xoxzo.cloudpy.phone.parsing import parse
from xoxzo.cloudpy.phone.rules import objection_to_caller, objection_to_recipient

__all__ = ["Doubt", "Kind", "Note", "ParsedNumber", "objection_to_caller", "objection_to_recipient", "parse"]
