"""The help of the commands about this machine: the simulator, callbacks."""

WORDS = {
    "Run Xoxzo's telephony service on this machine.": "Xoxzo の電話サービスをこのマシンで動かします。",
    "It serves the same HTTP API, brings messages to phones that are not there, calls callbacks and action URLs on "
    "this machine, and never reaches the real service. Stop it with Ctrl-C.": (
        "同じ HTTP API を提供し、架空の電話にメッセージを届け、"
        "このマシンのコールバックとアクション URL を呼び出します。"
        "本物のサービスには決して接続しません。Ctrl-C で停止します。"
    ),
    "Address to listen on.": "待ち受けるアドレス。",
    "0 takes a free port.": "0 なら空いているポートを使います。",
    "Admit this SID alone; by default any SID and token are admitted.": (
        "この SID だけを受け入れます。既定ではどの SID とトークンも受け入れます。"
    ),
    "The token of --sid.": "--sid のトークン。",
    "strict is throttled; new-account may send templates alone.": (
        "strict は回数制限あり。new-account はテンプレートのみ送信できます。"
    ),
    "What each account starts with.": "各アカウントの最初の残高。",
    "Keep the state in this file; by default it ends with the program.": (
        "状態をこのファイルに保存します。既定ではプログラムとともに消えます。"
    ),
    "Make ids and numbers repeatable.": "ID と番号を毎回同じにします。",
    "Serve the retired SIN paths.": "終了した SIN のパスも提供します。",
    "Let callbacks and action URLs reach other machines.": (
        "コールバックとアクション URL がほかのマシンに届くことを許します。"
    ),
    "Any setting; may be repeated.": "任意の設定。複数指定できます。",
    "Write all settings as a table, and end.": "全設定を表で出力して終了します。",
    "Show whole numbers and texts in the log.": "ログに番号と文章を伏せずに表示します。",
    "Let no other command find it: neither --simulator nor stop.": (
        "ほかのコマンド (--simulator や stop) から見つからないようにします。"
    ),
    "Write the start line and the log as JSON, one object a line.": "開始行とログを JSON で、1 行に 1 つ出力します。",
    "Stop the simulators that run on this machine, and wait until they have gone.": (
        "このマシンのシミュレーターを停止し、終わるまで待ちます。"
    ),
    "Ends with 0 when none is left, and with 6 when one goes on.": (
        "終了コードは、すべて止まれば 0、動き続けるものがあれば 6 です。"
    ),
    "Stop the one at this address; by default all that run.": (
        "このアドレスのものだけを停止します。既定ではすべてです。"
    ),
    "Seconds to wait for each.": "それぞれを待つ秒数。",
    "Tell which simulators run on this machine; ends with 0 when one does, and with 3 when none.": (
        "このマシンで動いているシミュレーターを表示します。終了コードは、あれば 0、なければ 3 です。"
    ),
    "Write one JSON object a line.": "JSON を 1 行に 1 つ出力します。",
    "Wait until a simulator answers; ends with 0 then, and with 6 when none does in time.": (
        "シミュレーターが応答するまで待ちます。終了コードは、応答があれば 0、時間切れなら 6 です。"
    ),
    "Where the simulator is, or will be.": "シミュレーターのアドレス。",
    "Seconds to wait.": "待つ秒数。",
    # Callbacks.
    "See what is called back, as it comes.": "届いたコールバックをその場で表示します。",
    "Receive callbacks on a port of this machine and show them as they come.": (
        "このマシンのポートでコールバックを受け、届いた順に表示します。"
    ),
    "Without --verify everything is shown, whoever sent it. Each is answered with 200, or with what --forward answers; "
    "an incoming call with the line of --answer. Stop it with Ctrl-C.": (
        "--verify がなければ、送り主を問わずすべて表示します。200 または --forward 先の応答を返し、"
        "着信には --answer の行を"
        "返します。Ctrl-C で停止します。"
    ),
    "Send each request on to this address, and answer what it answers.": (
        "各リクエストをこのアドレスに転送し、その応答を返します。"
    ),
    "Add each request to this file, to replay it.": "各リクエストをこのファイルに追記します。後で再送できます。",
    "Send the requests of such a file to --forward; end.": "そのファイルのリクエストを --forward に送り、終了します。",
    "The line that answers an incoming call.": "着信に返す行。",
    "Believe only URLs signed with XOXZO_CALLBACK_SECRET.": "XOXZO_CALLBACK_SECRET で署名された URL だけを信用します。",
    "Show whole numbers and texts.": "番号と文章を伏せずに表示します。",
    "Have a callback hit a URL.": "URL にコールバックを送ります。",
    "Have a callback hit a URL: one that is made up, or one that a simulator really makes.": (
        "作り物のコールバック、またはシミュレーターが実際に起こすコールバックを URL に送ります。"
    ),
    "EVENT is one of sms.delivered, sms.failed, sms.incoming, call.ended, call.answered, call.unanswered, call.failed, "
    "call.incoming and link.clicked.": (
        "EVENT は sms.delivered、sms.failed、sms.incoming、call.ended、call.answered、call.unanswered、call.failed、"
        "call.incoming、link.clicked のいずれかです。"
    ),
    "Ends with 0 when it was answered with 200, with 3 when with anything else, and with 6 when nothing answered.": (
        "終了コードは、応答が 200 なら 0、それ以外の応答なら 3、応答がなければ 6 です。"
    ),
    "Have this simulator do it, instead of making a callback up.": (
        "作り物ではなく、このシミュレーターに実際に起こさせます。"
    ),
    "URL is the public address: add a token signed with XOXZO_CALLBACK_SECRET.": (
        "URL を公開アドレスとみなし、XOXZO_CALLBACK_SECRET で署名したトークンを加えます。"
    ),
    "What the signed URL is bound to; it is among the tags, too.": (
        "署名付き URL に結び付けるリファレンス。タグにも含まれます。"
    ),
    "The msgid or callid; made up by default.": "msgid または callid。既定では作り物です。",
    "Who was written to, rung, or is called.": "受信者、または着信側の番号。",
    "Who calls; an empty one is withheld.": "発信者の番号。空なら非通知です。",
    "The SMS's sender.": "SMS の送信元。",
    "How often it is told.": "通知する回数。",
    "How the body is encoded; as a form by default.": "本文の形式。既定はフォームです。",
}
