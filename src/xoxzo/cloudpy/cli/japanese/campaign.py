"""The help of `xoxzo campaign`."""

WORDS = {
    "What is sent": "送る内容",
    "The list": "宛先の一覧",
    "What is kept to": "守る条件",
    "Where it goes": "接続先",
    "Send one message to very many people: never twice, and none lost.": (
        "多数の宛先に 1 つのメッセージを送ります。二重送信も取りこぼしもありません。"
    ),
    "A campaign is a file in XOXZO_CAMPAIGNS (by default in the user's data folder). It is made from a list of "
    "recipients by `plan` or `run`, knows of each recipient what became of it, and goes on where it stopped.": (
        "キャンペーンは XOXZO_CAMPAIGNS (既定はユーザーのデータフォルダー) に置かれる 1 つのファイルです。"
        "宛先の一覧から `plan` または `run` で作られ、宛先ごとの結果を記録し、止まったところから再開できます。"
    ),
    "Exit status: 0 done, 2 wrong use, 3 stopped before its end, 4 credentials, 7 some messages may have been sent and "
    "nobody can tell.": (
        "終了コード: 0 完了、2 使い方の誤り、3 途中で停止、4 認証、7 送信されたか分からないメッセージあり。"
    ),
    "Show what sending to the people in FILE comes to.": "FILE の宛先に送る場合の件数や料金を表示します。",
    "Nothing is sent, and nothing is kept.": "送信も保存もしません。",
    "The text of an SMS; {name} stands for the column `name`.": "SMS の文章。{name} は `name` 列の値になります。",
    "The number of an approved template.": "承認済みテンプレートの番号。",
    "Call and speak this text.": "電話をかけ、この文章を読み上げます。",
    "Call and play this mp3 (http only).": "電話をかけ、この mp3 を再生します (http のみ)。",
    "Of a spoken text: ja or en.": "読み上げる言語: ja または en。",
    "Of an SMS: 10 letters and digits, or 15 digits. Of a call: the caller's number.": (
        "SMS では送信元 (英数字 10 文字または数字 15 桁まで)、電話では発信者の番号。"
    ),
    "A tag for each message; may be repeated.": "各メッセージに付けるタグ。複数指定できます。",
    "Replace the first link by one that tells when it is opened.": (
        "最初のリンクを、開封が分かる短縮リンクに置き換えます。"
    ),
    "Credits for each part or call, where yours differ from the published.": (
        "1 分割または 1 通話あたりの料金。公表料金と異なる場合に指定します。"
    ),
    "What the campaign is called; by default as the file.": "キャンペーンの名前。既定はファイル名です。",
    "The column of the phone numbers.": "電話番号の列。",
    "The column of a placeholder.": "差し込み項目の列。",
    "Take numbers that are no mobiles as well.": "携帯電話以外の番号も対象にします。",
    "Leave rows out that cannot be sent to.": "送信できない行を除きます。",
    "Numbers to leave out, one a line.": "除外する番号。1 行に 1 つ。",
    "Of the file; by default found out.": "ファイルの文字コード。既定では自動判定します。",
    "Between cells; by default found out.": "区切り文字。既定では自動判定します。",
    "Whether the first row names the columns.": "先頭行が列名かどうか。",
    "Of a workbook; by default the first.": "ブックのシート。既定は最初のシートです。",
    "In flight at once; 10 by default.": "同時に送信する数。既定は 10。",
    "Messages a second.": "1 秒あたりの件数。",
    "Stop rather than cost more.": "この料金を超える前に停止します。",
    "Send nothing at these hours, by the recipient's clock.": "宛先の現地時刻で、この時間帯は送りません。",
    "Send nothing after this time, as 2026-11-30T18:00+09:00.": (
        "この時刻より後は送りません。例: 2026-11-30T18:00+09:00。"
    ),
    "Stop when so many of the last 100 fail; 0.5 by default.": (
        "直近 100 件のうち、この割合が失敗すると停止します。既定は 0.5。"
    ),
    "Seconds until a lost message is surely lost; 600 by default.": (
        "応答のないメッセージを未送信と確定するまでの秒数。既定は 600。"
    ),
    "Seconds until a lost message is surely lost.": "応答のないメッセージを未送信と確定するまでの秒数。",
    "Write one JSON object.": "1 つの JSON オブジェクトで出力します。",
    "Send to the people in FILE, after asking.": "確認のうえ、FILE の宛先に送信します。",
    "The plan is shown first. Run it again to go on after a stop, a crash or a power cut. Ctrl-C finishes what is in "
    "flight; a second one does not wait for it.": (
        "最初に内容を表示します。停止・異常終了・停電の後は、もう一度実行すると再開します。Ctrl-C は"
        "送信中のものを終えてから止まり、もう一度押すと待たずに止まります。"
    ),
    "Ask at the end for the carriers' last words.": "最後に配信結果を確認します。",
    "Have reports sent there, signed with XOXZO_CALLBACK_SECRET.": (
        "XOXZO_CALLBACK_SECRET で署名した配信通知の送り先。"
    ),
    "Send the first text to this number before anybody else.": (
        "ほかの宛先より先に、この番号へ 1 通目を試し送りします。"
    ),
    "Do not ask.": "確認しません。",
    "Write what happens as one JSON object a line.": "経過を JSON で、1 行に 1 つ出力します。",
    "Go on with a campaign that stopped or was cut off.": "停止・中断したキャンペーンを再開します。",
    "It keeps to what it kept to before, other than where an option is given now. One that was never begun is shown "
    "and asked about, as `run` does.": (
        "今回オプションで指定したもの以外は、前回の条件に従います。"
        "まだ始めていないものは、run と同じく内容を示して確認します。"
    ),
    "Show where a campaign stands.": "キャンペーンの状況を表示します。",
    "Write JSON.": "JSON で出力します。",
    "List all campaigns of this machine.": "このマシンのキャンペーンを一覧します。",
    "Stop a run after what is in flight; `resume` goes on.": (
        "送信中のものを終えてから一時停止します。`resume` で再開します。"
    ),
    "End a campaign for good.": "キャンペーンを打ち切ります。",
    "Find out what became of messages.": "メッセージの結果を確定します。",
    "By the sent list, or by what one of the options names; --assume-sent and --resend-unknown are for what nobody "
    "knows.": (
        "送信済み一覧か、オプションで指定した記録で調べます。--assume-sent と --resend-unknown は、どうしても分からない"
        "ものに使います。"
    ),
    "The CSV from Xoxzo's dashboard.": "Xoxzo の管理画面から取得した CSV。",
    "What `xoxzo listen --log` has written.": "`xoxzo listen --log` が書いたファイル。",
    "Ask for the last word on each message.": "メッセージごとに最終結果を確認します。",
    "Take what is unknown for sent.": "不明なものを送信済みとみなします。",
    "Send what is unknown again, though some may get it twice.": ("不明なものを再送します。二重に届く場合があります。"),
    "List those who may have been sent to, or not.": "送信されたか分からない宛先を一覧します。",
    "Show whole numbers.": "番号を伏せずに表示します。",
    "Leave the numbers in FILE out from now on.": "以後、FILE の番号を除外します。",
    "Also while it runs. FILE has one number a line; - reads standard input.": (
        "実行中でも使えます。FILE は 1 行に 1 つの番号です。- は標準入力から読みます。"
    ),
    "Write a table of all recipients.": "全宛先の表を書き出します。",
    "With state, msgid, times and cost, and with whole numbers.": "状態、msgid、時刻、料金を含み、番号は伏せません。",
    "By default NAME.csv; .xlsx makes a workbook.": "既定は NAME.csv。.xlsx ならブックになります。",
    "Write a page of HTML with figures and charts.": "数値とグラフの HTML ページを書き出します。",
    "It holds no number and no text, and needs nothing else.": "番号と文章は含まず、単独で開けます。",
    "By default NAME.html.": "既定は NAME.html。",
    "Remove numbers, texts and ids; keep the figures.": "番号・文章・ID を消し、数値だけを残します。",
}
