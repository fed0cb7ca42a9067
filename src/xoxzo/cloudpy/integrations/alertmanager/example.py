"""Settings to begin with. The tests read them."""

from __future__ import annotations

_TEXT = {
    "en": """\
# Who is told of alerts, how, and in which order. Check it: xoxzo alertmanager --config FILE --check

sender = "Alerts"          # of SMS: at most 10 letters and digits
caller = "815012345678"    # the number that calls show
language = "en"            # of the texts, and of the voice of calls: en or ja
# listen = "127.0.0.1:9095"
# talk = 5                 # a call counts as answered from so many seconds of talk

[people]
tanaka = "+818011110001"
suzuki = "+818011110002"
aisha = { number = "+60123456789", zone = "Asia/Kuala_Lumpur" }

# A list is gone through step by step until somebody answers a call, acknowledges by hand, or all is well.
# After each message or call `wait` passes; `repeats` says how often the same is done again before the next step.
[lists.oncall]
rounds = 2                 # the whole list, while nobody has acknowledged
resolved = true            # an SMS to all who were told, when all is well
steps = [
  { to = "tanaka", method = "sms", wait = "3m" },
  { to = "tanaka", method = "call", wait = "2m", repeats = 2 },
  { to = ["suzuki", "aisha"], method = "call", wait = "2m", repeats = 2 },
]

[lists.office]
steps = [{ to = ["tanaka", "suzuki"], method = "sms" }]

# The first route that fits any firing alert of a group decides.
[[routes]]
match = { severity = ["critical", "page"] }
list = "oncall"

[[routes]]
list = "office"

# By each person's own time zone. A list may have quiet hours of its own, or `quiet = false`.
[quiet]
hours = "22:00-07:00"
zone = "Asia/Tokyo"
break_through = ["critical", "page"]

# What may go out in any hour, SMS and calls together; the rest waits.
[brake]
messages = 60

[texts]
max_parts = 2
# sms = "FIRING {severity} {names}: {summary} #{id}"
# Accounts that may not send free texts name templates of theirs in place of texts:
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

# 1時間に送る上限(SMSと電話の合計)。超えた分は待ちます。
[brake]
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
    """Return settings to begin with, in ``en`` or ``ja``."""
    return _TEXT[language]
