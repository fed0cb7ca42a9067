"""The help of the commands that send, ring and ask."""

WORDS = {
    "Send SMS, and follow them.": "SMS を送信し、到着を確認します。",
    "Send a text to one or several phones.": "1 つまたは複数の番号に文章を送ります。",
    "Ask where messages are.": "メッセージの状態を確認します。",
    "List what was sent in the last 90 days.": "過去 90 日間に送信したものを一覧します。",
    "Wait until messages have arrived.": "メッセージが届くまで待ちます。",
    "Look for the messages that were sent with a reference.": "リファレンスを付けて送ったメッセージを探します。",
    "Count the parts of a text and what they cost; nothing is sent.": (
        "文章の分割数と料金を数えます。送信はしません。"
    ),
    "Send a text to one or several phones, one after the other.": "1 つまたは複数の番号に、順番に文章を送ります。",
    "Recipients are read as people type them; one that is - stands for the lines of standard input. The last "
    "argument is the text, unless --text or --file has it.": (
        "宛先は普段の書き方のままで構いません。- は標準入力の各行を表します。--text か --file がなければ、最後の引数が"
        "文章になります。"
    ),
    "Ends with the gravest status of all recipients: 0 when Xoxzo took every message.": (
        "終了コードは全宛先のうち最も重いものです。すべて受け付けられれば 0 です。"
    ),
    "The text; then all arguments are recipients.": "文章。指定すると引数はすべて宛先になります。",
    "Read the text from a file (UTF-8); - is standard input.": (
        "文章をファイル (UTF-8) から読みます。- は標準入力です。"
    ),
    "10 letters and digits, or 15 digits; else the configuration's.": (
        "送信元。英数字 10 文字または数字 15 桁まで。省略時は設定の値。"
    ),
    "Your own key, to look it up by; it travels as a tag.": "後で探すための自分用のキー。タグとして送られます。",
    "A tag; may be repeated.": "タグ。複数指定できます。",
    "Told how it ended.": "結果を通知する URL。",
    "The same, signed with XOXZO_CALLBACK_SECRET and bound to --reference: xoxzo listen --verify believes it.": (
        "同じく通知する URL を、XOXZO_CALLBACK_SECRET で署名し --reference に結び付けます。"
        "xoxzo listen --verify で確かめられます。"
    ),
    "{variable} is not set: what shall callback URLs be signed with?": (
        "{variable} がありません。コールバック URL の署名に使う秘密の文字列を設定してください"
    ),
    "See how it stands: xoxzo template list. On a simulator you approve it yourself, on its page.": (
        "状態を見るには: xoxzo template list。シミュレーターでは、その画面で自分で承認できます。"
    ),
    "See what it names: xoxzo template show NUMBER": "差し込み項目を見るには: xoxzo template show 番号",
    "There is none yet. To find one: {command}": "まだありません。探すには: {command}",
    "There is none yet. To write one: {command}": "まだありません。作るには: {command}",
    "There is none yet. To begin one: {command}": "まだありません。始めるには: {command}",
    # Why there was no answer.
    "no connection: {why}": "接続できません: {why}",
    "nothing listens there": "待ち受けているものがありません",
    "there is no machine of this name": "その名前のホストは見つかりません",
    "the network does not lead there": "ネットワークがつながっていません",
    "its certificate is not trusted": "証明書を信頼できません",
    "no connection": "接続できません",
    "no answer in time": "時間内に応答がありません",
    "the answer was lost": "応答が失われました",
    "too many requests": "回数制限にかかりました",
    "the server failed": "サーバーでエラーが起きました",
    "Keep it: whoever receives the callbacks needs the same one.": (
        "保存しておいてください。コールバックを受ける側でも同じものが必要です。"
    ),
    "--callbacks makes the addresses itself: leave the other callback URLs out.": (
        "--callbacks が URL を作ります。ほかのコールバック URL は指定しないでください。"
    ),
    "--callbacks needs --reference: each address is bound to it.": (
        "--callbacks には --reference が必要です。URL はこれに結び付けられます。"
    ),
    "Replace the first link by one that tells when it is opened; extra.": (
        "最初のリンクを、開封が分かる短縮リンクに置き換えます (追加料金)。"
    ),
    "Told of the first click; needs --track-link.": "最初のクリックを通知する URL。--track-link が必要です。",
    "K-premium route to Japan; needs --jp-kp-sender.": "国内向け K-premium で送ります。--jp-kp-sender が必要です。",
    "K-premium Lite; needs --jp-kp-sender.": "K-premium Lite で送ります。--jp-kp-sender が必要です。",
    "The sender registered for K-premium.": "K-premium に登録した送信元。",
    "For each part, where yours differs from the published one.": (
        "1 分割あたりの料金。公表料金と異なる場合に指定します。"
    ),
    "Where numbers without a country code belong; JP by default.": "国番号のない番号の国。既定は JP。",
    "Where numbers without a country code belong.": "国番号のない番号の国。",
    "Ask where messages are; - reads their ids from standard input, one a line.": (
        "メッセージの状態を確認します。- は標準入力から ID を 1 行に 1 つ読みます。"
    ),
    "QUEUED and DELIVERING are on their way, DELIVERED has arrived, FAIL never will.": (
        "QUEUED と DELIVERING は配信中、DELIVERED は到着済み、FAIL は届きません。"
    ),
    "List what was sent in the last 90 days, as it arrives.": (
        "過去 90 日間に送信したものを、受け取りながら一覧します。"
    ),
    "Xoxzo throttles this list far harder than everything else, and caps it: ask for few days.": (
        "この一覧はほかより厳しく回数が制限され、件数にも上限があります。期間は短めに指定してください。"
    ),
    "On this day; days are UTC: 2026-01-31, today, yesterday, 7d.": (
        "この日だけ。日付は UTC です: 2026-01-31、today、yesterday、7d。"
    ),
    "On this day or later.": "この日以降。",
    "On this day or earlier.": "この日以前。",
    "Later than this day.": "この日より後。",
    "Earlier than this day.": "この日より前。",
    "Only these: QUEUED, DELIVERING, DELIVERED or FAIL.": "この状態だけ: QUEUED、DELIVERING、DELIVERED、FAIL。",
    "Only those with this tag.": "このタグが付いたものだけ。",
    "Wait until messages have arrived; - reads their ids from standard input, one a line.": (
        "メッセージが届くまで待ちます。- は標準入力から ID を 1 行に 1 つ読みます。"
    ),
    "Ends with 0 when all arrived, with 3 when one failed, and with 6 when time ran out.": (
        "終了コードは、すべて届けば 0、1 つでも失敗すれば 3、時間切れなら 6 です。"
    ),
    "How long to wait for each.": "それぞれを待つ秒数。",
    "A status that is enough.": "この状態になれば待つのをやめます。",
    "Found proves that one was sent. Not found proves nothing: the list is capped and may lag behind; do not send "
    "again because of it. Ends with 0 when one was found, else with 3.": (
        "見つかれば、送信済みと分かります。見つからなくても未送信とは言えません。一覧には上限と遅れがあるためです。"
        "これを理由に再送しないでください。終了コードは、見つかれば 0、なければ 3 です。"
    ),
    "The first day to look at: 2026-01-31, today, yesterday, 7d.": ("探し始める日: 2026-01-31、today、yesterday、7d。"),
    "One character that is not ASCII makes the parts half as long: 70 characters in place of 140.": (
        "ASCII 以外の文字が 1 つでもあると、1 通に入る長さは 140 文字から 70 文字に減ります。"
    ),
    "Ends with 3 for a text that is too long to be sent.": "長すぎて送れない文章なら、終了コードは 3 です。",
    "Where it would be sent to.": "送り先の国。",
    "With a tracked link, which is extra.": "リンクの追跡を付けた場合 (追加料金)。",
    # Templates.
    "Write, try and send SMS templates.": "SMS テンプレートを作り、試し、送ります。",
    "Write, try and send SMS templates: what accounts send by unless Xoxzo has approved free texts for them.": (
        "SMS テンプレートを作り、試し、送ります。自由文の承認がないアカウントはテンプレートで送信します。"
    ),
    "List your templates.": "テンプレートを一覧します。",
    "Show one template with its placeholders.": "テンプレートを、差し込み項目とともに表示します。",
    "Write a template; Xoxzo has to approve it.": "テンプレートを作ります。Xoxzo の承認が必要です。",
    "Change a template; Xoxzo has to approve it again.": "テンプレートを変更します。再び承認が必要です。",
    "Delete a template.": "テンプレートを削除します。",
    "Show what a template becomes; nothing is sent.": "差し込み後の文章を表示します。送信はしません。",
    "Send an SMS by a template.": "テンプレートで SMS を送ります。",
    "Write a template, with placeholders such as {name}. Xoxzo has to approve it before it can be sent.": (
        "{name} のような差し込み項目を含むテンプレートを作ります。送信できるのは Xoxzo の承認後です。"
    ),
    "Change a template. It cannot be sent until Xoxzo has approved it again.": (
        "テンプレートを変更します。再び Xoxzo に承認されるまで送信できません。"
    ),
    "How it is called from now on.": "新しい名前。",
    "Its new text; - reads it from standard input.": "新しい文章。- は標準入力から読みます。",
    "Read the new text from a file (UTF-8); - is standard input.": (
        "新しい文章をファイル (UTF-8) から読みます。- は標準入力です。"
    ),
    "Delete a template; a new one would have to be approved again.": (
        "テンプレートを削除します。作り直すと、また承認が必要になります。"
    ),
    "Show what a template becomes, with its parts and what it costs in Japan; nothing is sent.": (
        "差し込み後の文章を、分割数と国内向けの料金とともに表示します。送信はしません。"
    ),
    "A placeholder's text; may be repeated.": "差し込み項目の文字列。複数指定できます。",
    "All placeholders' texts as one JSON object.": "すべての差し込み項目を 1 つの JSON オブジェクトで指定します。",
    "Send an SMS by a template to one or several phones, one after the other.": (
        "1 つまたは複数の番号に、順番にテンプレートで SMS を送ります。"
    ),
    "The template is read first: what its text does not name is refused, and the cost is known, before anything is "
    "sent.": "先にテンプレートを読み、差し込み項目の過不足と料金を送信前に確かめます。",
    # One-time passwords.
    "Send one-time passwords, and check them.": "ワンタイムパスワードを送り、照合します。",
    "Send one-time passwords, and check them. Xoxzo makes the code, and never tells it.": (
        "ワンタイムパスワードを送り、照合します。コードは Xoxzo が作り、こちらには知らされません。"
    ),
    "Register a website once, so that codes may be asked for in its name; requests name it in the same words.": (
        "コードを要求するウェブサイトを 1 度だけ登録します。要求するときも同じ表記で指定します。"
    ),
    "The sentence with the code; 3 by default, Japanese.": "コードを伝える文面の番号。既定は 3 (日本語)。",
    "Send a code to a phone, for 3 credits.": "電話にコードを送ります (3 クレジット)。",
    "Ask whether a code is right; - reads it from standard input. It counts as a try.": (
        "コードが正しいか照合します。- は標準入力から読みます。試行 1 回と数えられます。"
    ),
    "Ends with 0 when it was right, with 3 when it was wrong, expired or used up.": (
        "終了コードは、正しければ 0、誤り・期限切れ・使用済みなら 3 です。"
    ),
    "What the request returned, to verify as Xoxzo's tutorial does.": (
        "要求時に返された ID。Xoxzo のチュートリアルの方式で照合します。"
    ),
    # Calls.
    "Ring a phone: play an mp3 or speak a text.": "電話をかけ、mp3 の再生や文章の読み上げをします。",
    "Ring one or several phones, one after the other, and play an mp3.": (
        "1 つまたは複数の番号に順番に電話をかけ、mp3 を再生します。"
    ),
    "A public mp3; http:// only.": "公開されている mp3。http:// のみ。",
    "Show a dial-in number of yours; --caller must be it. Dearer.": (
        "契約中の着信番号を発信者として表示します。--caller に指定してください。料金は高くなります。"
    ),
    "The number to show; else the configuration's.": "発信者として表示する番号。省略時は設定の値。",
    "Ring a phone and speak a text; commas make pauses. A RECIPIENT - stands for numbers on standard input.": (
        "電話をかけ、文章を読み上げます。カンマで間を置けます。RECIPIENT が - なら、番号を標準入力から読みます。"
    ),
    "The text's language: ja or en.": "文章の言語: ja または en。",
    "Ask where calls are; - reads their ids from standard input, one a line.": (
        "通話の状態を確認します。- は標準入力から ID を 1 行に 1 つ読みます。"
    ),
    "duration is seconds of talk; cost is 0 until the call has ended.": (
        "duration は通話の秒数です。cost は通話が終わるまで 0 です。"
    ),
    "Wait until calls are over; - reads their ids from standard input, one a line.": (
        "通話が終わるまで待ちます。- は標準入力から ID を 1 行に 1 つ読みます。"
    ),
    "Ends with 0 when all were answered, with 3 when one was not, and with 6 when time ran out.": (
        "終了コードは、すべて応答があれば 0、なかったものがあれば 3、時間切れなら 6 です。"
    ),
    "Ring two or three phones and join them.": "2 台か 3 台の電話にかけ、つなぎます。",
    "Ring two or three phones and join them; each is charged as a call.": (
        "2 台か 3 台の電話にかけ、つなぎます。それぞれ 1 通話として課金されます。"
    ),
    "The voice guide's language; whether Xoxzo heeds it is not documented.": (
        "音声ガイドの言語。反映されるかどうかは公開資料にありません。"
    ),
    "Ask how a conference went: each participant's call, the length of the longest, and the cost of all.": (
        "電話会議の結果を確認します。参加者ごとの通話、最も長い通話の秒数、料金の合計が分かります。"
    ),
}
