"""The Alertmanager receiver and the server for assistants."""

WORDS = {
    # The receiver.
    "Name the settings by --config; `xoxzo alertmanager example` writes some.": (
        "設定ファイルを --config で指定してください。`xoxzo alertmanager example` がひな型を出力します。"
    ),
    "Give ids, or --all.": "ID か --all のどちらかを指定してください。",
    "there is no incident {ident}": "障害 {ident} は見つかりません",
    "Turn Prometheus alerts into SMS, and into calls that go on until somebody answers.": (
        "Prometheus のアラートを SMS で、または誰かが出るまで繰り返す電話で知らせます。"
    ),
    "Let Alertmanager's webhook_configs post to /alerts. Each group of alerts goes through a list of steps until "
    "somebody answers a call, acknowledges it by hand, or all is well. What is under way survives a restart, and "
    "nothing is sent twice. Stop it with Ctrl-C.": (
        "Alertmanager の webhook_configs の送信先に /alerts を指定してください。アラートのグループごとに、"
        "誰かが電話に出るか、手動で確認済みにするか、復旧するまで、決めた順に知らせます。"
        "途中の状態は再起動しても引き継がれ、同じものを二度送ることはありません。Ctrl-C で終了します。"
    ),
    "Where XOXZO_ALERTMANAGER_TOKEN is set, callers have to bring it as a bearer token.": (
        "XOXZO_ALERTMANAGER_TOKEN を設定すると、呼び出し側に同じ値のベアラートークンを求めます。"
    ),
    "Exit status: 0 done, 2 wrong use or settings, 3 no such incident, 4 credentials.": (
        "終了コード: 0 完了、2 使い方か設定の誤り、3 該当する障害なし、4 認証。"
    ),
    "The settings.": "設定ファイル。",
    "The file that remembers incidents.": "障害の状態を記録するファイル。",
    "In place of what the settings say; port 0 takes a free one.": (
        "設定の代わりに使うアドレス。ポート 0 で空きポートを使います。"
    ),
    "Read the settings, show what they lead to, and end.": "設定を読み、どう動くかを表示して終了します。",
    "Show what a payload of Alertmanager's would lead to, and end.": (
        "Alertmanager が送る内容 (JSON) に対してどう動くかを表示して終了します。"
    ),
    "Listen, and tell what would be sent instead of sending it.": (
        "アラートを受け付け、送る代わりに、送るはずの内容を表示します。"
    ),
    "Write JSON, one object a line.": "JSON で出力します。1 行に 1 つのオブジェクトです。",
    "Say that somebody takes care of an incident: its escalation ends, whether the receiver runs or not.": (
        "障害を確認済みにします。以後の連絡を止めます。受信側が動いていなくても使えます。"
    ),
    "The id stands at the end of each message.": "ID は各メッセージの末尾に書かれています。",
    "Acknowledge every open incident.": "未確認の障害をすべて確認済みにします。",
    "Show the incidents that are not over, and how far each has come.": (
        "続いている障害と、連絡の進み具合を表示します。"
    ),
    "Write settings to begin with: fill in your people, and --check them.": (
        "設定のひな型を出力します。連絡先を書き込み、--check で確認してください。"
    ),
    # The server for assistants.
    "Say from whom by --sender, by --caller and --call-price, or by all of them.": (
        "送信元を --sender で、または --caller と --call-price で指定してください。両方でもかまいません。"
    ),
    "--caller needs --call-price: what a call costs is not published.": (
        "--caller には --call-price が必要です。通話料金は公表されていません。"
    ),
    "{reason} Or try it with --simulator.": "{reason} --simulator で試すこともできます。",
    "--allow and --budget belong together: whom may it reach, and for how much?": (
        "--allow と --budget は両方指定してください。誰に、いくらまで送ってよいかを決めるものです。"
    ),
    "--allow wants each name once, as in anne=+818011112222": (
        "--allow には、anne=+818011112222 のように、名前を重複なく指定してください"
    ),
    "Let an assistant look, and send within limits that you set.": (
        "AI アシスタントに、状況の確認と、決めた範囲内での送信を任せます。"
    ),
    "It speaks the Model Context Protocol on standard input and output: name this command in your assistant's "
    "settings. Without --allow and --budget it only reads. With both, it sends to those who are named, until the "
    "budget is spent. Credentials come from the environment or a profile, never from the command line.": (
        "標準入出力で Model Context Protocol を話します。アシスタントの設定にこのコマンドを登録してください。"
        "--allow と --budget がなければ、参照だけができます。両方を指定すると、挙げた相手に、予算の範囲内で送れます。"
        "認証情報は環境変数かプロファイルから読み、コマンドラインには書きません。"
    ),
    "Exit status: 0 done, 2 wrong use, 4 credentials, 7 stopped while something was being sent.": (
        "終了コード: 0 完了、2 使い方の誤り、4 認証、7 送信の途中で終了。"
    ),
    "Somebody who may be reached; may be repeated.": "送ってよい相手。繰り返し指定できます。",
    "What may be spent until this server ends.": "このサーバーが終わるまでに使ってよいクレジット。",
    "From whom SMS are sent; without it there are none.": "SMS の送信元。指定しなければ SMS は送れません。",
    "The number that calls show; without it nobody is called.": (
        "電話の発信者番号。指定しなければ電話はかけられません。"
    ),
    "For each part, where yours differs or none is published.": (
        "SMS 1 通分の料金。公表された料金と異なるか、公表されていない場合に指定します。"
    ),
    "For each started minute; without it nobody is called.": (
        "通話 1 分ごとの料金。指定しなければ電話はかけられません。"
    ),
}
