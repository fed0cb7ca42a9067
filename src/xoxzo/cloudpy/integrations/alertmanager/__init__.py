"""Notify people of Prometheus alerts by SMS and by calls that repeat until a person answers: `xoxzo alertmanager`.

Alertmanager posts its notifications to `server`. Each firing group is an incident, which goes through an escalation
policy until it is acknowledged or resolved. Pure functions decide what happens (`escalation`, `next_step`), `store`
keeps it on disk, and `receiver` does it.
"""
