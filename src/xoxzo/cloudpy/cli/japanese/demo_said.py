"""What `xoxzo demo` tells."""

WORDS = {
    "The simulator": "シミュレーター",
    "runs at {url}, on this machine only. Any SID and token open an account with 100,000 credits there.": (
        "このマシンの {url} だけで動いています。どの SID とトークンでも、100,000 クレジットのアカウントが開きます。"
    ),
    "“{text}”": "「{text}」",
    "An SMS in Japanese": "日本語の SMS",
    "{units} characters, not all of them ASCII: {parts} parts.": "{units} 文字 (ASCII 以外を含む): {parts} 分割です。",
    "sent to {number} as {ident}": "{number} に送信しました (msgid {ident})",
    "delivered: {parts} parts, {cost}; the phone shows the text, once": (
        "配信されました: {parts} 分割、{cost}。電話に文章が 1 回だけ表示されています"
    ),
    "in the list of what was sent since {day}, and found by its reference": (
        "{day} 以降の送信一覧にあり、リファレンスからも見つかりました"
    ),
    "A phone rings, twice": "2 台の電話を鳴らす",
    "{number} is to hear an mp3": "{number} に mp3 を聞かせます",
    "{number} is to hear, in Japanese: “{text}”": "{number} に日本語で聞かせます:「{text}」",
    "the mp3": "mp3",
    "the text": "文章",
    "{call}: answered, {seconds} s of talk, {cost}": "{call}: 応答あり、通話 {seconds} 秒、{cost}",
    "A call comes in": "電話がかかってくる",
    "subscribed +{number}: {month} for 30 days, {minute} a minute": (
        "+{number} を契約しました: 30 日 {month}、1 分 {minute}"
    ),
    "its action URL is {url}, a small server in this program": (
        "アクション URL は {url} (このプログラムの中の小さなサーバー) です"
    ),
    "{number} dials the number …": "{number} がその番号にかけます…",
    "the action URL was asked: {query}": "アクション URL に問い合わせがありました: {query}",
    "answered with say ja “{text}”: {seconds} s, {cost}": "say ja「{text}」で応答しました: {seconds} 秒、{cost}",
    "The bill": "料金",
    "{before} before, {after} after.": "最初は {before}、最後は {after}。",
    "{cost} were spent: the sum of what each step said": "使ったのは {cost}で、各段階の料金の合計と一致します",
    "{number} credit": "{number} クレジット",
    "{number} credits": "{number} クレジット",
    "The simulator was stopped again.": "シミュレーターを停止しました。",
    "The demo stopped: {why}": "デモが止まりました: {why}",
    "Everything was checked, in {seconds} s.": "すべて確認できました ({seconds} 秒)。",
    "Next: `xoxzo simulator` in one terminal, the README's first program in another.": (
        "次は、ある端末で `xoxzo simulator` を動かし、別の端末で README の最初のプログラムを試してください。"
    ),
}
