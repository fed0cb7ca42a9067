"""Sending many SMS one after another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xoxzo.cloudpy.client import logs
from xoxzo.cloudpy.client.send_results import SendResult, SendResults
from xoxzo.cloudpy.errors import APIError, AuthenticationFailed, ConfigurationError, InvalidArgument, NotEnoughCredits

if TYPE_CHECKING:
    from collections.abc import Callable

    from xoxzo.cloudpy.client.drivers import AsyncDriver
    from xoxzo.cloudpy.operations.sms import PreparedSms


async def send_prepared(
    driver: AsyncDriver, prepared: list[PreparedSms], on_result: Callable[[SendResult], object] | None
) -> SendResults:
    """Send one message after another; stop at an error after which no message can be sent.

    Args:
        driver: makes the calls.
        prepared: what :func:`~xoxzo.cloudpy.operations.sms.prepare_many` returns.
        on_result: called with each result as soon as it is known; what it raises is logged.
    """
    results: list[SendResult] = []
    stopped_by: AuthenticationFailed | NotEnoughCredits | ConfigurationError | None = None
    for recipient, operation in prepared:
        result = SendResult(recipient=recipient, status="not_tried")
        if isinstance(operation, InvalidArgument):
            result = SendResult(recipient=recipient, status="refused", error=operation)
        elif stopped_by is None:
            try:
                sent = await driver.call(operation)
                result = SendResult(recipient=recipient, status="sent", sent=sent)
            except ConfigurationError as error:
                stopped_by = error
            except (APIError, InvalidArgument) as error:
                unknown = isinstance(error, APIError) and error.maybe_sent
                result = SendResult(recipient=recipient, status="unknown" if unknown else "refused", error=error)
                if isinstance(error, AuthenticationFailed | NotEnoughCredits):
                    stopped_by = error
        results.append(result)
        if on_result is not None:
            try:
                on_result(result)
            except Exception:  # noqa: BLE001 - whatever it is, what was sent has to be reported
                logs.logger.exception("on_result failed")
    return SendResults(results=tuple(results), stopped_by=stopped_by)
