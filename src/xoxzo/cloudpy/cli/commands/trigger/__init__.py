"""`xoxzo trigger`: sends a callback to a URL."""
