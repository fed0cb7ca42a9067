"""The help of the other commands, and of the options that all have."""

WORDS = {
    "Options of every command": "共通のオプション",
    "Examples:": "例:",
    "Xoxzo's telephony API from a shell.": "Xoxzo の電話 API をシェルから使います。",
    "Where requests go is said by --profile, XOXZO_PROFILE, XOXZO_API_SID and XOXZO_API_AUTH_TOKEN, or the "
    "configuration; --simulator takes one on this machine, where nothing reaches a phone and nothing costs.": (
        "接続先は --profile、XOXZO_PROFILE、XOXZO_API_SID と XOXZO_API_AUTH_TOKEN、設定ファイルの順に決まります。"
        "--simulator はこのマシンのシミュレーターを使います。実際の電話には届かず、料金もかかりません。"
    ),
    "Exit status: 0 done, 2 wrong use, 3 rejected, 4 credentials, 5 throttled, 6 surely not sent, 7 may be sent.": (
        "終了コード: 0 完了、2 使い方の誤り、3 拒否、4 認証、5 回数制限、6 確実に未送信、7 送信された可能性あり。"
    ),
    "The account, from the configuration.": "設定ファイルのプロファイル名。",
    "Use the simulator of this machine; start one if none runs.": (
        "このマシンのシミュレーターを使います。なければ起動します。"
    ),
    "Write JSON: one object, or one a line.": "JSON で出力します。1 つ、または 1 行に 1 つのオブジェクトです。",
    "Show whole phone numbers.": "電話番号を伏せずに表示します。",
    "For each request, tries and waits included; 60 by default.": "再試行や待ち時間を含む、要求ごとの秒数。既定は 60。",
    "Show the request that would be made, and make none.": "送る内容を表示するだけで、実際には何も送りません。",
    "Do not ask, whatever it costs.": "料金にかかわらず確認しません。",
    # Numbers, look-ups, the balance.
    "Dial-in numbers: find, subscribe, set what answers, release.": (
        "着信番号 (DIN) を検索・契約・解約し、応答方法を設定します。"
    ),
    "Numbers that took SMS; the service ended in 2024.": "SMS 受信番号 (SIN)。サービスは 2024 年に終了しました。",
    "Numbers that took SMS. The service ended on 2024-04-30: what Xoxzo answers now is not known.": (
        "SMS 受信番号 (SIN)。サービスは 2024-04-30 に終了しました。現在どう応答するかは分かりません。"
    ),
    "List the numbers that are free.": "空いている番号を一覧します。",
    "Only in this country, for instance JP.": "この国の番号だけ。例: JP。",
    "Only with this country code and prefix, for instance 8150.": "この国番号と局番で始まるものだけ。例: 8150。",
    "Subscribe a number. The first 30 days are charged at once, and so are the next ones.": (
        "番号を契約します。最初の 30 日分がすぐに課金され、以後も 30 日ごとに課金されます。"
    ),
    "List the numbers that you subscribe.": "契約中の番号を一覧します。",
    "Set the address that is asked, or told, when somebody calls or writes; it replaces the former one.": (
        "着信や受信の際に呼び出すアドレスを設定します。以前の設定は置き換えられます。"
    ),
    "Release a number. It is gone then; another one may get it.": (
        "番号を解約します。元には戻せず、ほかの人が契約することもあります。"
    ),
    "Ask which carrier a number belongs to.": "番号の通信事業者を調べます。",
    "Ask which carrier numbers belong to, for 5 credits each, found or not. Nobody is called or written to.": (
        "番号の通信事業者を調べます。結果にかかわらず 1 件 5 クレジットです。相手には何も届きません。"
    ),
    "- stands for the lines of standard input.": "- は標準入力の各行を表します。",
    "Show the balance.": "残高を表示します。",
    "Show the balance; 1 credit is 1 yen before tax.": "残高を表示します。1 クレジットは税抜 1 円です。",
    "Read phone numbers as people type them.": "普段の書き方の電話番号を読み取ります。",
    "Read phone numbers as people type them; nobody is called or written to.": (
        "普段の書き方の電話番号を読み取ります。相手には何も届きません。"
    ),
    "Bring numbers to E.164, and tell their kind and what had to be assumed; - reads them from standard input.": (
        "番号を E.164 形式に直し、種類と補った点を表示します。- は標準入力から読みます。"
    ),
    "Numbers are shown whole: they are what you ask for. Ends with 3 when one of them cannot be read.": (
        "番号を知るためのコマンドなので、伏せずに表示します。読み取れない番号があれば、終了コードは 3 です。"
    ),
    # The configuration.
    "Accounts and defaults: where they are, what they say.": "アカウントと既定値を表示・変更します。",
    "The file is config.toml in ~/.config/xoxzo (or XDG_CONFIG_HOME), or what XOXZO_CONFIG names. Others must not be "
    "able to read it. A token may be in it, in the system's keyring, or come from a command.": (
        "設定ファイルは ~/.config/xoxzo (または XDG_CONFIG_HOME) の config.toml、"
        "もしくは XOXZO_CONFIG が指すファイルです。"
        "ほかのユーザーに読めてはいけません。トークンはこのファイルかキーリングに置くか、コマンドから取得します。"
    ),
    "Keep an account under a name.": "アカウントを名前を付けて保存します。",
    "Keep an account under a name. The token is asked for without being shown, and never taken as an argument.": (
        "アカウントを名前を付けて保存します。トークンは画面に表示せずに尋ね、引数では受け取りません。"
    ),
    "The first account becomes the one that is used when nothing else is said.": (
        "最初に保存したアカウントが、指定のないときに使われます。"
    ),
    "The API SID; else it is asked for.": "API の SID。省略すると尋ねます。",
    "Read the token from standard input.": "トークンを標準入力から読みます。",
    "Get the token from this command each time.": "毎回このコマンドからトークンを取得します。",
    "Keep the token in the system's keyring.": "トークンをシステムのキーリングに保存します。",
    "Another address than https://api.xoxzo.com.": "https://api.xoxzo.com 以外のアドレス。",
    "Overwrite the profile of this name.": "同じ名前のプロファイルを上書きします。",
    "Forget an account.": "アカウントを削除します。",
    "Forget an account. A token in the system's keyring stays there.": (
        "アカウントを設定から削除します。キーリングのトークンはそのまま残ります。"
    ),
    "Show where the configuration is, or would be.": "設定ファイルの場所を表示します。",
    "Show the settings and profiles; SIDs are shortened, and no token is shown.": (
        "設定とプロファイルを表示します。SID は省略し、トークンは表示しません。"
    ),
    "Change a setting.": "設定を変更します。",
    "For everything or one account: sender, caller, country, confirm_above (credits), allowed_recipients (numbers or "
    "how they begin, with commas between). For everything: default (the account to use). For one account: sid, host.": (
        "全体または 1 つのアカウントに: sender、caller、country、confirm_above (クレジット数)、allowed_recipients "
        "(番号またはその先頭。カンマ区切り)。全体に: default (使うアカウント)。1 つのアカウントに: sid、host。"
    ),
    "Only for this account.": "このアカウントだけに適用します。",
    "Take a setting away; what was not there is not missed.": "設定を取り消します。なくてもエラーにはなりません。",
    # Those that stand at the side.
    "The language of its comments.": "コメントの言語。",
    "Send one message to very many people, from a file.": "ファイルの多数の宛先にメッセージを送ります。",
    "Find out what is wrong.": "うまく動かない原因を調べます。",
    "Have the shell complete what you type.": "シェルの補完を設定します。",
    "Let an assistant use Xoxzo, within limits that you set.": (
        "定めた範囲内で、AI アシスタントに Xoxzo を使わせます。"
    ),
    "Turn Prometheus alerts into SMS and calls.": "Prometheus のアラートを SMS や電話で知らせます。",
    "Watch messages, calls and a dial-in number at work.": "メッセージ、通話、着信番号の動きを見ます。",
    "Watch a message, two calls and a dial-in number at work, on a simulator that this command runs.": (
        "このコマンドが動かすシミュレーターで、メッセージ、2 本の通話、着信番号の動きを見ます。"
    ),
    "Needs no account and sends nothing to anybody.": "アカウントは不要で、誰にも何も送りません。",
}
