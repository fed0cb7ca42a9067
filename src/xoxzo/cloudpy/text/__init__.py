"""Compute the length, the encoding and the price of a text.

`measure` counts the SMS parts that Xoxzo charges (API section 2.4). `estimate` returns their price in credits (API
section 1.7). `encoding` counts the segments that the mobile network sends; Xoxzo does not charge by those.
"""

from __future__ import annotations

from xoxzo.cloudpy.text.alphabet import ForcingCharacter, TextEncoding, encoding
from xoxzo.cloudpy.text.parts import CostEstimate, TextLength, estimate, measure

__all__ = ["CostEstimate", "ForcingCharacter", "TextEncoding", "TextLength", "encoding", "estimate", "measure"]
