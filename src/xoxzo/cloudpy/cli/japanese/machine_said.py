"""What the commands about this machine say as they run: the simulator, callbacks."""

WORDS = {
    "Take another port: --port 0 finds a free one.": (
        "別のポートを指定してください。--port 0 で空きポートを使います。"
    ),
    "Nothing answered: is the address right, and does the program run there?": (
        "応答がありません。アドレスは正しいですか? 受信側のプログラムは動いていますか?"
    ),
    "Nothing answered. To see what comes, first type in another window: {command}": (
        "応答がありません。届くものを見るには、先に別の端末で次を実行してください: {command}"
    ),
    "Xoxzo simulator: {url}": "Xoxzo シミュレーター: {url}",
    "Open {url}/ in a browser to see the phones. Stop with Ctrl-C.": (
        "ブラウザーで {url}/ を開くと電話の画面が見られます。Ctrl-C で停止します。"
    ),
    "Warning: {host} may be reached from other machines, and so may all that is sent.": (
        "警告: {host} にはほかのマシンからも接続でき、送信内容を見られる可能性があります。"
    ),
    "no simulator answers at {url} within {seconds} s": "{url} のシミュレーターが {seconds} 秒以内に応答しませんでした",
    "--sid needs --token (or XOXZO_SIMULATOR_TOKEN).": (
        "--sid には --token (または XOXZO_SIMULATOR_TOKEN) も必要です。"
    ),
    "--token needs --sid.": "--token には --sid も必要です。",
    # Callbacks.
    "Listening on {url}": "{url} で待ち受けています",
    "--replay needs --forward: where shall they go?": "--replay には送り先を示す --forward も必要です",
    "line {number} is not one that --log wrote": "{number} 行目は --log で書かれたものではありません",
    "callbacks need a secret: any text of {0} characters and more that nobody guesses": (
        "コールバックには秘密の文字列が必要です ({0} 文字以上の推測されないもの)"
    ),
    "a secret of callbacks must have at least {0} characters": (
        "コールバックの秘密の文字列は {0} 文字以上にしてください"
    ),
    "the simulator has no dial-in number left": "シミュレーターに空いている着信番号がありません",
    "the simulator has no receiving numbers: start it with --legacy-sin": (
        "シミュレーターに SMS を受信できる番号がありません。--legacy-sin を付けて起動してください"
    ),
    "the simulator has no receiving number left": "シミュレーターに空いている受信番号がありません",
}
