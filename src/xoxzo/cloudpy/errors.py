"""Define every error that this library raises, in one tree.

::

    XoxzoError
    ├── ConfigurationError           no credentials, bad base URL, http:// to a host that is not this machine
    ├── InvalidArgument(ValueError)  an argument was refused before any request; names the field and the rule
    │   └── UnverifiedValueWarning(UserWarning)  a warning: whether Xoxzo takes the value is not known
    ├── APIError                     a request was made, or could not be made
    │   ├── StatusError              the server answered with another status than success
    │   │   ├── BadRequest           400
    │   │   ├── AuthenticationFailed 401
    │   │   ├── NotEnoughCredits     403, because the balance is too low
    │   │   ├── PermissionDenied     403, for another reason
    │   │   ├── NotFound             404
    │   │   ├── RateLimited          429
    │   │   └── ServerError          5xx
    │   ├── ConnectionFailed         no connection could be made: not sent
    │   ├── ResponseLost             the request left, no response came: may have been sent
    │   ├── TimedOut                 a time limit was reached; ``phase`` says which
    │   └── UnexpectedResponse       a success that cannot be read: may have been sent
    ├── CallbackRejected             a callback with a bad token, expired or malformed
    └── CodedError                   distinguished by its code
        ├── CampaignError            a campaign cannot go on
        └── SimulatorError           the simulator cannot do what was asked

Errors are data: a code or a class, and fields. The sentence is made from them last, by ``str(error)`` or, in another
language, by :meth:`XoxzoError.render`; no program needs to read it. All survive pickle, copy and JSON: ``args`` holds
only plain values, and ``type(error)(*error.args)`` makes an equal error, which is how Celery restores a failed task's
exception from its JSON result.

``str(error)`` of an :class:`APIError` names the operation, the status, the request id and the first field error, and
never a phone number, a text or a secret.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, TypedDict, Unpack

from xoxzo.cloudpy.common.masking import mask_sentence

_Phase = Literal["connect", "pool", "write", "read", "deadline"]


class XoxzoError(Exception):
    """The base class: ``except XoxzoError`` catches every error that this library raises.

    Args:
        template: an English sentence; where fields are given, ``{name}`` in it stands for the field of that name.
        fields: the values of an error that came as JSON; its ``code`` among them.
        code: what programs compare, for instance ``fault_not_found``; empty where the class says enough.
        **more: the fields by name. Numbers, texts, lists and mappings stay as they are; anything else becomes text.

    Attributes:
        template: the English sentence, before the fields are filled in.
        code: what programs compare.
        fields: the values by name.
    """

    def __init__(
        self, template: str = "", fields: Mapping[str, Any] | None = None, /, *, code: str = "", **more: object
    ) -> None:
        values = {name: _plain(value) for name, value in {**(fields or {}), **more}.items()}
        self.template = template
        self.code = str(values.pop("code", code))
        self.fields = values
        self._set_args(template, fields=({"code": self.code} if self.code else {}) | values)

    def _set_args(self, *leading: Any, fields: Mapping[str, Any]) -> None:  # noqa: ANN401 - the constructor's arguments
        """Set ``args`` to what rebuilds this error: leading arguments, then all fields as one mapping."""
        self.args = (*leading, _Fields(fields)) if fields else leading

    def render(self, translate: Callable[[str], str] = str) -> str:
        """Return the sentence with its fields filled in.

        Args:
            translate: returns a sentence in the reader's language, as ``gettext`` does.
        """
        template = translate(self.template)
        try:
            return template.format(**self.fields) if self.fields else template
        except (AttributeError, LookupError, TypeError, ValueError):
            # The fields came from another version. An error must always have a text.
            return template

    def __str__(self) -> str:
        return self.render()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions are pickled as cls(*args), which loses notes and what a subclass sets.
        return _restore, (type(self), self.args, self.__dict__)


def _restore(cls: type[XoxzoError], args: tuple[Any, ...], state: dict[str, Any]) -> XoxzoError:
    error = cls.__new__(cls, *args)
    error.__dict__.update(state)
    return error


class _Fields(dict[str, Any]):
    """An error's fields in ``args``: JSON encodes them in full, a ``repr`` shows only their names."""

    def __repr__(self) -> str:
        return f"<fields {', '.join(self)}>"


def _plain(value: Any) -> Any:  # noqa: ANN401 - any field's
    """Return a value that JSON can encode, so that the error survives it."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else str(value)


class ConfigurationError(XoxzoError):
    """The client cannot work as it was set up: no credentials, a bad base URL, a closed client."""


class InvalidArgument(XoxzoError, ValueError):
    """An argument was refused before any request was made, so nothing was sent and nothing was charged.

    Args:
        field: the parameter's name, as in the call.
        template: the rule that it breaks, without the value itself; where fields are given, ``{name}`` in it stands
            for the field of that name.
        fields: as in :class:`XoxzoError`.
        **more: as in :class:`XoxzoError`.

    Attributes:
        field: the parameter's name, as in the call.
        reason: the rule that it breaks, without the value itself.
    """

    def __init__(self, field: str, template: str, fields: Mapping[str, Any] | None = None, /, **more: object) -> None:
        super().__init__(template, {**(fields or {}), **more})
        self.field = field
        self.reason = self.render()
        self.args = (field, *self.args)

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}"


class UnverifiedValueWarning(InvalidArgument, UserWarning):
    """An argument is not as Xoxzo documents it, but programs send such; the request is made, and Xoxzo may refuse it.

    Python shows it once for each value. ``warnings.filterwarnings("ignore", category=UnverifiedValueWarning)`` silences
    it; with ``"error"`` the argument is refused before the request, as by any other :class:`InvalidArgument`.
    """


class _CallFields(TypedDict, total=False):
    """The fields of every :class:`APIError`, as its constructor takes them."""

    operation: str
    request_id: str
    attempts: int
    maybe_sent: bool
    reference: str | None


class _StatusFields(_CallFields, total=False):
    """The fields of a :class:`StatusError`, as its constructor takes them."""

    field_errors: Mapping[str, Sequence[str]] | None
    detail: str | None
    retry_after: float | None


class APIError(XoxzoError):
    """A request was made, or could not be made, and did not succeed.

    Attributes:
        operation: what was called, for instance ``sms.send``.
        request_id: made by us for each call and sent as ``X-Request-Id``; it stands in our log lines too.
        attempts: how many times the request was tried.
        maybe_sent: whether the request may have had its effect: a message may be on its way, a phone may ring, a
            number may be subscribed. ``False`` is a promise that it had none; reads are always ``False``.
        reference: the ``reference`` given with a send, to look it up by; ``None`` when there was none.
        reason: what went wrong, with numbers and quoted texts masked.
    """

    operation: str = ""
    request_id: str = ""
    attempts: int = 1
    maybe_sent: bool = False
    reference: str | None = None

    def __init__(self, reason: str, fields: _CallFields | None = None, /, **more: Unpack[_CallFields]) -> None:
        super().__init__(mask_sentence(reason))
        self.reason = self.template
        values = _chosen(_CallFields.__annotations__, {**(fields or {}), **more})
        vars(self).update(values)
        self._set_args(self.reason, fields=values)

    def __str__(self) -> str:
        tries = f", {self.attempts} attempts" if self.attempts > 1 else ""
        unknown = " It may have been carried out all the same." if self.maybe_sent else ""
        return f"{self.operation}: {self.reason} (request {self.request_id or '-'}{tries}).{unknown}"


def _chosen(names: Iterable[str], fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: fields[name] for name in names if name in fields}


class StatusError(APIError):
    """The server answered with a status other than success.

    Attributes:
        status: the HTTP status.
        field_errors: the server's messages by field, ``non_field_errors`` included (API section 1.5). They are the
            server's own words and may repeat what was sent.
        detail: the server's ``detail`` sentence, or ``None``.
        retry_after: seconds to wait that the server asked for, or ``None``.
    """

    detail: str | None = None
    retry_after: float | None = None

    def __init__(self, status: int, fields: _StatusFields | None = None, /, **more: Unpack[_StatusFields]) -> None:
        values = _chosen(_StatusFields.__annotations__, {**(fields or {}), **more})
        field_errors = values["field_errors"] = {
            field: tuple(messages) for field, messages in (values.get("field_errors") or {}).items()
        }
        objections = (f", {field}: {messages[0]}" for field, messages in field_errors.items() if messages)
        detail = values.get("detail")
        super().__init__(f"status {status}{next(objections, f', {detail}' if detail else '')}")
        self.status = status
        self.field_errors: dict[str, tuple[str, ...]] = field_errors
        vars(self).update(values)
        self._set_args(status, fields=values)


class BadRequest(StatusError):
    """400: the server refused a value; ``field_errors`` says which."""


class AuthenticationFailed(StatusError):
    """401: the SID or the token is wrong."""


class NotEnoughCredits(StatusError):
    """403: the account's balance is too low for the request."""

    @property
    def required(self) -> Decimal | None:
        """The credits that the request needs, if the server says so (API section 1.5)."""
        for message in self.field_errors.get("non_field_errors", ()):
            _, separator, amount = message.partition("required:")
            if separator and amount.strip().replace(".", "", 1).isdecimal():
                return Decimal(amount.strip())
        return None


class PermissionDenied(StatusError):
    """403 for another reason than the balance."""


class NotFound(StatusError):
    """404: there is no record with this id."""


class RateLimited(StatusError):
    """429: too many requests; ``retry_after`` says how long to wait. The request was not carried out."""


class ServerError(StatusError):
    """5xx: the server failed, perhaps after it had carried out the request."""


class ConnectionFailed(APIError):
    """No connection could be made (name, network, TLS, proxy), so nothing was sent."""


class ResponseLost(APIError):
    """The request left, and the connection broke before the complete response came."""


class TimedOut(APIError):
    """A time limit was reached.

    Attributes:
        phase: which one: ``connect``, ``pool`` (no free connection), ``write``, ``read`` or ``deadline`` (the limit of
            the whole call, waits between attempts included).
        last_record: what ``wait`` read last; ``None`` elsewhere.
    """

    phase: _Phase
    last_record: object = None

    def __init__(self, phase: _Phase, fields: _CallFields | None = None, /, **more: Unpack[_CallFields]) -> None:
        super().__init__(_TIMEOUT_REASONS[phase], fields, **more)
        self.phase = phase
        self.args = (phase, *self.args[1:])


_TIMEOUT_REASONS: dict[_Phase, str] = {
    "connect": "no connection in time",
    "pool": "no free connection in time",
    "write": "the request could not be written in time",
    "read": "the request left, no answer came in time",
    "deadline": "the deadline passed",
}


class UnexpectedResponse(APIError):
    """The server reported success with a body that cannot be read."""


class CallbackRejected(XoxzoError):
    """A callback was refused: its token is bad or expired, or it is malformed.

    Args:
        template: why, without a number, a text or a token; where fields are given, ``{name}`` in it stands for the
            field of that name.
        status: the HTTP status to answer with.
        fields: as in :class:`XoxzoError`.
        **more: as in :class:`XoxzoError`.

    Attributes:
        reason: why, without a number, a text or a token.
        status: the HTTP status to answer with. Xoxzo tries again after everything but 200 (API section 10).
    """

    def __init__(
        self, template: str, status: int = 400, fields: Mapping[str, Any] | None = None, /, **more: object
    ) -> None:
        super().__init__(template, {**(fields or {}), **more})
        self.reason = self.render()
        self.status = status
        self.args = (template, status, *self.args[1:])


class CodedError(XoxzoError):
    """An error with a code for programs. Its sentence is made from template and fields, in the reader's language.

    Args:
        code: what is wrong, for programs, for instance ``unknown_status``.
        template: the English sentence; where fields are given, ``{name}`` in it stands for the field of that name.
        fields: as in :class:`XoxzoError`.
        **more: as in :class:`XoxzoError`.
    """

    def __init__(
        self, code: str, template: str = "", fields: Mapping[str, Any] | None = None, /, **more: object
    ) -> None:
        super().__init__(template or code, {**(fields or {}), **more})
        self.code = code
        self.args = (code, template, *self.args[1:])


class CampaignError(CodedError):
    """A campaign cannot be created, run or changed as asked."""


class SimulatorError(CodedError):
    """The simulator cannot do what was asked."""
