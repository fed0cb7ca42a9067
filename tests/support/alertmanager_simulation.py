"""The Alertmanager receiver on a virtual clock: with its store and client, a faulty Xoxzo, crashes and restarts."""

from __future__ import annotations

import asyncio
import json
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs

from campaign_simulation import VirtualLoop

from xoxzo.cloudpy import AsyncClient
from xoxzo.cloudpy.integrations.alertmanager import incidents
from xoxzo.cloudpy.integrations.alertmanager.config.loading import parse
from xoxzo.cloudpy.integrations.alertmanager.event_log import EventLog
from xoxzo.cloudpy.integrations.alertmanager.receiver import Receiver
from xoxzo.cloudpy.integrations.alertmanager.senders import Sender
from xoxzo.cloudpy.integrations.alertmanager.store import Store
from xoxzo.cloudpy.protocols import Progress, Request, TransportFailure

if TYPE_CHECKING:
    from xoxzo.cloudpy.integrations.alertmanager.config.settings import Settings

# A Thursday, 12:00 in Tokyo.
NOON = 1_795_662_000.0
TANAKA, SUZUKI, SATO = "+818011110001", "+818011110002", "+818011110003"
FILE: dict[str, Any] = {
    "sender": "Alerts",
    "caller": "815012345678",
    "people": {"tanaka": TANAKA, "suzuki": SUZUKI, "sato": {"number": SATO, "zone": "Asia/Kuala_Lumpur"}},
    "lists": {
        "oncall": {
            "steps": [
                {"to": "tanaka", "method": "sms", "wait": "5m"},
                {"to": "tanaka", "method": "call", "wait": "2m", "repeats": 1},
                {"to": ["suzuki", "sato"], "method": "call", "wait": "2m", "repeats": 0},
            ],
            "resolved": True,
        },
        "office": {"steps": [{"to": ["tanaka", "suzuki"], "method": "sms"}]},
    },
    "routes": [{"match": {"severity": ["critical", "page"]}, "list": "oncall"}, {"list": "office"}],
}


def settings(**changes: Any) -> Settings:
    """Return the settings of the tests, with changes."""
    return parse({**FILE, **changes})


def alert(name: str = "HostDown", *, resolved: bool = False, since: int = 0, **labels: str) -> dict[str, Any]:
    """Return an alert as Alertmanager posts it."""
    labels = {"alertname": name, "severity": "critical", **labels}
    return {
        "status": "resolved" if resolved else "firing",
        "labels": labels,
        "annotations": {"summary": f"{name} of {labels.get('instance', 'somewhere')}"},
        "startsAt": f"2026-11-26T03:{since:02}:00.123456789Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus.example/graph",
        "fingerprint": f"{name}{labels.get('instance', '')}",
    }


def body(*alerts: dict[str, Any], group: str = "a", truncated: int = 0, status: str = "") -> bytes:
    """Return the payload of a notification."""
    firing = any(one["status"] == "firing" for one in alerts)
    payload = {
        "version": "4",
        "groupKey": f'{{}}:{{group="{group}"}}',
        "truncatedAlerts": truncated,
        "status": status or ("firing" if firing else "resolved"),
        "receiver": "phones",
        "groupLabels": {"group": group},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example",
        "alerts": list(alerts),
    }
    return json.dumps(payload).encode()


def notification(*alerts: dict[str, Any], **options: Any) -> incidents.Notification:
    """Return a parsed notification."""
    return incidents.parse_notification(body(*alerts, **options))


@dataclass
class Received:
    """A message or call that Xoxzo accepted."""

    at: float
    kind: str
    number: str
    text: str
    reference: str


@dataclass
class FakeXoxzo:
    """A transport that plays Xoxzo, and everybody's phone."""

    rng: random.Random = field(default_factory=random.Random)
    fault_rate: float = 0.0
    answering: dict[str, str] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    fault: str | None = None
    ring_seconds: float = 20.0
    crashed: bool = False

    def now(self) -> float:
        return NOON + asyncio.get_running_loop().time()

    async def send(self, request: Request, budget: Any, progress: Progress) -> _Reply:
        await asyncio.sleep(0.1)
        if self.crashed:
            await asyncio.Event().wait()
        if request.method == "GET":
            if self._fault() != "none":
                raise TransportFailure("no connection")
            return self._status(request.url.rstrip("/").rpartition("/")[2])
        fault = self._fault()
        if fault == "refused":
            raise TransportFailure("no connection")
        if fault == "throttled":
            return _Reply(429, b"{}", {"retry-after": "1000"})
        if fault == "rejected":
            return _Reply(400, b'{"recipient": ["Invalid recipient"]}')
        progress.write_started = True
        fields = _fields(request)
        call = "tts_message" in fields
        if fault != "lost before":
            text = fields.get("tts_message") or fields["message"]
            self.received.append(
                Received(self.now(), "call" if call else "sms", fields["recipient"], text, fields["tags"])
            )
        if fault in {"lost before", "lost after"}:
            raise TransportFailure("the connection broke")
        name = "callid" if call else "msgid"
        return _Reply(201, json.dumps([{name: str(len(self.received) - 1)}]).encode())

    def _fault(self) -> str:
        if self.fault is not None:
            return self.fault
        return self.rng.choice(_FAULTS) if self.rng.random() < self.fault_rate else "none"

    def _status(self, callid: str) -> _Reply:
        call = self.received[int(callid)]
        over = self.now() >= call.at + self.ring_seconds
        outcome = self.answering.get(call.number, "NO ANSWER")
        record = {
            "callid": callid,
            "status": outcome if over else "IN PROGRESS",
            "duration": 8 if outcome == "ANSWERED" else 0,
            "recipient": call.number,
        }
        return _Reply(200, json.dumps(record).encode())

    async def close(self) -> None:
        pass

    def log(self) -> list[tuple[int, str, str]]:
        """Return what was received: seconds since the start, kind and person."""
        names = {TANAKA: "tanaka", SUZUKI: "suzuki", SATO: "sato"}
        return [(round(one.at - NOON), one.kind, names[one.number]) for one in self.received]


def _fields(request: Request) -> dict[str, Any]:
    if "/templates/" not in request.url:
        return {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
    fields = json.loads(request.body)
    return fields | {"message": f"{request.url.split('/')[-3]} {fields['variables']}"}


class _Reply:
    def __init__(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.status = status
        self.headers = headers or {}
        self._content = content

    async def read(self, _budget: Any) -> bytes:
        content, self._content = self._content, b""
        return content

    async def close(self) -> None:
        pass


_FAULTS = ("refused", "throttled", "rejected", "lost before", "lost after")


class OnCall:
    """A receiver that can crash and be started again, on a clock that passes at once."""

    def __init__(self, folder: Path, settings_: Settings | None = None, xoxzo: FakeXoxzo | None = None) -> None:
        self.settings = settings_ or settings()
        self.xoxzo = xoxzo or FakeXoxzo()
        self.path = folder / "alerts.db"
        self.loop = VirtualLoop(0.0)
        self.lines: list[str] = []
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()
        self.loop.close()

    @property
    def now(self) -> float:
        return NOON + self.loop.time()

    def write(self, line: str) -> None:
        self.lines.append(line)

    def flush(self) -> None:
        pass

    def start(self) -> None:
        """Start the receiver."""
        self.store = Store(self.path)
        # Processes crash here, but the power never fails, so nothing has to wait for the disk.
        self.store._connection.execute("PRAGMA synchronous = OFF")

        async def begin() -> None:
            self.client = AsyncClient(sid="s", auth_token="t", base_url="http://localhost", transport=self.xoxzo)
            log = EventLog(lambda: self.now, as_json=True, file=self)  # type: ignore[arg-type]
            sender = Sender(self.client, self.settings, log)
            self.receiver = Receiver(self.settings, self.store, sender, log, clock=lambda: self.now)
            self.receiver.start()

        self.loop.run_until_complete(begin())

    def stop(self) -> None:
        """Stop it as Ctrl-C does."""

        async def end() -> None:
            await self.receiver.stop()
            await self.client.close()

        self.loop.run_until_complete(end())
        self.store.close()

    def crash(self) -> None:
        """Kill it: nothing that is in flight is finished."""

        async def kill() -> None:
            self.xoxzo.crashed = True
            others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            await self.client.close()
            self.xoxzo.crashed = False

        self.loop.run_until_complete(kill())
        self.store.close()

    def notify(self, *alerts: dict[str, Any], **options: Any) -> tuple[str, str]:
        """Post a notification."""

        async def take() -> tuple[str, str]:
            return self.receiver.receive(notification(*alerts, **options))

        return self.loop.run_until_complete(take())

    def acknowledge(self, ident: str) -> Any:
        async def take() -> Any:
            return self.receiver.acknowledge(ident, "a person")

        return self.loop.run_until_complete(take())

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.loop.run_until_complete(asyncio.sleep(seconds))

    def events(self) -> list[str]:
        return [json.loads(line)["event"] for line in self.lines if line.strip()]
