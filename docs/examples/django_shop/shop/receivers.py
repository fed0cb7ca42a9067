"""What the shop does when an event arrives."""

from django.dispatch import receiver

from xoxzo.cloudpy.callbacks import DeliveryReport, IncomingCall, Say
from xoxzo.cloudpy.integrations.django.models import Delivery, OutboxMessage
from xoxzo.cloudpy.integrations.django.signals import incoming_call, message_status, outbox_failed, outbox_unknown


@receiver(message_status)
def reminded(event: DeliveryReport, delivery: Delivery, **_more: object) -> None:
    """Print the status of a reminder. It is called once for each report, because the log ignores repeats."""
    print(f"booking {delivery.reference}: {event.status}")


@receiver(incoming_call)
def answer(event: IncomingCall, **_more: object) -> Say:
    """Answer the shop's dial-in number."""
    if event.is_anonymous:
        return Say("ja", "番号を通知しておかけ直しください。")
    return Say("ja", "お電話ありがとうございます。")


@receiver([outbox_failed, outbox_unknown])
def not_confirmed(message: OutboxMessage, **_more: object) -> None:
    """Print that a confirmation was not sent, or may not have been."""
    print(f"{message.reference}: {message.get_state_display()}")
