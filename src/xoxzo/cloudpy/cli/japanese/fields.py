"""The names of fields, as they head a table, and the sentences of the library about texts and numbers."""

WORDS = {
    ", ": "、",
    # How it went, and the kinds of numbers.
    "sent": "送信済み",
    "started": "発信済み",
    "rejected": "拒否",
    "may be sent": "送信された可能性あり",
    "not sent": "未送信",
    "not tried": "未実行",
    "mobile": "携帯電話",
    "fixed": "固定電話",
    "fixed_or_mobile": "固定電話または携帯電話",
    "voip": "IP 電話",
    "toll_free": "フリーダイヤル",
    "pager": "ポケットベル・M2M",
    "other": "その他",
    "path": "場所",
    "default": "既定",
    "sender": "送信元",
    "caller": "発信者",
    "country": "国",
    "confirm above": "確認する上限",
    "allowed recipients": "許可する宛先",
    "sid": "SID",
    "token": "トークン",
    "host": "アドレス",
    "recipient": "宛先",
    "participant": "参加者",
    "participants": "参加者",
    "phone number": "電話番号",
    "status": "状態",
    "result": "結果",
    "error": "エラー",
    "reference": "リファレンス",
    "sent time": "送信時刻",
    "start time": "開始時刻",
    "end time": "終了時刻",
    "duration": "通話秒数",
    "direction": "方向",
    "call type": "種別",
    "parts": "分割数",
    "cost": "料金",
    "credits": "残高",
    "tags": "タグ",
    "link tracking": "リンク追跡",
    "url": "URL",
    "units": "文字数",
    "limit": "上限",
    "ascii only": "ASCII のみ",
    "first not ascii": "最初の ASCII 以外の文字",
    "notes": "備考",
    "doubts": "補った点",
    "text": "文章",
    "as typed": "入力",
    "name": "名前",
    "approved content": "承認済みの文章",
    "pending content": "承認待ちの文章",
    "api usage example": "API の使用例",
    "placeholders": "差し込み項目",
    "deleted": "削除",
    "released": "解約",
    "website": "ウェブサイト",
    "message": "メッセージ",
    "verified": "照合",
    "country code": "国番号",
    "prefix": "局番",
    "din": "着信番号",
    "sin": "受信番号",
    "monthly cost": "月額 (30 日)",
    "minute cost": "1 分の料金",
    "action url": "アクション URL",
    "found": "判明",
    "carrier": "通信事業者",
    "kind": "種類",
    "event": "イベント",
    "method": "メソッド",
    "content type": "形式",
    "body": "本文",
    # How a number was read.
    "hyphens, blanks, dots or brackets were dropped": "ハイフン・空白・ピリオド・かっこを除きました",
    "full-width characters were read as ASCII": "全角文字を半角として読みました",
    "characters that cannot be seen were dropped": "目に見えない文字を除きました",
    "a label such as TEL in front was dropped": "先頭の TEL などの見出しを除きました",
    "a spreadsheet's mark for text was dropped": "表計算ソフトの文字列記号を除きました",
    "the country code was added": "国番号を付けました",
    "the national 0 after the country code was dropped": "国番号の後の 0 を除きました",
    "the national 0 in front was missing; spreadsheets take it away": (
        "先頭の 0 が抜けていました (表計算ソフトが消すことがあります)"
    ),
    "the first digits were read as a country code, without + in front": "+ のない先頭の数字を国番号として読みました",
    "00 or 010 in front was read as the international prefix": (
        "先頭の 00 または 010 を国際プレフィックスとして読みました"
    ),
    "a .0 at the end was dropped; spreadsheets put it there": (
        "末尾の .0 を除きました (表計算ソフトが付けることがあります)"
    ),
    # Why a number or a text was refused.
    "holds no digits that can be read: they must be ASCII or full-width": (
        "読み取れる数字がありません (半角または全角の数字が必要です)"
    ),
    "is a decimal number, as spreadsheets write them: digits may have been lost; format the column as text": (
        "表計算ソフトの小数の形です。桁が失われた恐れがあるので、列の書式を文字列にしてください"
    ),
    "holds more than one number, or a mark that stands between numbers": "番号が複数あるか、区切り記号が含まれています",
    "holds something beside one number: letters, words or signs": "番号以外の文字や記号が含まれています",
    "can be read as two different numbers: write + and the country code in front": (
        "2 通りに読めます。先頭に + と国番号を付けてください"
    ),
    "has {0} digits and is in no range that is in use: too short, too long or mistyped": (
        "{0} 桁ですが、使われている番号の範囲にありません。桁数か入力の誤りです"
    ),
    "has {0} digits after +{1} and is in no range that is in use: too short, too long or mistyped": (
        "+{1} の後は {0} 桁ですが、使われている番号の範囲にありません。桁数か入力の誤りです"
    ),
    "has {0} digits: too long for one number, are there two?": "{0} 桁もあります。番号が 2 つ続いていませんか",
    "has {0} characters: too many for one number": "{0} 文字もあり、1 つの番号としては長すぎます",
    "has {0} characters; at most {1} can be sent": "{0} 文字あります。送信できるのは {1} 文字までです",
    "begins with no country code that exists": "存在しない国番号で始まっています",
    "holds half a character (a lone surrogate), which cannot be encoded": "壊れた文字が含まれており、送信できません",
    "must be the registered sender: {0} to {1} digits": "登録済みの送信元を {0} 桁から {1} 桁の数字で指定してください",
    "must not begin or end with a blank: the API trims it away": "前後に空白は付けられません (API が取り除きます)",
    "must not hold a slash nor consist of dots: servers read them as another path": (
        "スラッシュや、ピリオドだけの値は使えません"
    ),
    "must be {0} or {1} numbers, not {2}": "番号は {0} 個か {1} 個です ({2} 個あります)",
    "must not be set for another country than JP": "JP 以外の国には指定できません",
    "must be a day that exists": "実在する日付にしてください",
    "has no text in force: Xoxzo has not approved it yet": "承認済みの文章がありません (Xoxzo の承認待ちです)",
    "make a text of {0} characters, which is too long to be sent": (
        "差し込み後の文章が {0} 文字になり、長すぎて送信できません"
    ),
    "must be those that the template names": "テンプレートの差し込み項目と一致していません",
    "missing:": "不足:",
    "unknown:": "余分:",
    "must not be empty or blank": "空にはできません",
    "must be at most 10 ASCII letters and digits, or at most 15 digits": (
        "半角英数字 10 文字まで、または数字 15 桁までにしてください"
    ),
    "must be 1 to 15 digits, with or without a leading +": "1 桁から 15 桁の数字にしてください (先頭の + は任意)",
    "must be an absolute http:// or https:// URL without blanks": (
        "空白を含まない http:// または https:// の URL にしてください"
    ),
    "must be http:// (https is not supported) with ASCII letters, digits, _ / - . and : only": (
        "http:// の URL にしてください (https は不可)。使えるのは半角英数字と _ / - . : だけです"
    ),
    "must be two small letters: ja or en": "ja または en を指定してください",
    "must be two capital letters, for instance JP": "JP のような英大文字 2 字にしてください",
    "must be two capital letters that stand for a country, for instance JP": (
        "JP のような、国を表す英大文字 2 字にしてください"
    ),
    "must be digits: country code and prefix, for instance 8150": "8150 のように、国番号と局番を数字で指定してください",
    "must not hold a comma: the API separates tags by commas": "カンマは使えません (API がタグの区切りに使います)",
    "is required with jp_kp and jp_kpl": "jp_kp と jp_kpl には必須です",
    "needs jp_kp=True or jp_kpl=True": "--jp-kp または --jp-kpl が必要です",
    "excludes jp_kp: choose K-premium or K-premium Lite": "jp_kp と同時に指定できません。どちらかを選んでください",
    "needs track_link=True: only a tracked link can be clicked": "--track-link が必要です",
    # How a client is set up.
    "must be in E.{0}: begin with + and the country code, as in +{1}…": (
        "+{1}… のように、+ と国番号から始めてください (E.{0})"
    ),
    "must be in E.{0}: + and {1} to {2} digits, without blanks or hyphens": (
        "+ と {1} 桁から {2} 桁の数字で、空白やハイフンなしで書いてください (E.{0})"
    ),
    "sid must not hold a colon: it ends there on the wire": "sid にコロンは使えません",
    "sid and auth_token must be text that can be encoded": "sid と auth_token に壊れた文字が含まれます",
    "base_url must be https://host, as in https://api.xoxzo.com": (
        "アドレスは https://api.xoxzo.com のように指定してください"
    ),
    "base_url must be an address alone: no user name, no query, no fragment": (
        "アドレスにユーザー名・クエリー・# は付けられません"
    ),
    "base_url must be https://: http shows the token to everybody on the way, so it is for this machine only": (
        "アドレスは https:// にしてください。http ではトークンが途中で読まれるため、このマシンの中でだけ使えます"
    ),
    "allowed_recipients must be a list of numbers or their beginnings, each with its +": (
        "allowed_recipients には、+ から始まる番号かその先頭部分を並べてください"
    ),
    'callbacks need an extra: pip install "xoxzo-cloudpy[callbacks]"': (
        '追加のパッケージが必要です: pip install "xoxzo-cloudpy[callbacks]"'
    ),
    "public_url: must have no query and no fragment: the token stands in the path": (
        "アドレスにクエリーや # は付けられません (トークンはパスに入ります)"
    ),
    "no connection in time": "時間内に接続できませんでした",
    "no free connection in time": "時間内に接続が空きませんでした",
    "the request could not be written in time": "時間内に要求を送り切れませんでした",
    "the request left, no answer came in time": "要求は送りましたが、時間内に応答がありませんでした",
    "the deadline passed": "制限時間を過ぎました",
    # What a text costs.
    "the text is over 660 characters and cannot be sent": "660 文字を超えているため送信できません",
    "no price is published for this country: give yours as price=": (
        "この国の料金は公表されていません。--price で指定してください"
    ),
    "the price of K-premium has not been published since 2025-03-01: give yours as price=": (
        "K-premium の料金は 2025-03-01 以降公表されていません。--price で指定してください"
    ),
    "link tracking is reckoned with 5 credits a message, as seen in one sample": (
        "リンク追跡は、ある例にならい 1 通 5 クレジットで計算しています"
    ),
    "the text is measured before its link is replaced; what Xoxzo measures is not known": (
        "リンクを置き換える前の文章を数えています。Xoxzo がどう数えるかは分かりません"
    ),
}
