"""Errors of the library with names in them, matched as they were raised: the first one that fits is taken."""

WORDS = {
    # The way to the server.
    "the proxy refused ({kind})": "プロキシに拒否されました ({kind})",
    "the connection was closed, or what came is not HTTP ({kind})": (
        "接続が閉じられたか、HTTP ではない応答が届きました ({kind})"
    ),
    "the connection broke, or what came is not HTTP ({kind})": (
        "接続が切れたか、HTTP ではない応答が届きました ({kind})"
    ),
    "the connection broke ({kind})": "接続が切れました ({kind})",
    "no connection: {why}": "接続できません: {why}",
    # The simulator.
    "cannot listen on {where}: ports go from 0 to 65535": "{where} で待ち受けできません: ポートは 0 から 65535 です",
    "cannot listen on {where}: Address already in use": "{where} で待ち受けできません: すでに使われています",
    "cannot listen on {where}: {why}": "{where} で待ち受けできません: {why}",
    "{path} is not a database of the simulator": "{path} はシミュレーターのデータベースではありません",
    "{path} was written by a newer version of the simulator": (
        "{path} は新しいバージョンのシミュレーターで作られています"
    ),
    "{path} is damaged": "{path} は壊れています",
    "{path} is in use by another simulator": "{path} は別のシミュレーターが使用中です",
    "there is no setting {name}; did you mean {near}?": "設定 {name} はありません。{near} ではありませんか?",
    "there is no setting {name}": "設定 {name} はありません",
    "{name} wants a value of the type {kind}": "{name} には {kind} 型の値を指定してください",
    "{variable} must be the address of a simulator on this machine, http://127.0.0.1:8080": (
        "{variable} にはこのマシンのシミュレーターのアドレスを指定してください。例: http://127.0.0.1:8080"
    ),
    "no simulator answers at {url}, which {variable} names": ("{variable} の {url} でシミュレーターが応答しません"),
    "no simulator answers at {simulator}: start one with `xoxzo simulator`": (
        "{simulator} でシミュレーターが応答しません。`xoxzo simulator` で起動してください"
    ),
    "what answers at {simulator} is no simulator": "{simulator} で応答したのはシミュレーターではありません",
    "the simulator refused: {why}": "シミュレーターに拒否されました: {why}",
    "no simulator can be started: {folder}: {error}": "シミュレーターを起動できません: {folder}: {error}",
    "the simulator did not start: {why}": "シミュレーターが起動しませんでした: {why}",
    "the simulator did not start within {seconds} s": "シミュレーターが {seconds} 秒以内に起動しませんでした",
    # The Alertmanager receiver.
    "{path}: this is no TOML: {error}": "{path} が TOML として正しくありません: {error}",
    "is not known here; there are {known}": "知られていない名前です。使えるのは {known} です",
    "names {name}, who is not among [people]": "{name} は [people] にありません",
    "names {plan}, which is not among [lists]": "{plan} は [lists] にありません",
    "must be given along with credits: no price is published for where {name} is": (
        "credits と一緒に書いてください。{name} の国の料金は公表されていません"
    ),
    "has no placeholder {{name}}: take {known}, label.NAME or annotation.NAME": (
        "その差し込み項目はありません。使えるのは {known}、label.名前、annotation.名前 です"
    ),
    "is no notification of Alertmanager's: {error}": "Alertmanager の通知ではありません: {error}",
    "{variable} must have {number} printable characters or more": (
        "{variable} は表示できる文字 {number} 文字以上にしてください"
    ),
    "{host} can be reached by other machines: set {variable}, or listen on 127.0.0.1": (
        "{host} にはほかのマシンからも接続できます。{variable} を設定するか、127.0.0.1 で待ち受けてください"
    ),
    "the state {path} cannot be opened: {error}": "状態のファイル {path} を開けません: {error}",
    "there is no state in {path}: nothing was received yet": (
        "{path} に状態の記録がありません。まだ何も受信していません"
    ),
    "{path} is no state of this version": "{path} はこのバージョンの状態のファイルではありません",
    "another receiver runs on {path}: {error}": "{path} は別の受信プログラムが使用中です: {error}",
    # Campaigns.
    "there is no campaign {name}": "キャンペーン {name} はありません",
    "{name} is {state}: cancel it first, or let it come to its end": (
        "{name} はまだ終わっていません ({state})。先に中止するか、終わるまでお待ちください"
    ),
    "{name}: another process is running this campaign": "{name}: 別のプロセスがこのキャンペーンを実行中です",
    "the ledger {path} cannot be opened: {error}": "記録ファイル {path} を開けません: {error}",
    "the ledger {path} cannot be locked: {error}": "記録ファイル {path} をロックできません: {error}",
    "the ledger {path} cannot be written: {error}": "記録ファイル {path} に書き込めません: {error}",
    "{path} is no campaign of this version": "{path} はこのバージョンのキャンペーンではありません",
    "{path} is no usage log: it has no columns msgid or callid, tags and status": (
        "{path} は利用履歴ではありません。msgid または callid、tags、status の列がありません"
    ),
    "line {line}: two columns are called {name}": "{line} 行目: {name} という列が 2 つあります",
    "{path}, line {line}: this is no JSON object": "{path} の {line} 行目は JSON オブジェクトではありません",
    "there is a campaign {name} already: go on with it, or take another name": (
        "キャンペーン {name} はすでにあります。続けるか、別の名前にしてください"
    ),
    "there is a campaign {name} already": "キャンペーン {name} はすでにあります",
    "{file} was changed while it was read: nothing was created, try again": (
        "{file} が読み取り中に変更されたため、何も作成していません。もう一度実行してください"
    ),
    "{path} cannot be read from line {line} on: {error}": "{path} を {line} 行目から読めません: {error}",
    "{path} cannot be read: {error}": "{path} を読めません: {error}",
    "{path} cannot be written: {error}": "{path} に書き込めません: {error}",
    "{path} is there already": "{path} はすでにあります",
    "{path} cannot be made: {error}": "{path} を作成できません: {error}",
    "{path} is in no encoding that is known: save it as UTF-8, or name it with encoding=": (
        "{path} の文字コードが分かりません。UTF-8 で保存するか、文字コードを指定してください"
    ),
    "there is no column {number}; there are {names}": "列 {number} はありません。あるのは {names} です",
    "there is no column for {placeholder}; there are {names}": (
        "{placeholder} に当たる列がありません。あるのは {names} です"
    ),
    "no column holds phone numbers; name it: there are {names}": (
        "電話番号の列が見つかりません。--number で指定してください。あるのは {names} です"
    ),
    "several columns hold phone numbers ({names}): name the one to send to": (
        "電話番号の列が複数あります ({names})。送る列を --number で指定してください"
    ),
    "{path} has no sheet {sheet}; it has {names}": "{path} にシート {sheet} はありません。あるのは {names} です",
    "{name} was begun with {before}: it does not go on with {now}": (
        "{name} は {before} で始めたもので、{now} では続けられません"
    ),
    "{name} was {state}: it cannot go on": "{name} は終わっており ({state})、続けられません",
    "is no mobile number ({kind})": "携帯電話の番号ではありません ({kind})",
    "is empty, and the text needs {name}": "空ですが、文章には {name} が必要です",
    "the account was refused ({error})": "アカウントが拒否されました ({error})",
    "the sent list could not be read ({error})": "送信済み一覧を読めませんでした ({error})",
    "{failed} of the last {count} messages failed, the last with {error}": (
        "直近 {count} 件のうち {failed} 件が失敗しました (最後は {error})"
    ),
}
