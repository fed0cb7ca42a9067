"""The whole API as an OpenAPI 3.1 document, made from one description; it has nothing to do with the rules themselves.

`document` makes it; `closed` makes it a test's, which takes what it does not name for a fault. The chapters (`sms`,
`templates`, `numbers` …) hold the endpoints.
"""

from .document import document
from .strict import closed

__all__ = ["closed", "document"]
