"""What `xoxzo doctor` and `xoxzo simulator` say of this machine."""

WORDS = {
    # xoxzo doctor: its help
    "Find out what is wrong: with Python, the network, the account, the clock, the configuration.": (
        "どこに問題があるかを調べます。対象は Python、ネットワーク、アカウント、時計、設定です。"
    ),
    "Credentials are tried by asking for the balance; nothing is sent to anybody, and nothing costs.": (
        "認証情報は残高の照会で確かめます。誰にも何も送信せず、料金もかかりません。"
    ),
    "Ends with 0 when all is well, with 4 when only the credentials are wrong, else with 3.": (
        "終了コードは、問題がなければ 0、認証情報だけが正しくなければ 4、その他は 3 です。"
    ),
    "Seconds to wait.": "待つ秒数。",
    "Write JSON: one object.": "JSON オブジェクトを 1 つ出力します。",
    # the names of the checks
    "python": "Python",
    "extras": "追加機能",
    "configuration": "設定ファイル",
    "terminal": "端末",
    "simulator": "シミュレーター",
    "destination": "接続先",
    "proxy": "プロキシ",
    "certificates": "証明書",
    "connection": "接続",
    "clock": "時計",
    "credentials": "認証情報",
    # the machine
    "Python {python} on {system}, xoxzo-cloudpy {version}": "Python {python}、{system}、xoxzo-cloudpy {version}",
    "none": "なし",
    "none at {path}": "{path} はありません",
    "{path}; profiles: {names}": "{path}、プロファイル: {names}",
    "Start one there, or type: unset {variable}": "そこで起動するか、次のように入力してください: unset {variable}",
    "running: {urls}": "実行中: {urls}",
    "none runs; --simulator starts one": "実行中のものはありません。--simulator で起動します",
    "{columns} × {lines} characters": "{columns} × {lines} 文字",
    "{terminal}, {encoding}, {language}": "{terminal}、{encoding}、{language}",
    "no terminal": "端末ではありません",
    "English": "日本語",
    "{terminal}: Japanese cannot be shown in this encoding": "{terminal}: この文字コードでは日本語を表示できません",
    "Type: {command}": "次のように入力してください: {command}",
    # extras
    "not known: {name} is not installed as a package": "不明です。{name} はパッケージとしてインストールされていません",
    "too old: {names}": "古すぎるものがあります: {names}",
    "{name} {version}, and {extra} needs {least}": "{name} {version} ({extra} には {least} 以降が必要)",
    "the command line": "コマンドライン",
    "phone numbers as people type them": "人が入力したとおりの電話番号",
    "one message to very many people, from a file": "ファイルの宛先への一斉送信",
    "Xoxzo's telephony service on this machine": "このマシンで動く Xoxzo のシミュレーター",
    "callbacks as they come, and made-up ones": "コールバックの表示と試験送信",
    "reading callbacks, with a log of deliveries": "コールバックの読み取りと配信記録",
    "a faster event loop, for many messages": "大量送信のための高速なイベントループ",
    "tokens in the system's keyring": "システムのキーリングでのトークン管理",
    "an assistant that uses Xoxzo, within limits": "決めた範囲で Xoxzo を使う AI アシスタント",
    "Prometheus alerts as SMS and calls": "Prometheus のアラートを SMS と電話で通知",
    "a simulator in your tests": "テストで使うシミュレーター",
    "callbacks and sending in Django": "Django での送信とコールバック",
    "traces and metrics": "トレースとメトリクス",
    # the way
    "none for this address, although {name} is set": "{name} は設定されていますが、この接続先には使いません",
    "the system's settings": "システムの設定",
    "{name} is no address of a proxy that can be used": "{name} は使えるプロキシのアドレスではありません",
    "{address}, from {name}": "{address} ({name})",
    "not needed: {url} is on this machine": "不要です。{url} はこのマシンにあります",
    "{name} cannot be read as certificates: {why}": "{name} を証明書として読めません: {why}",
    "no certificate authority is known to {source}": "{source} に認証局がひとつもありません",
    "{openssl}; trusted: {source}": "{openssl}、信頼する認証局: {source}",
    "the operating system's store": "OS の証明書ストア",
    "Install the system's certificates, on Debian and Ubuntu: apt-get install ca-certificates": (
        "システムの証明書をインストールしてください。Debian と Ubuntu では: apt-get install ca-certificates"
    ),
    # the server
    "not known; {url} is looked at": "不明なので {url} を調べます",
    "{url} answers, after {milliseconds} ms": "{url} から {milliseconds} ミリ秒で応答がありました",
    "{url} is in trouble: status {status}": "{url} に障害が起きています: ステータス {status}",
    "Try again later.": "しばらくしてからもう一度お試しください。",
    "what answers at {url} is not Xoxzo: status {status}": (
        "{url} で応答したのは Xoxzo ではありません: ステータス {status}"
    ),
    "Is the address right? Does this network want you to log in first?": (
        "アドレスは正しいですか? このネットワークへのログインが必要ではありませんか?"
    ),
    "{url} does not answer within {seconds} s": "{url} から {seconds} 秒以内に応答がありません",
    "Look at the network, the firewall and the proxy; --timeout waits longer.": (
        "ネットワーク、ファイアウォール、プロキシを確認してください。--timeout で待ち時間を延ばせます。"
    ),
    "the certificate of {host} is not trusted: {why}": "{host} の証明書を信頼できません: {why}",
    "If your network checks traffic, type: {command}": (
        "ネットワークが通信を検査している場合は、次のように入力してください: {command}"
    ),
    "the proxy {proxy} does not let through: {why}": "プロキシ {proxy} を通れません: {why}",
    "Is HTTPS_PROXY right? Without a proxy: {command}": (
        "HTTPS_PROXY は正しいですか? プロキシを使わないなら: {command}"
    ),
    "there is no machine called {host}": "{host} というホストは見つかりません",
    "Is the address right? Does the network work?": "アドレスは正しいですか? ネットワークはつながっていますか?",
    "nothing answers at {url}: {why}": "{url} から応答がありません: {why}",
    "Look at the network and the firewall.": "ネットワークとファイアウォールを確認してください。",
    # the clock
    "not compared: there was no answer": "応答がないため比べられません",
    "not compared: the server does not tell its time": "サーバーが時刻を返さないため比べられません",
    "as the server's": "サーバーの時計と合っています",
    "{seconds} s ahead of the server's": "サーバーの時計より {seconds} 秒進んでいます",
    "{seconds} s behind the server's": "サーバーの時計より {seconds} 秒遅れています",
    "Have the system set its clock: {command}": "システムに時計を合わせさせてください: {command}",
    # the credentials
    "not tried: there was no answer": "応答がないため確かめられません",
    "accepted (SID {sid}); {credits} credits are left": "認証できました (SID {sid})。残高は {credits} クレジットです",
    "not tried: too many requests; ask again in a while": (
        "リクエストが多すぎるため確かめられません。しばらくしてからお試しください"
    ),
    "the account may not ask for its balance from here: status 403": (
        "このアカウントは、ここから残高を照会できません: ステータス 403"
    ),
    "Does Xoxzo allow this machine's IP address?": "このマシンの IP アドレスは Xoxzo で許可されていますか?",
    "Xoxzo does not know this SID with this token (SID {sid})": (
        "この SID とトークンの組み合わせは Xoxzo にありません (SID {sid})"
    ),
    "They come from {source}. Copy SID and token from Xoxzo's site once more.": (
        "認証情報の出所: {source}。Xoxzo のサイトから SID とトークンをもう一度コピーしてください。"
    ),
    "the environment": "環境変数",
    "profile {name}": "プロファイル {name}",
    "Without an account: {command}": "アカウントなしで試すには: {command}",
    # what it comes to
    "Everything is as it should be.": "問題は見つかりませんでした。",
    "One thing is wrong.": "問題が 1 件あります。",
    "{count} things are wrong.": "問題が {count} 件あります。",
    # simulators
    "{variable} must be the address of a simulator on this machine, http://127.0.0.1:8080": (
        "{variable} は、このマシンのシミュレーターのアドレス (例: http://127.0.0.1:8080) でなければなりません"
    ),
    "no simulator answers at {url}, which {variable} names": "{variable} の {url} で応答するシミュレーターがありません",
    "no simulator can be started: {why}": "シミュレーターを起動できません: {why}",
    "the simulator did not start: {why}": "シミュレーターが起動しませんでした: {why}",
    "the simulator did not start within {seconds} s": "シミュレーターが {seconds} 秒以内に起動しませんでした",
    "A simulator was started at {url}. It goes on until you type: xoxzo simulator stop": (
        "シミュレーターを {url} で起動しました。終了するには次のように入力してください: xoxzo simulator stop"
    ),
    "Stop the simulators that run on this machine, and wait until they have gone.": (
        "このマシンで実行中のシミュレーターを終了させ、終わるまで待ちます。"
    ),
    "Ends with 0 when none is left, and with 6 when one goes on.": "終了コードは、すべて終了すれば 0、残れば 6 です。",
    "Stop the one at this address; by default all that run.": "このアドレスのものだけを終了します。既定ではすべて。",
    "Seconds to wait for each.": "それぞれを待つ秒数。",
    "No simulator of yours runs on this machine.": "このマシンで実行中のシミュレーターはありません。",
    "No simulator runs at {url}.": "{url} で実行中のシミュレーターはありません。",
    "the one at {url} goes on (process {pid})": "{url} のものが終了しません (プロセス {pid})",
    "The simulator at {url} was stopped.": "{url} のシミュレーターを終了しました。",
    "Tell which simulators run on this machine; ends with 0 when one does, and with 3 when none.": (
        "このマシンで実行中のシミュレーターを表示します。終了コードは、あれば 0、なければ 3 です。"
    ),
    "{url}  since {since}, process {pid}": "{url}  {since} から、プロセス {pid}",
    "{url}  since {since}, process {pid}, which --simulator leaves alone": (
        "{url}  {since} から、プロセス {pid} (--simulator では使いません)"
    ),
    "No simulator of yours runs on this machine. Start one with: xoxzo simulator": (
        "このマシンで実行中のシミュレーターはありません。起動するには: xoxzo simulator"
    ),
    "A stepped one stands still until it is advanced.": "stepped の時計は、進めるまで止まっています。",
    "Let no other command find it: neither --simulator nor stop.": (
        "ほかのコマンド (--simulator や stop) から見えないようにします。"
    ),
    # xoxzo completion
    "Write what bash, zsh or fish has to be told to complete commands, options, profiles and campaigns.": (
        "bash、zsh、fish がコマンド、オプション、プロファイル、キャンペーンを補完できるようにする設定を出力します。"
    ),
    "Keep it where your shell looks for such files, and open another terminal; or, for this one alone, type "
    'eval "$(xoxzo completion SHELL)", and in fish: xoxzo completion fish | source.': (
        "シェルが読み込む場所に保存し、端末を開き直してください。今の端末だけで使うなら "
        'eval "$(xoxzo completion SHELL)" と入力します。fish では xoxzo completion fish | source です。'
    ),
    # xoxzo alertmanager example
    "Of its comments and texts.": "説明文と通知文の言語。",
}
