"""What the shop does when Xoxzo tells something."""

from django.dispatch import receiver

from xoxzo.cloudpy.callbacks import DeliveryReport, IncomingCall, Say
from xoxzo.cloudpy.integrations.django.models import Delivery
from xoxzo.cloudpy.integrations.django.signals import incoming_call, message_status


@receiver(message_status)
def reminded(event: DeliveryReport, delivery: Delivery, **_more: object) -> None:
    """Note what became of a reminder: once for each report, since the log absorbs repeats."""
    print(f"booking {delivery.reference}: {event.status}")


@receiver(incoming_call)
def answer(event: IncomingCall, **_more: object) -> Say:
    """Answer the shop's dial-in number."""
    if event.is_anonymous:
        return Say("ja", "番号を通知しておかけ直しください。")
    return Say("ja", "お電話ありがとうございます。")
