"""What all commands say: where requests go, what a send comes to, what went wrong."""

WORDS = {
    # Where requests go.
    "→ simulator {url}": "→ シミュレーター {url}",
    "Give it anew: xoxzo config add-profile {name} --replace": (
        "登録し直すには: xoxzo config add-profile {name} --replace"
    ),
    "Mend it in an editor, or move it away and begin anew: xoxzo config add-profile NAME": (
        "エディターで直すか、ファイルを別の場所に移して作り直してください: xoxzo config add-profile 名前"
    ),
    "{path}: there is no setting {name}": "{path}: {name} という設定はありません",
    "To take it away: {command}": "取り除くには: {command}",
    "→ {url}, where nothing listens": "→ {url} (待ち受けているものがありません)",
    "nothing listens at {url}; nothing was sent.": ("{url} で待ち受けているものがありません。何も送信していません。"),
    "Start a simulator (xoxzo simulator), or whatever is to be there.": (
        "シミュレーター (xoxzo simulator) か、そこで動くはずのものを起動してください。"
    ),
    "→ live: {host}, profile {name} (SID {sid})": "→ 本番: {host}、プロファイル {name} (SID {sid})",
    "→ live: {host}, credentials of the environment (SID {sid})": "→ 本番: {host}、環境変数の認証情報 (SID {sid})",
    "There are no credentials: set XOXZO_API_SID and XOXZO_API_AUTH_TOKEN, or keep them in a profile.": (
        "認証情報がありません。XOXZO_API_SID と XOXZO_API_AUTH_TOKEN を設定するか、プロファイルに保存してください。"
    ),
    "Or try it on this machine, where nothing is really sent:": "実際には送信せず、このマシンの中で試すには:",
    "Make a profile: xoxzo config add-profile NAME": "プロファイルを作るには: xoxzo config add-profile 名前",
    "{given} is set, and {missing} is not.": "{given} は設定されていますが、{missing} がありません。",
    "Which account? There are several profiles: {names}": (
        "プロファイルが複数あります。どのアカウントを使いますか: {names}"
    ),
    "Say --profile NAME, or choose one for good: xoxzo config set default NAME": (
        "--profile 名前 で選ぶか、既定を決めてください: xoxzo config set default 名前"
    ),
    "There is no profile {name} in {path}.": "{path} にプロファイル {name} はありません。",
    "profile {name} has no sid.": "プロファイル {name} に sid がありません。",
    "profile {name}: host must be an address.": "プロファイル {name}: host にはアドレスを指定してください。",
    "profile {name}: no token: {why}": "プロファイル {name}: トークンを取得できません: {why}",
    'token must be a text, "keyring:NAME" or { command = ["…"] }': (
        'token には文字列、"keyring:名前"、{ command = ["…"] } のいずれかを指定します'
    ),
    "the keyring has none called {name}": "キーリングに {name} がありません",
    "the keyring refuses: {why}": "キーリングを利用できません: {why}",
    "{command} gave none (status {status})": "{command} がトークンを出力しませんでした (終了コード {status})",
    "{command} cannot be run: {why}": "{command} を実行できません: {why}",
    "this needs an extra: {install}": "追加のパッケージが必要です: {install}",
    "--simulator and --profile exclude each other.": "--simulator と --profile は同時に指定できません。",
    "--timeout must be more than 0 seconds.": "--timeout には 0 より大きい秒数を指定してください。",
    # What it comes to.
    "An SMS from {sender}": "{sender} からの SMS",
    "Template {number} ({name}) from {sender}": "テンプレート {number} ({name})、送信元 {sender}",
    "A code for {website}": "{website} の確認コード",
    "A call that plays an mp3": "mp3 を再生する電話",
    "A call that speaks a text": "文章を読み上げる電話",
    "A conference": "電話会議",
    "Look-ups": "キャリア照会",
    "Number {number}, charged every 30 days until it is released": "番号 {number} (解約まで 30 日ごとに課金)",
    "recipients": "宛先",
    "parts of each": "1 通あたりの分割数",
    "cost": "料金",
    "not known: no price is published": "不明 (料金が公表されていません)",
    "at least {cost} credits": "{cost} クレジット以上",
    "about {cost} credits": "約 {cost} クレジット",
    "Send it?": "送信しますか?",
    "Nothing was sent.": "何も送信していません。",
    "nobody knows what it costs": "料金が分かりません",
    "it costs {cost}": "料金は{cost}です",
    "{cost}, and nobody is there to be asked; nothing was sent.": (
        "{cost}。確認できる相手がいないため、何も送信していません。"
    ),
    "--yes sends without asking; xoxzo config set confirm_above CREDITS moves the limit.": (
        "--yes で確認せずに送信します。上限は xoxzo config set confirm_above クレジット数 で変えられます。"
    ),
    "Nobody is there to be asked; nothing was changed.": "確認できる相手がいないため、何も変更していません。",
    "--yes does it without asking.": "--yes を付けると確認せずに実行します。",
    "Nothing was changed.": "何も変更していません。",
    "Release {uid} for good?": "{uid} を解約しますか? 元には戻せません。",
    "Delete template {number} for good?": "テンプレート {number} を削除しますか? 元には戻せません。",
    # What was typed.
    "Give the text as an argument, or by --file; - reads it from standard input.": (
        "文章を引数か --file で指定してください。- は標準入力です。"
    ),
    "There is no text: give it after the recipients, or by --text or --file.": (
        "文章がありません。宛先の後ろに書くか、--text か --file で指定してください。"
    ),
    "--text and --file exclude each other.": "--text と --file は同時に指定できません。",
    "Standard input (-) can be read once.": "標準入力 (-) を読めるのは 1 回だけです。",
    "Type it, then Ctrl-D at the beginning of a line.": "入力し、行の先頭で Ctrl-D を押してください。",
    "it is not UTF-8": "UTF-8 ではありません",
    "{value!r} is no day: write 2026-01-31, today, yesterday, or 7d for seven days ago.": (
        "{value!r} は日付ではありません。2026-01-31、today、yesterday、7d (7 日前) のように書いてください。"
    ),
    "{option} wants credits, for instance 10": "{option} には 10 のようにクレジット数を指定してください",
    "{option} wants NAME=VALUE, each name once: {value!r}": (
        "{option} には 名前=値 を、名前ごとに 1 回だけ指定してください: {value!r}"
    ),
    "--variables wants a JSON object of texts, such as {sample}": (
        "--variables には {sample} のような、値が文字列の JSON オブジェクトを指定してください"
    ),
    "Say what to change, by --name, --content or --file.": (
        "変更する内容を --name、--content、--file のいずれかで指定してください。"
    ),
    "Say from whom: --{option} …, or once and for all: xoxzo config set {option} …": (
        "--{option} を指定してください。既定値を決めておくこともできます: xoxzo config set {option} …"
    ),
    "There is no number to send to.": "宛先の番号がありません。",
    "number {place}": "{place} 番目の番号",
    "it stands there twice; it is taken once": "重複しています。1 回だけ扱います",
    "this is no mobile number ({kind}): it may take no SMS": (
        "携帯電話の番号ではありません ({kind})。SMS を受信できない可能性があります"
    ),
    "Nothing was sent. See how a number is read: xoxzo phone format NUMBER": (
        "何も送信していません。番号の読み取り方は xoxzo phone format 番号 で確認できます。"
    ),
    # The configuration.
    "{path} can be read by others (mode {mode}), and it may hold a token.": (
        "{path} はほかのユーザーにも読めます (モード {mode})。トークンが含まれている可能性があります。"
    ),
    "Type: {command}": "次を実行してください: {command}",
    "{path} cannot be read: {why}": "{path} を読めません: {why}",
    "{path} cannot be written: {why}": "{path} に書き込めません: {why}",
    "{path} is no TOML: {why}": "{path} が TOML として正しくありません: {why}",
    "{path}: profiles must be tables, as in [profiles.shop]": (
        "{path}: profiles は [profiles.shop] のようなテーブルにしてください"
    ),
    "{path}: {name} is of the wrong kind": "{path}: {name} の値の種類が正しくありません",
    "A token is not taken from the command line, where others can see it.": (
        "コマンドラインはほかのユーザーにも見えるため、トークンは指定できません。"
    ),
    "There is no setting {name} here.": "{name} という設定はここにはありません。",
    "Profile {name} is in {path}. Try it: xoxzo credits --profile {name}": (
        "プロファイル {name} を {path} に保存しました。試すには: xoxzo credits --profile {name}"
    ),
    "A profile's name is made of ASCII letters, digits, _ and -.": (
        "プロファイル名には半角英数字と _ - だけが使えます。"
    ),
    "--token-stdin, --token-command and --keyring: the token comes from one place.": (
        "--token-stdin、--token-command、--keyring: トークンの取得元は 1 つにしてください。"
    ),
    "There is a profile {name} already.": "プロファイル {name} はすでにあります。",
    "--replace overwrites it.": "--replace を付けると上書きします。",
    "Token": "トークン",
    "SID": "SID",
    "There is no token.": "トークンがありません。",
    "Nobody is there to be asked: {option} gives it.": "入力できる相手がいません。{option} で指定してください。",
    # While it goes on.
    "Next: {command}": "次は: {command}",
    "Sending": "送信中",
    "Waiting for {which}": "{which} を待っています",
    "… {outcome}; trying again in {seconds} s": "… {outcome}。{seconds} 秒後に再試行します",
    "{count} message": "{count} 件",
    "{count} messages": "{count} 件",
    "Not found, which proves nothing: do not send again because of it.": (
        "見つかりませんでした。ただし未送信の証拠にはなりません。これを理由に再送しないでください。"
    ),
    "Stopped.": "中断しました。",
    "Stopped, and what was being sent may be on its way.": (
        "中断しました。送信中だったものは、すでに送られている可能性があります。"
    ),
    "A wider terminal, or --json, shows more: {names}": "広い端末か --json では、ほかに {names} も表示されます",
    "yes": "はい",
    "no": "いいえ",
    # What went wrong.
    "status {status}": "ステータス {status}",
    "request {id}": "リクエスト {id}",
    ", {attempts} attempts": "、{attempts} 回試行",
    "{message}; nothing was sent.": "{message}。何も送信していません。",
    "It may have been carried out all the same.": "それでも実行された可能性があります。",
    "Look whether it was done before you try again.": "もう一度試す前に、実行されていないか確認してください。",
    "Look before you send again: xoxzo sms list": "送り直す前に確認してください: xoxzo sms list",
    "Look before you send again: xoxzo sms find {reference}": (
        "送り直す前に確認してください: xoxzo sms find {reference}"
    ),
    "Look before you try again: xoxzo sms list, xoxzo template list": (
        "もう一度試す前に確認してください: xoxzo sms list、xoxzo template list"
    ),
    "A phone may ring: ask there before you call again.": (
        "電話が鳴っている可能性があります。かけ直す前に相手に確認してください。"
    ),
    "Phones may ring: ask there before you call again.": (
        "電話が鳴っている可能性があります。かけ直す前に参加者に確認してください。"
    ),
    "Look whether you have the number: xoxzo din list": "番号を契約済みか確認してください: xoxzo din list",
    "A code may be on its way: wait for it before you ask for another.": (
        "コードが送られている可能性があります。次を求める前に、届くのを待ってください。"
    ),
    "The look-up may have been charged.": "照会料金が課金された可能性があります。",
    "Check the SID and the token: xoxzo doctor": "SID とトークンを確認してください: xoxzo doctor",
    "See what is left: xoxzo credits": "残高を確認してください: xoxzo credits",
    "Your account may not do this. Unless Xoxzo has approved free texts for it, it sends by templates: "
    "xoxzo template send": (
        "このアカウントでは実行できません。自由文の承認がない場合はテンプレートで送信します: xoxzo template send"
    ),
    "Nothing there has this id; ids belong to one account.": (
        "この ID のものはありません。ID はアカウントごとのものです。"
    ),
    "Wait {seconds} seconds and give the same command again.": (
        "{seconds} 秒待ってから、同じコマンドをもう一度実行してください。"
    ),
    "Nothing was sent or changed: the same command may be given again.": (
        "何も送信も変更もされていません。同じコマンドをもう一度実行できます。"
    ),
    "Nothing was sent: look at the network, the proxy and the address (xoxzo doctor).": (
        "何も送信されていません。ネットワーク、プロキシ、アドレスを確認してください (xoxzo doctor)。"
    ),
    "It is not over yet: give the same command again to go on waiting.": (
        "まだ終わっていません。待ち続けるには、同じコマンドをもう一度実行してください。"
    ),
    "The service ended on 2024-04-30: what Xoxzo answers now is not known.": (
        "このサービスは 2024-04-30 に終了しました。現在どう応答するかは分かりません。"
    ),
}
