"""What `xoxzo campaign` says as it runs: plans, progress, results."""

WORDS = {
    # The plan.
    "read as": "読み取り",
    "columns": "列",
    "balance": "残高",
    "time": "所要時間",
    "quiet hours": "送らない時間",
    "left out": "除外",
    "at most": "料金の上限",
    "expires": "期限",
    "sample": "文章の例",
    "calls": "電話",
    "{n} part each": "1 通あたり {n}",
    "{n} parts each": "1 通あたり {n}",
    "{n} part ": "{n} 分割",
    "{n} parts": "{n} 分割",
    "{cost} credits": "{cost} クレジット",
    ", and {count} without a known price (--price)": "、ほかに料金不明が {count} 件 (--price で指定)",
    "{hours}, by each recipient's clock": "{hours} (宛先の現地時刻)",
    "{count} row cannot be sent to": "送信できない行 {count} 件",
    "{count} rows cannot be sent to": "送信できない行 {count} 件",
    "{count} row repeats a number": "番号が重複する行 {count} 件",
    "{count} rows repeat a number": "番号が重複する行 {count} 件",
    "{count} is on the suppression list": "除外リストにある番号 {count} 件",
    "{count} are on the suppression list": "除外リストにある番号 {count} 件",
    "{count} times: {doubt}": "{count} 件: {doubt}",
    "not known: {why}": "不明: {why}",
    "{credits} credits: {missing} too few": "{credits} クレジット ({missing} 不足)",
    "as fast as {count} at once go": "同時に {count} 件ずつ、速度の制限なし",
    "{time} at {rate} a second": "{time} (毎秒 {rate} 件)",
    ", until {time} if begun now": "、今から始めると {time} まで",
    "{count} s": "{count} 秒",
    "{count} min": "{count} 分",
    "{hours} h {minutes} min": "{hours} 時間 {minutes} 分",
    # The question.
    "Send to {count} person?": "{count} 件の宛先に送信しますか?",
    "Send to {count} people?": "{count} 件の宛先に送信しますか?",
    "The first text was sent to the test number.": "最初の 1 通をテスト用の番号に送信しました。",
    "Did it arrive as it should? Send to everybody now?": "正しく届きましたか? 全員に送信しますか?",
    "Nobody else was sent to.": "ほかの宛先には送信していません。",
    "nobody is there to be asked; --yes sends without asking.": (
        "確認できる相手がいません。--yes を付けると確認せずに送信します。"
    ),
    "{cost} credits are more than --max-cost {limit}; nothing was sent.": (
        "料金 {cost} クレジットが --max-cost {limit} を超えるため、何も送信していません。"
    ),
    # Under way.
    "{done} of {total}": "{done} / {total} 件",
    "{rate}/s": "毎秒 {rate} 件",
    "{time} left": "残り {time}",
    "{count} sent": "送信済み {count}",
    "{count} delivered": "配信済み {count}",
    "{count} failed": "失敗 {count}",
    "{count} rejected": "拒否 {count}",
    "{count} left out": "除外 {count}",
    "{count} unknown": "不明 {count}",
    "throttled": "回数制限",
    "unreachable": "接続できません",
    "waiting": "待機中",
    "settling": "結果の確定待ち",
    "stopping": "停止処理中",
    ", {time} more": "、あと {time}",
    ": {count} in flight come to their end; Ctrl-C again leaves them in doubt": (
        "。送信中の {count} 件の完了を待っています (もう一度 Ctrl-C を押すと、その結果は不明のままになります)"
    ),
    # The result.
    "created": "未開始",
    "running": "実行中",
    "cut off": "中断",
    "paused": "一時停止",
    "stopped": "停止",
    "finished": "完了",
    "cancelled": "中止",
    "expired": "期限切れ",
    "purged": "消去済み",
    "delivered": "配信済み",
    "failed": "失敗",
    "skipped": "除外",
    "unknown": "不明",
    "assumed": "みなし送信",
    "not sent yet": "未送信",
    "{charged} credits charged so far, {reserved} estimated": (
        "{charged} クレジット課金済み、見積もり {reserved} クレジット"
    ),
    "{count} may have been sent, and nobody can tell: xoxzo campaign unknown {name}": (
        "{count} 件は送信されたかどうか分かりません。確認するには: xoxzo campaign unknown {name}"
    ),
    "Go on with: xoxzo campaign resume {name}": "再開するには: xoxzo campaign resume {name}",
    "Nothing is lost; once that is mended: xoxzo campaign resume {name}": (
        "記録は失われていません。原因を取り除いたら: xoxzo campaign resume {name}"
    ),
    "the budget is spent": "料金の上限に達しました",
    "the campaign has expired": "期限を過ぎました",
    "the run was broken off": "実行が打ち切られました",
    "the account has not enough credits": "アカウントの残高が足りません",
    "interrupted": "中断の操作がありました",
    "asked to pause": "一時停止の指示がありました",
    "asked to cancel": "中止の指示がありました",
    "until the next try": "次の試行まで",
    "until no late acceptance is possible": "遅れて受け付けられる可能性がなくなるまで",
    "the sent list": "送信済み一覧",
    # Looking and mending.
    "line {line}": "{line} 行目",
    "{count} recipients in {path}": "宛先 {count} 件を {path} に書き出しました",
    "The report is in {path}": "レポートを {path} に書き出しました",
    "{name} pauses; go on with: xoxzo campaign resume {name}": (
        "{name} を一時停止します。再開するには: xoxzo campaign resume {name}"
    ),
    "{name} is cancelled": "{name} を中止しました",
    "{options} exclude each other.": "{options} は同時に指定できません。",
    " and ": " と ",
    "{count} records of the usage log are of this campaign": "利用履歴のうち {count} 件がこのキャンペーンのものです",
    "{count} reports told something new": "{count} 件のレポートから新しい結果が分かりました",
    "{count} are taken for sent": "{count} 件を送信済みとみなします",
    "{count} will be sent again: xoxzo campaign resume {name}": (
        "{count} 件を再送します。実行するには: xoxzo campaign resume {name}"
    ),
    "{count} more numbers are left out": "新たに {count} 件の番号を除外します",
    "Remove the numbers and texts of {name} for good?": "{name} の番号と文章を完全に消しますか?",
    "{count} recipients are nameless now": "宛先 {count} 件の個人情報を消しました",
    # What is refused.
    "Say what to send by one of --text, --template, --say and --play.": (
        "送る内容を --text、--template、--say、--play のどれか 1 つで指定してください。"
    ),
    "Say from whom by --sender.": "送信元を --sender で指定してください。",
    "--column wants NAME=COLUMN, for instance --column name=お名前": (
        "--column は NAME=COLUMN の形で指定します。例: --column name=お名前"
    ),
    "--{option} wants a number of credits, 0 or more": "--{option} には 0 以上のクレジット数を指定してください",
    "--expires wants a time such as 2026-11-30T18:00+09:00": (
        "--expires には時刻を指定してください。例: 2026-11-30T18:00+09:00"
    ),
    "Template {number} has no text in force: Xoxzo has not approved it yet.": (
        "テンプレート {number} には承認済みの文章がありません (Xoxzo の承認待ちです)。"
    ),
    "{name} is {state} already: give another --name to send to the same people once more": (
        "{name} はすでに終わっています ({state})。同じ宛先にもう一度送るには別の --name を指定してください"
    ),
    "{file} has changed since {name} was begun: go on with the people as they were by "
    "`xoxzo campaign resume {name}`, or give another --name": (
        "{name} を始めた後に {file} が変更されています。元の宛先のまま続けるには `xoxzo campaign resume {name}` を"
        "実行し、そうでなければ別の --name を指定してください"
    ),
    "{path}, line {line}": "{path} の {line} 行目",
    "line {line}: {column} {why}": "{line} 行目: {column}: {why}",
    "… and {count} more": "… ほか {count} 件",
    "{count} row cannot be sent to; nothing was sent.": "送信できない行が {count} 件あるため、何も送信していません。",
    "{count} rows cannot be sent to; nothing was sent.": "送信できない行が {count} 件あるため、何も送信していません。",
    "They are in {path} with their reasons: mend them there, or go on with --skip-bad.": (
        "理由とともに {path} に書き出しました。そこで直すか、--skip-bad で除いて続けてください。"
    ),
    "{count} row was left out; it is in {path} with its reason.": (
        "{count} 件の行を除外し、理由とともに {path} に書き出しました。"
    ),
    "{count} rows were left out; they are in {path} with their reasons.": (
        "{count} 件の行を除外し、理由とともに {path} に書き出しました。"
    ),
    "this is none that `xoxzo listen --log` has written": "`xoxzo listen --log` で書かれたものではありません",
    "must be two times of day that differ, for instance {0}:{1}-{2}:{3}": (
        "異なる 2 つの時刻を指定してください。例: {0}:{1}-{2}:{3}"
    ),
    "must be letters, digits, - _ and . of any script, at most {0}": (
        "文字・数字・- _ . だけを使い、{0} 文字以内にしてください"
    ),
    "another run has taken this campaign over": "別の実行がこのキャンペーンを引き継ぎました",
    "the campaign was not completed when it was created: create it anew": (
        "キャンペーンの作成が途中で終わっています。作り直してください"
    ),
    "must not be empty": "空にはできません",
    "must be from {0} to {1},{2}": "{0} から {1},{2} までにしてください",
    "must be from {0} to {1}": "{0} から {1} までにしてください",
    "must be above {0}": "{0} より大きくしてください",
    "must be {0} or more": "{0} 以上にしてください",
    "must be {0} or more seconds": "{0} 秒以上にしてください",
    "must be above {0} and at most {1}": "{0} より大きく {1} 以下にしてください",
    'writing workbooks needs an extra: pip install "xoxzo-cloudpy[campaigns]"': (
        'Excel ファイルを書くには追加のパッケージが必要です: pip install "xoxzo-cloudpy[campaigns]"'
    ),
    'reading workbooks needs an extra: pip install "xoxzo-cloudpy[campaigns]"': (
        'Excel ファイルを読むには追加のパッケージが必要です: pip install "xoxzo-cloudpy[campaigns]"'
    ),
    "is empty": "空です",
    "makes a text of over {0} characters": "差し込み後の文章が {0} 文字を超えます",
    "makes a text with half a character in it": "差し込み後の文章に壊れた文字が含まれます",
    "there is nobody to send to": "送信する宛先がありません",
    "the file is empty": "ファイルが空です",
}
