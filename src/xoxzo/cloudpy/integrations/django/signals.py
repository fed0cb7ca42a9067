"""What can be listened to. Each signal is sent once for each callback, and again if a receiver raised.

All have ``event``, what was received, and all but ``incoming_call`` have ``delivery``, the row of the delivery log. The
sender is the class of the event. Receivers run in the request, so what takes long belongs into a task.
"""

from django.dispatch import Signal

message_status = Signal()
"""An SMS has moved on: ``event`` is a ``DeliveryReport``."""

call_ended = Signal()
"""A call or a conference is over: ``event`` is a ``CallEnded``."""

link_clicked = Signal()
"""A tracked link was opened for the first time: ``event`` is a ``LinkClicked``."""

incoming_call = Signal()
"""A dial-in number rings: ``event`` is an ``IncomingCall``. The first receiver that returns an action answers."""

incoming_sms = Signal()
"""An SMS came in: ``event`` is an ``IncomingSMS``."""
