/* The search finds a word only as the index has it: its parts are レート and 制限, and the pages say 料金 for 費用. This changes
   what a reader types: it separates katakana, Latin letters and other Japanese, leaves particles out, requires all parts of a
   word, and replaces other words for the same thing by those of the glossary. */
const GLOSSARY = {
  料金: ["費用", "コスト", "値段", "価格", "課金"],
  一斉送信: ["キャンペーン", "一括送信", "大量送信"],
  再試行: ["リトライ"],
  再送: ["再送信", "送り直し"],
  重複防止キー: ["冪等", "べき等", "冪等性", "べき等性", "冪等キー"],
  重複: ["二重送信", "2重送信", "二重"],
  携帯電話会社: ["キャリア", "通信会社", "通信事業者"],
  配信停止: ["オプトアウト", "購読解除"],
  配信失敗: ["未達", "不達"],
  "2要素認証": ["二要素認証", "二段階認証", "2段階認証", "多要素認証"],
  認証コード: ["ログインコード", "認証番号"],
  送信元: ["差出人", "送信者"],
  会議通話: ["電話会議"],
  差し込み項目: ["プレースホルダー", "プレースホルダ", "差し込み"],
  分割数: ["通数"],
  本番: ["本番環境", "本番公開"],
  文字コード: ["文字化け", "ユニコード"],
  ログ: ["ロギング"],
  Webhook: ["ウェブフック"],
  "送信 待ち": ["送信待ち"],
};
const JAPANESE = "\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}ー々";
const BETWEEN = [
  ["[\\p{sc=Katakana}ー]", "[\\p{sc=Han}\\p{sc=Hiragana}A-Za-z0-9]"],
  ["[\\p{sc=Han}\\p{sc=Hiragana}A-Za-z0-9]", "\\p{sc=Katakana}"],
  [`[${JAPANESE}]`, "[A-Za-z0-9]"],
  ["[A-Za-z0-9]", `[${JAPANESE}]`],
];
const PARTS = new RegExp(BETWEEN.map(([before, after]) => `(?<=${before})(?=${after})`).join("|"), "gu");
const PARTICLE = /(?<=[\p{sc=Han}\p{sc=Katakana}ーA-Za-z0-9])[のにをがはでとへ](?=[\p{sc=Han}\p{sc=Katakana}A-Za-z0-9])/gu;

window.searchWords = (typed) =>
  typed
    .split(/[\s　]+/)
    .map((word) => Object.keys(GLOSSARY).find((entry) => GLOSSARY[entry].includes(word)) ?? word)
    .map((word) => {
      const parts = word.replace(PARTICLE, " ").replace(PARTS, " ").split(" ");
      return parts.length > 1 && !/["+:~^*]/.test(word) ? parts.map((part) => `+${part}*`).join(" ") : word;
    })
    .join(" ");

const post = Worker.prototype.postMessage;
Worker.prototype.postMessage = function (message, ...more) {
  const isQuery = message && message.type === 2 && typeof message.data === "string";
  return post.call(this, isQuery ? { ...message, data: window.searchWords(message.data) } : message, ...more);
};
