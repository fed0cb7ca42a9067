"""The style sheet of a report: light and dark, wide and narrow, on a screen and on paper."""

from __future__ import annotations

STYLE = """
:root{color-scheme:light dark;--ink:#17202b;--soft:#5b6877;--line:#e1e7ee;--paper:#fff;--tint:#f5f7fa;--main:#2f6fb6;
--good:#2c8a5f;--bad:#c04437;--worse:#8d2f4e;--unknown:#c98a12;--guess:#dcb768;--rest:#8b98a8;--none:#d3dae3}
@media (prefers-color-scheme:dark){:root{--ink:#e8edf3;--soft:#98a6b6;--line:#2c3744;--paper:#12171d;--tint:#1a222b;
--main:#5fa3e6;--good:#4fbd8b;--bad:#ee7d71;--worse:#d06f95;--unknown:#e6b04a;--guess:#a3874d;--rest:#7c8a9a;--none:#394553}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI","Hiragino Sans",
"Noto Sans CJK JP","Yu Gothic UI",sans-serif;font-variant-numeric:tabular-nums}
main{max-width:66rem;margin:0 auto;padding:2.5rem 1.5rem 3rem}
header{margin-bottom:1.5rem}
h1{display:inline;font-size:1.9rem;line-height:1.2;overflow-wrap:anywhere;letter-spacing:-.01em}
header p{margin:.4rem 0 0}h2{font-size:1rem;margin:0 0 .9rem}.soft,small{color:var(--soft)}.why{color:var(--bad)}
.state{display:inline-block;vertical-align:.3rem;margin-left:.7rem;padding:.1rem .65rem;border-radius:1rem;
font-size:.8rem;
background:var(--tint);border:1px solid var(--line)}
.state.finished{color:var(--good);border-color:currentColor}
.state.stopped,.state.cancelled,.state.expired{color:var(--bad);border-color:currentColor}
.cards{display:grid;grid-template-columns:repeat(6,1fr);gap:.75rem;margin-bottom:1rem}
.card{background:var(--tint);border:1px solid var(--line);border-top:3px solid var(--none);border-radius:.5rem;
padding:.7rem .9rem;min-width:0}
.card b{display:block;font-size:1.4rem;line-height:1.25}.card span,.card small{display:block}
.card small{min-height:1.2em}
.card.main{border-top-color:var(--main)}.card.good{border-top-color:var(--good)}.card.bad{border-top-color:var(--bad)}
.card.unknown{border-top-color:var(--unknown)}
.note{background:var(--tint);border-left:3px solid var(--unknown);padding:.5rem .9rem;margin:0 0 1rem}
.sections{display:grid;grid-template-columns:1fr 1fr;gap:1rem}
section{border:1px solid var(--line);border-radius:.6rem;padding:1.1rem 1.25rem 1.2rem;min-width:0}
.wide{grid-column:1/-1}
i{display:inline-block}i.main{background:var(--main)}i.good{background:var(--good)}i.bad{background:var(--bad)}
i.worse{background:var(--worse)}i.unknown{background:var(--unknown)}i.guess{background:var(--guess)}
i.rest{background:var(--rest)}
i.none{background:var(--none)}
.bars{display:grid;gap:.5rem}
.row{display:grid;grid-template-columns:8.5rem 1fr minmax(8.5rem,max-content);gap:.75rem;align-items:center}
.name{color:var(--soft);text-align:right;overflow-wrap:break-word;line-height:1.25}.track{display:block}
.track i{display:block;height:1.15rem;min-width:2px;border-radius:.2rem}.value{white-space:nowrap}
.value small{margin-left:.45rem}
.stack{display:flex;gap:2px;height:1.9rem;border-radius:.35rem;overflow:hidden}.stack i{min-width:3px;flex-basis:0}
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.6rem;list-style:none;margin:.9rem 0 0;padding:0}
.legend li{display:flex;align-items:center;gap:.5rem}.legend i,td i{width:.7rem;height:.7rem;border-radius:.15rem}
.mark{width:1.2rem}td small{margin-left:.6rem}
.chart{display:grid;grid-template-columns:auto 1fr;gap:.25rem .6rem}.chart svg{width:100%;height:15rem;display:block}
.heights,.clocks{display:flex;justify-content:space-between;color:var(--soft);font-size:.8rem}
.heights{flex-direction:column;text-align:right}.clocks{grid-column:2}
.grid line{stroke:var(--line);stroke-width:1;vector-effect:non-scaling-stroke}
.edge{fill:none;stroke-width:2.2;vector-effect:non-scaling-stroke;stroke-linejoin:round}.area{opacity:.14}
.edge.main{stroke:var(--main)}.edge.good{stroke:var(--good)}.area.main{fill:var(--main)}
.lead{margin:-.4rem 0 .9rem}p{margin:.6rem 0 0}
table{border-collapse:collapse;width:100%}
td,th{text-align:left;padding:.4rem .8rem .4rem 0;border-bottom:1px solid var(--line)}
th{color:var(--soft);font-weight:500}tr:last-child td{border-bottom:0}
td:last-child,th:last-child{text-align:right;padding-right:0}
footer{margin-top:1.5rem;font-size:.85rem}
@media (max-width:60rem){.cards{grid-template-columns:repeat(3,1fr)}}
@media (max-width:45rem){main{padding:1.25rem 1rem 2rem}.sections{grid-template-columns:1fr}
.cards{grid-template-columns:1fr 1fr;gap:.6rem}.row{grid-template-columns:6.6rem 1fr 5.5rem;gap:.5rem}
.value small,td small{display:block;margin:0}
.chart svg{height:11rem}.clocks span:nth-child(even){display:none}}
@media print{@page{size:A4;margin:10mm 12mm}:root{font-size:9pt;color-scheme:light;
--ink:#17202b;--soft:#5b6877;--line:#d5dce4;--paper:#fff;
--tint:#fff;--main:#2f6fb6;--good:#2c8a5f;--bad:#c04437;--worse:#8d2f4e;--unknown:#c98a12;--guess:#dcb768;--rest:#8b98a8;
--none:#d3dae3}
body{font-size:8.5pt;line-height:1.35}h1{font-size:17pt}h2{font-size:9.5pt;margin-bottom:.4rem}
header{margin-bottom:.7rem}.card{padding:.3rem .5rem}.card b{font-size:12pt}td,th{padding:.1rem .5rem .1rem 0}
main{padding:0;max-width:none}.cards{grid-template-columns:repeat(6,1fr);gap:.4rem;margin-bottom:.5rem}
.sections{grid-template-columns:1fr 1fr;gap:.5rem}section{padding:.6rem .8rem}.bars{gap:.2rem}.track i{height:.8rem}
.row{grid-template-columns:7rem 1fr minmax(5.5rem,max-content)}.chart svg{height:7rem}.stack{height:1.2rem}
.legend{margin-top:.4rem}footer{margin-top:.6rem}
section,.card,tr{break-inside:avoid}i,.area{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""
