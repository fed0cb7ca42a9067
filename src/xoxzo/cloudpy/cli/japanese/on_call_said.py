"""What the Alertmanager receiver says: where its settings lead, what is wrong with them, how incidents stand."""

WORDS = {
    # Where the settings lead.
    "person": "連絡先",
    "route": "振り分け",
    "everything else": "その他すべて",
    "warning": "注意",
    "an alert that fits none of the routes is told to nobody: end with a route without match": (
        "どの振り分けにも当てはまらないアラートは誰にも知らされません。最後に match のない振り分けを置いてください"
    ),
    "no route leads to {name}": "{name} に至る振り分けがありません",
    "no route fits: nobody would be told": "当てはまる振り分けがなく、誰にも知らされません",
    "breaks through the quiet hours {hours}": "控える時間帯 {hours} でも知らせます",
    "waits for the end of the quiet hours {hours}": "控える時間帯 {hours} が終わるまで待ちます",
    "{count} part of at most {most}": "{count} 通分 (上限 {most})",
    "{count} parts of at most {most}": "{count} 通分 (上限 {most})",
    ", about {cost} credits each": "、1 人あたり約 {cost} クレジット",
    "template {number}": "テンプレート {number}",
    "list": "手順",
    ", {count} times": "、{count} 回まで",
    "{list}{rounds}, until somebody acknowledges or all is well": "{list}{rounds}、誰かが確認するか復旧するまで",
    "after {time}": "{time}後",
    "at once": "すぐに",
    "in the end": "最後に",
    "SMS to all who were told, when all is well": "復旧したら、知らせた全員に SMS",
    "SMS to {people}": "{people} に SMS",
    "call {people}": "{people} に電話",
    ", up to {count} times, {time} apart": "、{time}おきに {count} 回まで",
    # How incidents stand.
    "{phase} by {name}": "{phase} ({name})",
    "since {time}": "{time} から",
    "There is none: all is well.": "続いている障害はありません。",
    "To see which are there: {command}": "一覧を見るには: {command}",
    "To see what may stand there: {command}": "書ける内容を見るには: {command}",
    "Is it kept in another file? --state FILE says which, or the settings do: --config FILE.": (
        "別のファイルに記録している場合は、--state ファイル か --config 設定ファイル で指定してください。"
    ),
    "Of texts and remarks; by default the shell's.": "文面とコメントの言語。既定はシェルの言語。",
    "open": "未確認",
    "acknowledged": "確認済み",
    "ended": "手順終了・未確認",
    "resolved": "復旧",
    "closed": "終了",
    "sms": "SMS",
    "call": "電話",
    "news": "続報",
    "claimed": "送信直前",
    "ringing": "呼び出し中",
    "answered": "応答",
    "unanswered": "応答なし",
    "unknown": "送信されたか不明",
    "unsent": "未送信",
    "refused": "拒否",
    # What is wrong with the settings; the place in the file stands before.
    "must have at least one list, for instance [lists.oncall]": (
        "[lists.oncall] のような手順を 1 つ以上書いてください"
    ),
    "must say which alerts take which list": "どのアラートにどの手順を使うかを書いてください",
    "must be letters, digits and _, at most {0}": "半角英数字と _ で {0} 文字以内にしてください",
    "must be written with + and its country code, or as at home in Japan": (
        "+ と国番号から書くか、日本国内の書き方にしてください"
    ),
    "must have at least one step": "1 つ以上書いてください",
    "must name people, each once": "連絡先の名前を、重複なく書いてください",
    "must be at most {0} letters and digits, or {1} digits": "半角英数字 {0} 文字以内か、数字 {1} 桁以内にしてください",
    "and resolved_template must be given together": "resolved_template と両方書いてください",
    "must be given: the template's number": "テンプレートの番号を書いてください",
    "must be at least {0}, or a whole list could never be told": (
        "{0} 以上にしてください。手順の全員に知らせることができません"
    ),
    "must be given along with credits": "credits と一緒に書いてください",
    "must be an address and a port, for instance {0}.{1}.{2}.{3}:{4}": (
        "{0}.{1}.{2}.{3}:{4} のように、アドレスとポートを書いてください"
    ),
    "must be a table": "テーブルにしてください",
    "must be a list of tables": "テーブルの配列にしてください",
    "must be given, as a text": "文字列で書いてください (必須)",
    "must be a text": "文字列にしてください",
    "must be a text or a list of texts": "文字列か、文字列の配列にしてください",
    "must be one of en, ja": "en か ja にしてください",
    "must be one of sms, call": "sms か call にしてください",
    "must be true or false": "true か false にしてください",
    "must be a whole number from {0} to {1}": "{0} から {1} までの整数にしてください",
    "must be a number of credits, {0} or more": "{0} 以上のクレジット数にしてください",
    "must be seconds, or a time such as {0}s, {1}m or {2}h{3}m": (
        "秒数か、{0}s、{1}m、{2}h{3}m のような時間にしてください"
    ),
    "must not be blank": "空にはできません",
    "is not known: give an IANA name such as Asia/Tokyo": "知られていません。Asia/Tokyo のような名前にしてください",
    "must be {0} (Alertmanager) or {1} (Grafana)": "{0} (Alertmanager) か {1} (Grafana) にしてください",
    # Limits of the server for assistants.
    "must name at least one number": "番号を 1 つ以上指定してください",
    "must be a number of credits above {0}": "{0} より大きいクレジット数にしてください",
}
