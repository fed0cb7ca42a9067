"""How long a text is, what makes it long, and what sending it costs.

`measure` counts as Xoxzo bills (API section 2.4). `encoding` counts as the mobile network carries a text, which is
another rule: it shows what a carrier may do with it, not what it costs. `estimate` gives the credits (API section 1.7).
"""

from __future__ import annotations

from xoxzo.cloudpy.text.alphabet import ForcingCharacter, TextEncoding, encoding
from xoxzo.cloudpy.text.cost import CostEstimate, estimate
from xoxzo.cloudpy.text.length import TextLength, measure

__all__ = ["CostEstimate", "ForcingCharacter", "TextEncoding", "TextLength", "encoding", "estimate", "measure"]
