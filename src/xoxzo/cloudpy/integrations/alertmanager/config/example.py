"""The example settings file. The tests load it."""

from __future__ import annotations

_TEXT = {
    "en": """\
# Who is notified of alerts, how, and in which order. Check it: xoxzo alertmanager --config FILE --check

sender = "Alerts"          # the sender of SMS: at most 10 letters and digits
caller = "815012345678"    # the caller's number of calls
language = "en"            # the language of texts and calls: en or ja
# listen = "127.0.0.1:9095"
# talk = 5                 # a call counts as answered if it lasts at least this many seconds
# public_url = "https://oncall.example"  # each SMS then has a link that acknowledges
# dial_in = "815012345678"               # a number of yours; calling it acknowledges, too

[people]
tanaka = "+818011110001"
suzuki = "+818011110002"
aisha = { number = "+60123456789", zone = "Asia/Kuala_Lumpur" }

# An escalation list runs step by step until somebody answers a call or acknowledges, or the alerts are resolved.
# `wait` is the time after each message or call; `repeats` is how many times the step is repeated before the next one.
[lists.oncall]
rounds = 2                 # how many times the list runs while nobody acknowledges
resolved = true            # an SMS to everybody who was notified, when the alerts are resolved
steps = [
  { to = "tanaka", method = "sms", wait = "3m" },
  { to = "tanaka", method = "call", wait = "2m", repeats = 2 },
  { to = ["suzuki", "aisha"], method = "call", wait = "2m", repeats = 2 },
]

[lists.office]
steps = [{ to = ["tanaka", "suzuki"], method = "sms" }]

# The first route that matches any firing alert of a group selects the list.
[[routes]]
match = { severity = ["critical", "page"] }
list = "oncall"

[[routes]]
list = "office"

# Quiet hours, in each person's time zone. A list may have quiet hours of its own, or `quiet = false`.
[quiet]
hours = "22:00-07:00"
zone = "Asia/Tokyo"
break_through = ["critical", "page"]

# Notify people when nothing was heard for a while: of an alert that always fires, or of POST /heartbeat/NAME.
# [heartbeats.prometheus]
# match = { alertname = "Watchdog" }
# timeout = "15m"
# list = "oncall"

# The most SMS and calls in any hour; the rest waits.
[spend_limit]
messages = 60

[texts]
max_parts = 2
# sms = "FIRING {severity} {names}: {summary} #{id}"
# Accounts that may not send free texts use approved templates instead:
# sms_template = { id = 6, variables = { what = "{severity} {names}", id = "{id}" } }
# resolved_template = { id = 7, variables = { what = "{names}" } }
""",
    "ja": """\
# 障害を、誰に、どの順番で、どうやって知らせるか。確認: xoxzo alertmanager --config ファイル --check

sender = "Alerts"          # SMSの送信元: 半角英数字10文字まで
caller = "815012345678"    # 電話の発信者番号
language = "ja"            # 文面と音声の言語: ja または en
# listen = "127.0.0.1:9095"
# talk = 5                 # 通話がこの秒数以上続いたときに、応答とみなします
# public_url = "https://oncall.example"  # SMS に確認用のリンクが入ります
# dial_in = "815012345678"               # 契約中の番号。この番号への電話でも確認できます

[people]
tanaka = "080-1111-0001"
suzuki = "080-1111-0002"
aisha = { number = "+60123456789", zone = "Asia/Kuala_Lumpur" }

# 誰かが電話に出る、手動で確認済みにする、または復旧するまで、上から順に知らせます。
# 1回ごとに wait だけ待ちます。repeats は、次へ進む前に同じことを繰り返す回数です。
[lists.oncall]
rounds = 2                 # 誰も確認しないとき、全体を繰り返す回数
resolved = true            # 復旧したら、知らせた全員にSMSを送ります
steps = [
  { to = "tanaka", method = "sms", wait = "3m" },
  { to = "tanaka", method = "call", wait = "2m", repeats = 2 },
  { to = ["suzuki", "aisha"], method = "call", wait = "2m", repeats = 2 },
]

[lists.office]
steps = [{ to = ["tanaka", "suzuki"], method = "sms" }]

# グループ内のどれか1件でも当てはまる、最初の行き先が選ばれます。
[[routes]]
match = { severity = ["critical", "page"] }
list = "oncall"

[[routes]]
list = "office"

# 夜間は、それぞれの人の現地時間で控えます。break_through の重大度は夜間でも知らせます。
[quiet]
hours = "22:00-07:00"
zone = "Asia/Tokyo"
break_through = ["critical", "page"]

# 連絡が途絶えたときに知らせます。常に発生しているアラート、または POST /heartbeat/名前 を監視します。
# [heartbeats.prometheus]
# match = { alertname = "Watchdog" }
# timeout = "15m"
# list = "oncall"

# 1時間に送る上限(SMSと電話の合計)。超えた分は待ちます。
[spend_limit]
messages = 60

[texts]
max_parts = 2
# sms = "【障害】{severity} {names} {summary} #{id}"
# 自由な文面を送れないアカウントでは、承認済みのテンプレートを指定します。
# sms_template = { id = 6, variables = { what = "{severity} {names}", id = "{id}" } }
# resolved_template = { id = 7, variables = { what = "{names}" } }
""",
}


def text(language: str) -> str:
    """Return the example settings file, in ``en`` or ``ja``."""
    return _TEXT[language]
