# Written by scripts/unasync.py from async_client.py: change it there.
"""The client for threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from xoxzo.cloudpy.client import configuration
from xoxzo.cloudpy.client._sync.account import Account, Lookup
from xoxzo.cloudpy.client._sync.calls import Calls, Conferences
from xoxzo.cloudpy.client._sync.driver import Driver, RawResponseDriver
from xoxzo.cloudpy.client._sync.numbers import Dins, Sins
from xoxzo.cloudpy.client._sync.otp import Otp
from xoxzo.cloudpy.client._sync.sms import Sms, Templates
from xoxzo.cloudpy.client.configuration import Timeout
from xoxzo.cloudpy.client.results import RawResponse
from xoxzo.cloudpy.client.settings import Settings
from xoxzo.cloudpy.client.transport_holder import TransportHolder, discard_sync
from xoxzo.cloudpy.errors import ConfigurationError
from xoxzo.cloudpy.operations import raw
from xoxzo.cloudpy.protocols import Transport, EventHook

if TYPE_CHECKING:
    from ssl import SSLContext
else:
    # Loading it takes long, and what resolves types at run time (`typing.get_type_hints`) cannot make one.
    SSLContext = Any

T = TypeVar("T")


class Client:
    """Xoxzo's API. One client may be shared by threads; after a fork it opens connections of its own.

    Use it in a ``with`` statement, or call ``close()``: a client that is neither warns when it is dropped.

    Args:
        sid: the API SID; else ``XOXZO_API_SID`` (API section 1.1).
        auth_token: the token that goes with it; else ``XOXZO_API_AUTH_TOKEN``. It is never shown.
        base_url: where the API is; else ``XOXZO_API_HOST``, else ``https://api.xoxzo.com``. ``http://`` only for this
            machine, and for simulators on hosts named in ``XOXZO_SIMULATOR_HOSTS``.
        timeout: seconds for each attempt: connecting and each wait for bytes, as one number or as a pair. By default 5
            and 30.
        deadline: seconds for everything, waits between attempts included. By default 60.
        max_retries: attempts after the first, where a retry does no harm. By default 2.
        max_connections: open at once; Xoxzo limits them for each account (API section 1.6).
        rate: requests a second, evenly spaced; ``None`` for as many as go.
        allowed_recipients: numbers, or how numbers begin, that may be reached, for staging; any other is refused before
            the network. ``None`` for all.
        proxy: the URL of a proxy, for instance ``http://proxy.example:3128``, instead of the environment's. It is never
            used for this machine.
        ssl_context: what certificates are checked by, and which one is shown, instead of the operating system's trust
            store.
        transport: another way to carry requests; its maker closes it. It excludes ``proxy`` and ``ssl_context``,
            and ``max_connections`` does not apply to it.
        app_info: your program and its version, added to ``User-Agent``.
        default_headers: more header fields for every request, for instance for a gateway of yours; none that the client
            sets itself, such as ``Authorization`` or ``Content-Type``.
        on_event: a hook that is called after each attempt, or a list of hooks. Events hold no number and no text. What
            a hook raises is logged, and the call goes on. One with a method ``before_attempt`` may add header fields.

    A client can be pickled, for instance for a process pool. The pickle contains the token, so keep it as safe as
    the token. The copy opens connections of its own and counts its own ``rate``. A client with a ``transport`` or an
    ``ssl_context`` cannot be pickled.

    Attributes:
        sms: SMS messages.
        templates: SMS by texts that Xoxzo has approved.
        otp: one-time passwords.
        calls: voice calls.
        conferences: conference calls.
        dins: dial-in numbers.
        sins: numbers that took SMS; retired.
        lookup: which carrier a number belongs to.
        account: the balance.

    Raises:
        ConfigurationError: no credentials, a bad base URL or a number that makes no sense.
    """

    def __init__(
        self,
        *,
        sid: str | None = None,
        auth_token: str | None = None,
        base_url: str | None = None,
        timeout: Timeout | None = None,
        deadline: float | None = None,
        max_retries: int | None = None,
        max_connections: int = 10,
        rate: float | None = None,
        allowed_recipients: Iterable[str] | None = None,
        proxy: str | None = None,
        ssl_context: SSLContext | None = None,
        transport: Transport | None = None,
        app_info: str | None = None,
        default_headers: Mapping[str, str] | None = None,
        on_event: EventHook | Sequence[EventHook] | None = None,
    ) -> None:
        settings = configuration.configure(
            sid=sid,
            auth_token=auth_token,
            base_url=base_url,
            rate=rate,
            app_info=app_info,
            default_headers=default_headers,
            allowed_recipients=allowed_recipients,
            timeout=timeout,
            deadline=deadline,
            max_retries=max_retries,
            on_event=on_event,
        )
        options = configuration.transport_options(
            max_connections=max_connections, proxy=proxy, ssl_context=ssl_context, transport=transport
        )
        self._open(settings, options, transport)

    def _open(self, settings: Settings, options: dict[str, Any], transport: Transport | None = None) -> None:
        def make() -> Transport:
            from xoxzo.cloudpy.transports.threads import HttpTransport

            return HttpTransport(**options)

        holder = TransportHolder(make, transport, discard=discard_sync, options=options)
        self._use(Driver(holder, settings))

    def _use(self, driver: Driver) -> None:
        self._driver = driver
        self.sms = Sms(driver)
        self.templates = Templates(driver)
        self.otp = Otp(driver)
        self.calls = Calls(driver)
        self.conferences = Conferences(driver)
        self.dins = Dins(driver)
        self.sins = Sins(driver)
        self.lookup = Lookup(driver)
        self.account = Account(driver)

    @property
    def base_url(self) -> str:
        """Where the API is."""
        return self._driver.settings.base_url

    @property
    def account_key(self) -> str:
        """A hash of the account: the same for all its clients, whatever their token."""
        return configuration.account_key(self._driver.settings)

    def with_options(
        self,
        *,
        timeout: Timeout | None = None,
        deadline: float | None = None,
        max_retries: int | None = None,
        on_event: EventHook | Sequence[EventHook] | None = None,
        may_write: Callable[[], bool] | None = None,
    ) -> Client:
        """Return a client with other limits that shares this one's connections; closing either closes both.

        Args:
            timeout: as for the client; ``None`` leaves it as it is. The same goes for the others.
            deadline: as for the client.
            max_retries: as for the client.
            on_event: as for the client.
            may_write: called right before a request is written. Where it returns ``False``, nothing is written, and the
                call fails with ``TimedOut``, without any effect.

        Raises:
            ConfigurationError: a number makes no sense.
        """
        settings = configuration.adjust(
            self._driver.settings,
            timeout=timeout,
            deadline=deadline,
            max_retries=max_retries,
            on_event=on_event,
            may_write=may_write,
        )
        return self._view(Driver(self._driver.holder, settings))

    def _view(self, driver: Driver) -> Client:
        other = object.__new__(type(self))
        other._use(driver)
        return other

    def with_raw_response(self, call: Callable[[Client], T]) -> RawResponse[T]:
        """Make one call and return its answer with status, headers and body around the value.

        Args:
            call: makes the call with the client that it is given, for instance
                ``lambda client: client.sms.get(msgid)``. A listing must be read to its end in it; its records are the
                value, and ``body`` is empty.

        Raises:
            ConfigurationError: it made no request; a listing makes its own only when it is stepped through.
            APIError: as for the call by itself.
        """
        driver = RawResponseDriver(self._driver.holder, self._driver.settings)
        return driver.response(call(self._view(driver)))

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        json: object = None,
    ) -> RawResponse[Any]:
        """Make a request to an endpoint that this library does not wrap, with its retries, errors and limits.

        Args:
            method: ``GET``, ``POST``, ``PUT``, ``PATCH`` or ``DELETE``. A GET counts as a read; everything else as
                something that must not be done twice.
            path: the path, with its slashes and already encoded, for instance ``/sms/messages/``.
            query: the query's fields.
            form: the body as a form.
            json: the body as JSON instead.

        Returns:
            The answer; its ``value`` is the decoded JSON, or ``None`` for an empty or other body.

        Raises:
            InvalidArgument: method, path or body cannot be sent, or, where recipients are limited, the body names none
                that is allowed.
            APIError: anything else went wrong.
        """
        operation = raw.request(method, path, query=query, form=form, json=json)
        driver = RawResponseDriver(self._driver.holder, self._driver.settings)
        return driver.response(driver.call(operation))

    def __getstate__(self) -> tuple[Settings, dict[str, Any], dict[str, Any]]:
        holder = self._driver.holder
        if holder.closed:
            raise ConfigurationError("a closed client cannot be pickled")
        if not holder.owned or holder.options["ssl_context"] is not None:
            raise ConfigurationError(
                "a client with a transport or an ssl_context of yours cannot be pickled: make it where it is used"
            )
        # What a subclass has set travels, too; the resources are created again.
        driver, every = self._driver, vars(self)
        own = {name for name, value in every.items() if value is driver or getattr(value, "_driver", None) is driver}
        more = {name: value for name, value in every.items() if name not in own}
        return self._driver.settings, holder.options, more

    def __setstate__(self, state: tuple[Settings, dict[str, Any], dict[str, Any]]) -> None:
        settings, options, more = state
        self._open(settings, options)
        vars(self).update(more)

    def close(self) -> None:
        """Close every connection. Closing twice does nothing; a call afterwards raises ``ConfigurationError``."""
        transport = self._driver.holder.release()
        if transport is not None:
            transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self._driver.settings.base_url!r})"
