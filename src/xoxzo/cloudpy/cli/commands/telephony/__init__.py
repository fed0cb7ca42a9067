"""Commands that call Xoxzo's API."""
