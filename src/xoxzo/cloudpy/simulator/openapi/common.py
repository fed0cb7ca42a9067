"""Fields that several chapters share (API sections 1.8 and 2.1)."""

from __future__ import annotations

from xoxzo.cloudpy.simulator.openapi.shapes import NUMBER, Json, flag, text

STAMP_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$"

RECIPIENT = text(
    "A phone number in E.164 with its +; Japanese ones without the trunk 0.",
    pattern=r"^\+[1-9][0-9]{6,14}$",
    examples=[NUMBER],
)
SENDER = text(
    "What the phone shows: letters and digits, at most 10; digits alone, at most 15. Carriers may replace it.",
    pattern=r"^\+?([0-9]{1,15}|[A-Za-z0-9]{1,10})$",
)
CALLER = text(
    "The number that the phone shows, with or without its +. Carriers may replace it.", pattern=r"^\+?[0-9]{1,15}$"
)
TAGS = text("Words of your own, separated by commas. They come back as a list.")


def stamp(description: str) -> Json:
    """Return the schema of a moment: UTC, with no zone mark (API section 1.8)."""
    return text(f"{description} UTC, whole seconds.", pattern=STAMP_PATTERN)


def url(description: str) -> Json:
    """Return the schema of an address that the service will call."""
    return text(f"{description} An absolute http or https URL.", format="uri", maxLength=2000)


SMS_OPTIONS: dict[str, Json] = {
    "callbackurl": url("Is posted the delivery report."),
    "tags": TAGS,
    "track_link": flag("Puts a short address in place of the first link of the text, and counts clicks on it."),
    "lt_callbackurl": url("Is called at the first click on a tracked link."),
    "jp_kp": flag("Sends by the K-premium route (Japan only); needs `jp_kp_sender`."),
    "jp_kpl": flag("Sends by K-premium Lite (Japan only); needs `jp_kp_sender` and excludes `jp_kp`."),
    "jp_kp_sender": text("The registered sender of a K-premium message.", pattern="^[0-9]{1,15}$"),
}
