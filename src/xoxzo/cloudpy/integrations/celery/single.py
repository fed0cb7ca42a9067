"""The tasks that send one message or start one call.

Celery delivers a task again when a worker dies, and now and then while it is still running. So each attempt is marked
in the result backend before its request is made, and an attempt that has a mark is never made again: its outcome
is looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from celery import Task, current_task, shared_task
from celery.exceptions import Ignore
from celery.states import FAILURE, PENDING, SUCCESS

from xoxzo.cloudpy.campaigns.records import State
from xoxzo.cloudpy.campaigns.sending.rules import classify_error
from xoxzo.cloudpy.errors import APIError, ConfigurationError, RateLimited, ResponseLost
from xoxzo.cloudpy.integrations.celery import settings

_MAX_RETRIES = 10
_MAX_WAIT_SECONDS = 1500.0
_BEGUN, _RETRIED = "XOXZO_BEGUN", "XOXZO_RETRIED"
# Backends whose states other processes cannot read.
_UNREADABLE_BACKENDS = ("disabled", "rpc")


class _PrivateTask(Task):  # type: ignore[misc]
    """A task whose arguments are personal data: logs, events and monitors do not show them."""

    abstract = True

    def apply_async(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - Celery's signature
        return super().apply_async(*arguments, **{"argsrepr": "(…)", "kwargsrepr": "{…}", **options})


_OPTIONS: dict[str, Any] = {
    "base": _PrivateTask,
    "acks_late": True,
    "reject_on_worker_lost": True,
    "max_retries": _MAX_RETRIES,
}


@shared_task(name="xoxzo.send_sms", **_OPTIONS)
def send_sms(
    recipient: str,
    message: str = "",
    sender: str | None = None,
    *,
    template: int | None = None,
    variables: Mapping[str, str] | None = None,
    reference: str | None = None,
    **options: Any,  # noqa: ANN401 - what `client.sms.send` takes
) -> dict[str, Any]:
    """Send one SMS. It is never sent again while it may have been sent.

    What had no effect (no connection, 429) is retried up to ten times. In a Django project the SMS backend
    of the setting ``XOXZO`` sends, and updates the delivery log.

    Args:
        recipient: the number, in E.164.
        message: the message; empty if there is a template (API section 2.4 gives its limits).
        sender: at most 10 letters and digits, or 15 digits; by default that of ``install`` or of Django's setting.
        template: the number of an approved template, instead of a message (API section 3.6).
        variables: a value for each of the template's placeholders.
        reference: your own key of this message; by default the task's id. ``client.sms.find`` looks it up.
        options: more arguments of ``client.sms.send`` that JSON can encode, such as ``tags`` or ``track_link``.

    Returns:
        ``{"msgid": …, "reference": …}``.

    Raises:
        InvalidArgument: a value is invalid; nothing was sent.
        APIError: it could not be sent; ``maybe_sent`` says whether it may have been sent nevertheless.
    """
    fields = {"sender": sender or settings.current.sender, "template": template, "variables": variables or {}}

    def send(key: str) -> str:
        sender = _send_with_client if settings.django_conf() is None else _send_with_django
        return sender(options, recipient=recipient, message=message, reference=key, **fields)

    return _attempt("sms.send", "msgid", reference, send)


@shared_task(name="xoxzo.say", **_OPTIONS)
def say(
    recipient: str,
    message: str,
    caller: str,
    *,
    language: str = "ja",
    reference: str | None = None,
    **options: Any,  # noqa: ANN401 - what `client.calls.say` takes
) -> dict[str, Any]:
    """Call a phone and speak a text. It is never called again while it may have rung.

    Args:
        recipient: the number to call, in E.164.
        message: the text to speak.
        caller: the number to show.
        language: of the text: ``ja`` or ``en``.
        reference: your own key of this call; by default the task's id.
        options: more arguments of ``client.calls.say`` that JSON can encode.

    Returns:
        ``{"callid": …, "reference": …}``.

    Raises:
        InvalidArgument: a value is invalid; nothing was called.
        APIError: it could not be called; ``maybe_sent`` says whether the phone may have rung nevertheless.
    """
    spoken = {"tts_message": message, "tts_lang": language}
    return _call("say", {"recipient": recipient, "caller": caller, **spoken, **options}, reference)


@shared_task(name="xoxzo.play", **_OPTIONS)
def play(
    recipient: str,
    recording_url: str,
    caller: str,
    *,
    reference: str | None = None,
    **options: Any,  # noqa: ANN401 - what `client.calls.play` takes
) -> dict[str, Any]:
    """Call a phone and play an mp3; returns and raises what `say` does.

    Args:
        recipient: the number to call, in E.164.
        recording_url: a public mp3, ``http://`` only.
        caller: the number to show.
        reference: your own key of this call; by default the task's id.
        options: more arguments of ``client.calls.play`` that JSON can encode.
    """
    arguments = {"recipient": recipient, "recording_url": recording_url, "caller": caller, **options}
    return _call("play", arguments, reference)


def _call(method: str, arguments: dict[str, Any], reference: str | None) -> dict[str, Any]:
    def send(key: str) -> str:
        if "callback_url" not in arguments:
            arguments["callbacks"] = settings.callbacks()
        callid: str = getattr(settings.client().calls, method)(reference=key, **arguments).callid
        return callid

    return _attempt(f"calls.{method}", "callid", reference, send)


def _send_with_django(options: dict[str, Any], **fields: Any) -> str:  # noqa: ANN401 - those of `SmsMessage`
    from xoxzo.cloudpy.integrations.django.sms import SmsMessage

    message = SmsMessage(options=options, **fields)
    message.send()
    assert message.sent is not None  # noqa: S101 - set by every backend that returns
    return message.sent.msgid


def _send_with_client(options: dict[str, Any], **fields: Any) -> str:  # noqa: ANN401 - those of the client's methods
    template, variables, message = (fields.pop(name) for name in ("template", "variables", "message"))
    if not fields["sender"]:
        raise ConfigurationError("an SMS needs a sender: pass one, or give install() one")
    if "callback_url" not in options:
        fields["callbacks"] = settings.callbacks()
    if template is not None:
        return settings.client().templates.send(template, variables=variables, **fields, **options).msgid
    return settings.client().sms.send(message=message, **fields, **options).msgid


def _attempt(operation: str, name: str, reference: str | None, send: Callable[[str], str]) -> dict[str, Any]:
    """Send once for each attempt, whatever the broker delivers twice; return the id by its `name`, and the key."""
    task = current_task
    key = reference or task.request.id
    # A task that runs where it is called (`task_always_eager`) is delivered once.
    is_unstored = task.request.is_eager and not task.app.conf.task_store_eager_result
    is_readable = not (is_unstored or task.backend.as_uri().startswith(_UNREADABLE_BACKENDS))
    mark = f"{task.request.id}-xoxzo-{task.request.retries}"
    state = task.AsyncResult(mark).state if is_readable else PENDING
    if state == _RETRIED:
        raise Ignore
    is_redelivered = bool((task.request.delivery_info or {}).get("redelivered"))
    if state != PENDING or (is_redelivered and not is_readable):
        return _look_up(operation, key, is_readable=is_readable)
    if is_readable:
        task.backend.store_result(mark, None, _BEGUN)
    try:
        return {name: send(key), "reference": key}
    except APIError as error:
        failure = classify_error(error)
        if failure.state != State.WAITING or failure.stop or task.request.retries >= task.max_retries:
            raise
        wait = error.retry_after if isinstance(error, RateLimited) else None
        seconds = min(wait or 2.0**task.request.retries, _MAX_WAIT_SECONDS)
        retry = task.retry(exc=error, countdown=seconds, throw=False)
        if is_readable:
            # Afterwards: a worker that is killed in between must not lose the message.
            task.backend.store_result(mark, None, _RETRIED)
        raise retry from error


def _look_up(operation: str, reference: str, *, is_readable: bool) -> dict[str, Any]:
    """Return the outcome of an attempt that another delivery of the task has, or may have, started; or raise it."""
    task = current_task
    earlier = task.AsyncResult(task.request.id) if is_readable else None
    if earlier is not None and earlier.state == SUCCESS:
        result: dict[str, Any] = earlier.result
        return result
    if earlier is not None and earlier.state == FAILURE and isinstance(earlier.result, APIError):
        raise earlier.result
    if operation == "sms.send":
        try:
            found = settings.client().sms.find(reference).messages
        except APIError:
            found = ()
        if found:
            return {"msgid": found[0].msgid, "reference": reference}
    raise ResponseLost(
        "the worker ended before it had recorded the outcome",
        operation=operation,
        attempts=task.request.retries + 1,
        maybe_sent=True,
        reference=reference,
    )
