"""The records that Xoxzo returns, as frozen, hashable values.

Each record has the server's own record in ``raw``, unknown fields included. A ``repr`` masks phone numbers and leaves
``raw`` and texts out, so that a record may be logged.
"""

from __future__ import annotations

from xoxzo.cloudpy.models.account import *
from xoxzo.cloudpy.models.calls import *
from xoxzo.cloudpy.models.lookup import *
from xoxzo.cloudpy.models.numbers import *
from xoxzo.cloudpy.models.otp import *
from xoxzo.cloudpy.models.sms import *
from xoxzo.cloudpy.models.templates import *
