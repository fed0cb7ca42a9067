"""The scripts of the documentation's search: its worker where pages are files, and what a reader types in Japanese."""

from __future__ import annotations

from pathlib import Path

from browsers import PATIENCE, chromium

SCRIPTS = Path(__file__).parents[2] / "docs" / "javascripts"
PAGE = """\
<body><script src="{0}/iframe-worker.js"></script><script src="{0}/search-words.js"></script>
<script>
const worker = new Worker("worker.js");
worker.addEventListener("message", (event) => document.body.append(event.data));
worker.postMessage({{ type: 2, data: "費用 レート制限" }});
</script></body>
"""
# As the theme's: the words of a query go through what it has imported.
WORKER = """\
addEventListener("message", async (event) => {
  await importScripts("one.js", "two.js");
  postMessage(`found: ${self.one}${self.two} ${event.data.data}`);
});
"""
QUERIES = {
    "料金": "料金",
    "費用": "料金",
    "コスト 上限": "料金 上限",
    "レート制限": "+レート* +制限*",
    "安全に送信": "+安全* +送信*",
    "SMSを送る": "+SMS* +送る*",
    "2段階認証": "+2* +要素認証*",
    "送信待ち": "+送信* +待ち*",
    "rate limit": "rate limit",
    '"rate limit" +retry': '"rate limit" +retry',
}


def test_search(tmp_path: Path) -> None:
    """A worker runs from a file, imports scripts in order, and gets the words that the index has."""
    for name, text in {
        "index.html": PAGE.format(SCRIPTS.as_uri()),
        "worker.js": WORKER,
        "one.js": "self.one = 1;",
        "two.js": "self.two = self.one + 1;",
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with chromium() as browser:
        page = browser.new_page()
        page.goto((tmp_path / "index.html").as_uri(), timeout=PATIENCE)
        page.wait_for_selector("text=found: 12 料金 +レート* +制限*", timeout=PATIENCE)
        assert {typed: page.evaluate("searchWords", typed) for typed in QUERIES} == QUERIES
