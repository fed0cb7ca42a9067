"""Notify by SMS and calls from Apprise: ``xoxzo://SID:TOKEN@SENDER/+81…``. Importing this registers `NotifyXoxzo`.

Apprise finds no plugins of other distributions: a program imports this module, and the command ``apprise`` loads a file
that does so, which ``xoxzo apprise install`` writes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from apprise import NotificationManager, NotifyBase, NotifyType, PrivacyMode
from apprise.common import OverflowMode
from apprise.exception import AppriseImproperlyConfigured

from xoxzo.cloudpy.client.client import Client
from xoxzo.cloudpy.common.masking import mask_number
from xoxzo.cloudpy.errors import APIError, ConfigurationError, InvalidArgument, XoxzoError
from xoxzo.cloudpy.operations import checks
from xoxzo.cloudpy.text import measure
from xoxzo.cloudpy.text.parts import one_line, shorten

MODES = ("sms", "call")
_LANGUAGES = ("ja", "en")
_MAX_PARTS = 10


class NotifyXoxzo(NotifyBase):
    """Sends a notification by SMS, or speaks it in calls.

    ``?retry=`` repeats only what was not sent. What may have been sent counts as sent, and a warning is logged.

    Args:
        sender: the sender of the SMS, or the caller's number of the calls.
        targets: numbers in E.164.
        user: the SID; without it, SID and token come from the environment.
        password: the token.
        mode: ``sms`` or ``call``.
        lang: the language of calls, ``ja`` or ``en``.
        kwargs: the arguments of every service.

    Raises:
        AppriseImproperlyConfigured: a value is invalid, or there are no credentials.
    """

    service_name = "Xoxzo"
    service_url = "https://www.xoxzo.com"
    setup_url = "https://github.com/xoxzo/xoxzo.cloudpy/blob/HEAD/docs/logging-and-apprise.md"
    secure_protocol = "xoxzo"
    # A title becomes the first line of the body.
    title_maxlen = 0
    # The longest SMS (API section 2.4); longer bodies are sent in pieces.
    body_maxlen = 660
    overflow_mode = OverflowMode.SPLIT
    # The client waits when Xoxzo asks for it.
    request_rate_per_sec = 0
    templates = ("{schema}://{user}:{password}@{sender}/{targets}", "{schema}://{sender}/{targets}")
    template_tokens = {
        **NotifyBase.template_tokens,
        "user": {"name": "SID", "type": "string"},
        "password": {"name": "Token", "type": "string", "private": True},
        "sender": {"name": "Sender", "type": "string", "required": True},
        "target_phone": {"name": "Target Phone No", "type": "string", "prefix": "+", "map_to": "targets"},
        "targets": {"name": "Targets", "type": "list:string", "required": True},
    }
    template_args = {
        **NotifyBase.template_args,
        "mode": {"name": "Mode", "type": "choice:string", "values": MODES, "default": MODES[0]},
        "lang": {"name": "Language", "type": "choice:string", "values": _LANGUAGES, "default": _LANGUAGES[0]},
        "from": {"alias_of": "sender"},
        "to": {"alias_of": "targets"},
    }

    def __init__(
        self, sender: str, targets: Iterable[str] | None = None, mode: str = "sms", lang: str = "ja", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.sender, self.mode, self.lang = sender, mode, lang
        try:
            for name, given, known in (("mode", mode, MODES), ("lang", lang, _LANGUAGES)):
                if given not in known:
                    raise InvalidArgument(name, "must be one of {names}", names=", ".join(known))  # noqa: TRY301
            self.targets = list(dict.fromkeys(checks.recipient(target, "targets") for target in targets or ()))
            if not self.targets:
                raise InvalidArgument("targets", "must have a number")  # noqa: TRY301
            (checks.sender if mode == "sms" else checks.caller)(sender)
            self._client().close()
        except (InvalidArgument, ConfigurationError) as error:
            self.logger.warning("xoxzo:// %s", error)
            raise AppriseImproperlyConfigured(str(error)) from None

    def _client(self) -> Client:
        given = {"sid": self.user, "auth_token": self.password} if self.user else {}
        return Client(app_info="xoxzo-apprise", **given)

    @property
    def url_identifier(self) -> tuple[str, ...]:
        """What makes two URLs the same service, without the targets."""
        return (self.secure_protocol, self.user or "", self.password or "", self.sender, self.mode)

    def __len__(self) -> int:
        return len(self.targets)

    def send(self, body: str, title: str = "", notify_type: NotifyType = NotifyType.INFO, **kwargs: Any) -> bool:
        """Send one piece of a notification to all targets; return whether each was, or may have been, reached."""
        del title, notify_type, kwargs
        complete = True
        with self._client() as client:
            for target in self.targets:
                # Apprise remembers this for the retries of one piece.
                if self.is_delivered(target):
                    continue
                self.throttle()
                if self._notify(client, target, body):
                    self.mark_delivered(target)
                else:
                    complete = False
        return complete

    def _notify(self, client: Client, target: str, body: str) -> bool:
        to = mask_number(target)
        try:
            if self.mode == "call":
                client.calls.say(caller=self.sender, recipient=target, tts_message=one_line(body), tts_lang=self.lang)
            else:
                # Xoxzo counts most emoji as two characters.
                message = body if measure(body).parts else shorten(body, _MAX_PARTS)
                client.sms.send(recipient=target, sender=self.sender, message=message)
        except XoxzoError as error:
            if isinstance(error, APIError) and error.maybe_sent:
                self.logger.warning("Xoxzo: a notification of %s may have been sent; it is not repeated: %s", to, error)
                return True
            self.logger.warning("Xoxzo: a notification of %s was not sent: %s", to, error)
            return False
        self.logger.info("Xoxzo: a notification was sent to %s.", to)
        return True

    def url(self, privacy: bool = False, *args: Any, **kwargs: Any) -> str:
        """Return the URL of this service; with `privacy`, the token is hidden."""
        account = ""
        if self.user:
            account = self.quote(self.user, safe="")
            if self.password:
                account += f":{self.pprint(self.password, privacy, mode=PrivacyMode.Secret, safe='')}"
            account += "@"
        targets = "/".join(self.quote(target, safe="+") for target in self.targets)
        arguments = {"mode": self.mode, "lang": self.lang, **self.url_parameters(*args, privacy=privacy, **kwargs)}
        return f"xoxzo://{account}{self.quote(self.sender, safe='')}/{targets}/?{self.urlencode(arguments)}"

    @staticmethod
    def parse_url(url: str) -> dict[str, Any] | None:
        """Parse a URL into the arguments of this class."""
        results: dict[str, Any] | None = NotifyBase.parse_url(url, verify_host=False)
        if not results:
            return results
        given = results["qsd"]
        results["targets"] = NotifyXoxzo.split_path(results["fullpath"])
        results["targets"] += [
            number.strip() for number in NotifyXoxzo.unquote(given.get("to", "")).split(",") if number
        ]
        results["sender"] = NotifyXoxzo.unquote(given.get("from") or results["host"])
        results |= {name: given[name] for name in ("mode", "lang") if given.get(name)}
        return results


NotificationManager().add(NotifyXoxzo, schemas="xoxzo")
