"""The signals of callbacks. Each fires once per event, and again after a receiver raised an exception.

All have ``event``, and all but ``incoming_call`` have ``delivery``, the row of the delivery log. The sender is the
class of the event. Receivers run during the request, so do long work in a task queue.
"""

from __future__ import annotations

from django.dispatch import Signal

message_status = Signal()
"""The status of an SMS has changed: ``event`` is a ``DeliveryReport``."""

call_ended = Signal()
"""A call or a conference has ended: ``event`` is a ``CallEnded``."""

link_clicked = Signal()
"""A tracked link was opened for the first time: ``event`` is a ``LinkClicked``."""

incoming_call = Signal()
"""A caller dials a dial-in number: ``event`` is an ``IncomingCall``. The first action of a receiver is the answer."""

incoming_sms = Signal()
"""An SMS came in: ``event`` is an ``IncomingSMS``."""

outbox_sent = Signal()
"""Xoxzo has accepted a message or call of the outbox, which is ``message``. This and those below are not repeated."""

outbox_delivered = Signal()
"""It was delivered, or the call was answered."""

outbox_failed = Signal()
"""It will not arrive: the carrier has failed, Xoxzo has refused it, nobody has answered, or it has expired."""

outbox_unknown = Signal()
"""It may have been sent, and this is not known yet: another signal follows when it is."""
