"""Renew docs/images/console-*.png and report*.png: play scenarios on simulators, and photograph them.

It needs Debian's chromium.
"""

from __future__ import annotations

import base64
import shutil
import struct
import subprocess
import sys
import threading
import zlib
from collections import Counter
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from playwright.sync_api import Browser, sync_playwright

from xoxzo.cloudpy.simulator import Settings, Simulator, SteppedClock

if TYPE_CHECKING:
    from xoxzo.cloudpy.simulator.runtime.simulation import Simulation

IMAGES = Path(__file__).parents[1] / "docs" / "images"
LARGEST = 150_000
QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
QUIET += ["--no-first-run", "--disable-quic", "--disable-gpu"]
GUEST, OTHER, LATE = "+818011112222", "+819000001234", "+818033334444"
START = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)


class Shop(BaseHTTPRequestHandler):
    """What a program of the user's would answer: to callbacks, and to a call that comes in."""

    def do_GET(self) -> None:
        """Speak a text to the caller."""
        self._answer('say ja "お電話ありがとうございます。さくら亭です。"')

    def do_POST(self) -> None:
        """Take a callback."""
        self.rfile.read(int(self.headers["content-length"]))
        self._answer("ok")

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, text: str) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(text.encode())


def main() -> None:
    """Play and photograph."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("screenshots: chromium is not installed")
    IMAGES.mkdir(exist_ok=True)
    shop = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=shop.serve_forever, daemon=True).start()
    settings = Settings(seed=4, legacy_sin=True, tts_characters_per_second=1)
    with sync_playwright() as driver, Simulator(settings, clock=SteppedClock(START)).serve() as server:
        browser = driver.chromium.launch(executable_path=chromium, args=QUIET)
        scenario = Scenario(server.simulator, server.url, f"http://127.0.0.1:{shop.server_port}/")
        scenario.an_hour()
        server.simulator.run_clock()
        photograph(browser, f"{server.url}/console/overview", "overview", (1280, 920), dark=True)
        server.simulator.stop_clock()
        scenario.a_booking()
        server.simulator.run_clock()
        photograph(browser, f"{server.url}/console/phones/%2B{GUEST[1:]}", "phones")
        photograph(browser, f"{server.url}/console/phones/%2B{GUEST[1:]}", "phones-ja", ja=True)
        server.simulator.faults.add("lose_reply", "POST /sms/messages/", times=3, chance=0.2)
        photograph(browser, f"{server.url}/console/faults", "faults-narrow", (400, 800), ja=True)
        refused = server.simulator.requests(status="4xx").items[0].id
        photograph(browser, f"{server.url}/console/requests/{refused}", "request", (1280, 760))
        server.simulator.stop_clock()
        scenario.a_ringing_phone()
        server.simulator.run_clock()
        photograph(browser, f"{server.url}/console/messages?q=tag:booking", "timeline", (1280, 620))
        server.simulator.stop_clock()
        scenario.a_call()
        server.simulator.run_clock()
        photograph(browser, f"{server.url}/console/phones/%2B{LATE[1:]}", "call", dark=True, ja=True)
        reports(browser)
        browser.close()
    shop.shutdown()
    shop.server_close()


def reports(browser: Browser) -> None:
    """Send a campaign to people of whom some are not reached, and photograph its report in both languages."""
    with TemporaryDirectory() as name, Simulator().serve() as server:
        folder = Path(name)
        server.simulator.carrier.add_rule("+8190100000", "fail")
        server.simulator.carrier.add_rule("+8190100001", "hold")
        rows = [f"090{10000000 + number * 7},お客様{number}" for number in range(1200)]
        (folder / "spring.csv").write_text("\n".join(["tel,name", *rows]), encoding="utf-8")
        variables = {"XOXZO_CAMPAIGNS": name, "XOXZO_API_HOST": server.url, "TZ": "Asia/Tokyo", "HOME": name}
        variables |= {"XOXZO_API_SID": "me", "XOXZO_API_AUTH_TOKEN": "secret"}

        def xoxzo(*words: str, **more: str) -> None:
            command = [str(Path(sys.executable).with_name("xoxzo")), "campaign", *words]
            subprocess.run(command, check=True, cwd=name, env=variables | more, stdout=subprocess.DEVNULL)

        text = ("--text", "{name}様 春のセールを開催します。", "--sender", "Shop")
        xoxzo("run", "spring.csv", *text, "--rate", "100", "--yes", "--follow", "15")
        for ending, language in (("", "en"), ("-ja", "ja")):
            xoxzo("report", "spring", "-o", "report.html", XOXZO_LANG=language)
            photograph(browser, (folder / "report.html").as_uri(), f"report{ending}", (1000, 900), wait_for="body")


class Scenario:
    """A restaurant writes to its guests.

    Args:
        simulator: Where it happens.
        url: Where the simulator is.
        shop: Where the restaurant's own program is.
    """

    def __init__(self, simulator: Simulation, url: str, shop: str) -> None:
        self._simulator = simulator
        self._url = url
        self._shop = shop

    def an_hour(self) -> None:
        """Let an ordinary hour pass."""
        for minute in range(60):
            for index in range((minute * 7) % 11 + minute // 6):
                number = f"+8190000{minute:02}{index:03}" if index % 9 else "+819000000001"
                self._sms(
                    number,
                    "ご予約の確認です。",
                    callbackurl=self._shop if (minute + index) % 23 else "http://127.0.0.1:1/",
                )
            if minute % 5 == 0:
                self._call(OTHER, "確認です")
            self._simulator.advance(60)
        for field in ({"recipient": "080"}, {"sender": "Very long sender"}):
            self._sms(OTHER, "x", **field)

    def a_booking(self) -> None:
        """A guest books a table, confirms a code and asks for another time."""
        self._sms(OTHER, "発送の準備ができました。", sender="Shop")
        self._sms("+60123456789", "Your parcel 4711 arrives today.", sender="Parcel")
        for kind in ("voice/din", "sms/sin"):
            name = kind[-3:]
            uid = next(iter(getattr(self._simulator.engine, f"{name}s").lines))
            self._ask(f"/{kind}s/subscriptions/", **{f"{name}_uid": uid})
            self._ask(f"/{kind}s/subscriptions/{uid}/", action_url=self._shop)
        self._sms(GUEST, "Your verification code is 482915. It expires in 10 minutes.", sender="Sakura")
        booking = "【さくら亭】ご予約を承りました。11月28日(土) 18:00、2名様。\n変更: https://sakura.example/r/8fK2"
        self._sms(GUEST, booking, sender="Sakura", tags="booking")
        self._simulator.advance(90)
        sin = next(line for line in self._simulator.engine.sins.lines.values() if line.owner)
        self._simulator.phone(GUEST).reply(sin.number, "18時半に変更できますか?")
        self._simulator.advance(60)
        self._sms(GUEST, "18時半で承りました。お待ちしております。", sender="Sakura", tags="booking")
        self._simulator.advance(5)

    def a_ringing_phone(self) -> None:
        """The restaurant calls a guest, after messages to others."""
        self._simulator.faults.all_normal()
        for index in range(5):
            number = f"+81803333{index:04}" if index != 3 else "+819000000001"
            self._sms(number, "ご予約の前日です。お待ちしております。", tags="booking,reminder")
        self._simulator.advance(5)
        self._simulator.carrier.add_rule(LATE, "hold", kind="call")
        text = "こんにちは、さくら亭です。明日のご予約の確認でお電話いたしました。"
        self._call(LATE, text)
        self._simulator.advance(4)

    def a_call(self) -> None:
        """The guest picks up."""
        [ringing] = self._simulator.engine.calls.ringing.values()
        self._simulator.carrier.answer(ringing.call.callid)
        self._simulator.advance(2)

    def _call(self, number: str, text: str) -> None:
        call = {"caller": "815012345678", "recipient": number, "tts_message": text, "tts_lang": "ja"}
        self._ask("/voice/simple/playbacks/", **call)

    def _sms(self, number: str, text: str, **fields: str) -> None:
        self._ask("/sms/messages/", **{"recipient": number, "message": text, "sender": "Sakura", **fields})

    def _ask(self, path: str, **fields: str) -> None:
        headers = {"Authorization": "Basic " + base64.b64encode(b"me:secret").decode()}
        try:
            urlopen(Request(self._url + path, urlencode(fields).encode(), headers)).close()
        except OSError:  # it was refused, as some are on purpose
            return


def photograph(
    browser: Browser,
    url: str,
    name: str,
    size: tuple[int, int] = (1280, 860),
    *,
    dark: bool = False,
    ja: bool = False,
    wait_for: str = "html[data-following]",
) -> None:
    """Write one picture, of at most `LARGEST` bytes; that of a report has no ``console-`` in its name."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
        locale="ja-JP" if ja else "en-GB",
        timezone_id="Asia/Tokyo",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector(wait_for)
    reduced = in_256_colours(page.screenshot())
    if len(reduced) > LARGEST:
        sys.exit(f"screenshots: {name} has {len(reduced):,} bytes")
    path = IMAGES / (f"{name}.png" if name.startswith("report") else f"console-{name}.png")
    path.write_bytes(reduced)
    print(f"{path.name}: {len(reduced):,} bytes")
    context.close()


def in_256_colours(png: bytes) -> bytes:
    """Return a picture of eight bits a channel with a palette of the colours that it has most of."""
    width, height, pixels = decoded(png)
    counts = Counter(pixels)
    palette = [colour for colour, _ in counts.most_common(256)]
    index = {colour: place for place, colour in enumerate(palette)}
    for colour in counts:
        if colour not in index:
            index[colour] = min(range(len(palette)), key=lambda place: distance(palette[place], colour))
    rows = (bytes(index[pixel] for pixel in pixels[at : at + width]) for at in range(0, len(pixels), width))
    body = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    parts = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)), (b"PLTE", b"".join(palette)))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in (*parts, (b"IDAT", body), (b"IEND", b"")))


def distance(one: bytes, other: bytes) -> int:
    """Return how unlike two colours are."""
    return sum((left - right) ** 2 for left, right in zip(one, other, strict=True))


def chunk(kind: bytes, body: bytes) -> bytes:
    """Return one chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def decoded(png: bytes) -> tuple[int, int, list[bytes]]:
    """Return width, height and the colours of a PNG with eight bits a channel, without its transparency."""
    at, body, header = 8, b"", b""
    while at < len(png):
        size = struct.unpack(">I", png[at : at + 4])[0]
        kind, inside = png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        header = inside if kind == b"IHDR" else header
        body += inside if kind == b"IDAT" else b""
        at += 12 + size
    width, height, _, colour_type = struct.unpack(">IIBB", header[:10])
    step = {2: 3, 6: 4}[colour_type]
    raw, pixels, above = zlib.decompress(body), list[bytes](), bytearray(width * step)
    for start in range(0, len(raw), width * step + 1):
        above = unfiltered(raw[start], bytearray(raw[start + 1 : start + 1 + width * step]), above, step)
        pixels += [bytes(above[place : place + 3]) for place in range(0, width * step, step)]
    return width, height, pixels


def unfiltered(kind: int, row: bytearray, above: bytearray, step: int) -> bytearray:
    """Undo the filter of one row."""
    for place in range(len(row)):
        left = row[place - step] if place >= step else 0
        corner = above[place - step] if place >= step else 0
        guess = (0, left, above[place], (left + above[place]) // 2, paeth(left, above[place], corner))[kind]
        row[place] = (row[place] + guess) & 255
    return row


def paeth(left: int, up: int, corner: int) -> int:
    """Return which neighbour is closest to what they suggest together."""
    suggested = left + up - corner
    return min((left, up, corner), key=lambda value: abs(suggested - value))


if __name__ == "__main__":
    main()
