"""Prometheus alerts as SMS, or as calls that go on until somebody answers: what stands behind `xoxzo alertmanager`.

Alertmanager posts its notifications here. Each group that fires is an *incident*, and leads somebody through a list of
steps until it is acknowledged or resolved. What happens next is decided by pure functions (`escalation`); a small file
(`store`) remembers it over a restart; `receiver` does it.
"""
