import { sha256 } from '../core/store/id.ts'

/** The style sheet of every page. Colors follow the system; their contrast is at least 4.5:1. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --text: light-dark(#1c2733, #e4e9ee);
  --muted: light-dark(#57646f, #a3b0bb);
  --page: light-dark(#f5f7f9, #12181e);
  --card: light-dark(#ffffff, #1b232b);
  --line: light-dark(#cdd5dc, #36424d);
  --link: light-dark(#0b5a8f, #7cc4f2);
  --first: light-dark(#1f6f9f, #5fb3e6);
  --second: light-dark(#a84a10, #f0a15e);
  --danger: light-dark(#a3242f, #ff9b9b);
}
* { box-sizing: border-box }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif }
header { display: flex; flex-wrap: wrap; gap: 0.5rem 2rem; justify-content: space-between; align-items: center; padding: 0.5rem 1.5rem; background: var(--card); border-bottom: 1px solid var(--line) }
nav { display: flex; gap: 0.25rem }
nav a { padding: 0.6rem 0.9rem; border-radius: 6px; text-decoration: none }
nav a[aria-current] { background: var(--page); color: var(--text); font-weight: 600 }
.operator { margin: 0; color: var(--muted) }
main { max-width: 72rem; margin: 0 auto; padding: 1rem 1.5rem 4rem }
main:focus { outline: none }
h1 { font-size: 1.6rem; margin: 0.5rem 0 1rem }
h2 { font-size: 1.2rem; margin: 2rem 0 0.5rem }
a { color: var(--link) }
code, pre { font: 0.875em/1.5 ui-monospace, monospace; overflow-wrap: anywhere; unicode-bidi: isolate }
pre { margin: 0; max-height: 16rem; overflow: auto; white-space: pre-wrap; text-align: left }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px }
.skip { position: absolute; left: -100rem }
.skip:focus { left: 1rem; top: 1rem; padding: 0.5rem 1rem; background: var(--card) }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
.muted { color: var(--muted) }
.badge { padding: 0.1rem 0.5rem; border: 1px solid var(--line); border-radius: 1rem; font-size: 0.8rem; font-weight: 400; color: var(--muted); white-space: nowrap }
.notice { padding: 0.75rem 1rem; border-left: 4px solid var(--first); background: var(--card) }
.handle { font-size: 1.1rem }
button, .button { display: inline-block; min-height: 2.75rem; padding: 0.55rem 1rem; border: 1px solid var(--line); border-radius: 6px; background: var(--card); color: var(--text); font: inherit; text-decoration: none; cursor: pointer }
.danger { border-color: var(--danger); color: var(--danger) }
.search { display: grid; grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); gap: 0.75rem; align-items: end; margin-bottom: 1.5rem }
label { display: grid; gap: 0.25rem; font-size: 0.9rem }
input { min-height: 2.75rem; padding: 0.5rem 0.75rem; width: 100%; border: 1px solid var(--muted); border-radius: 6px; background: var(--card); color: var(--text); font: inherit }
::placeholder { color: var(--muted); opacity: 1 }
table { width: 100%; border-collapse: collapse; background: var(--card) }
caption { text-align: left; color: var(--muted); padding: 0.25rem 0 }
th, td { padding: 0.5rem 0.75rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; font-weight: 400 }
thead th { color: var(--muted); font-size: 0.9rem }
.action { text-align: right; white-space: nowrap }
.number { text-align: right; font-variant-numeric: tabular-nums }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: 0.75rem; margin: 1rem 0 }
.facts div { padding: 0.6rem 0.9rem; background: var(--card); border: 1px solid var(--line); border-radius: 6px }
dt { color: var(--muted); font-size: 0.9rem }
dd { margin: 0; overflow-wrap: anywhere }
.events { padding-left: 1.2rem }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 1rem }
figure { margin: 0; padding: 1rem; background: var(--card); border: 1px solid var(--line); border-radius: 6px }
figcaption { font-weight: 600 }
svg { display: block; width: 100%; height: auto }
svg text { font-size: 11px; fill: var(--muted) }
.tick { text-anchor: end }
.label { text-anchor: middle }
.grid { stroke: var(--line) }
.bar { fill: var(--first) }
.line { fill: none; stroke-width: 2 }
.line-0 { stroke: var(--first) }
.line-1 { stroke: var(--second); stroke-dasharray: 6 3 }
.dot-0 { fill: var(--first) }
.dot-1 { fill: var(--second) }
.keys { display: flex; gap: 1.5rem; margin: 0.25rem 0; font-size: 0.9rem }
.key { display: inline-block; width: 1.5rem; border-top: 3px solid; vertical-align: middle }
.key-0 { border-color: var(--first) }
.key-1 { border-color: var(--second); border-top-style: dashed }
summary { min-height: 2.75rem; padding-top: 0.6rem; cursor: pointer; color: var(--muted); font-size: 0.9rem }
@media (max-width: 44rem) {
  header, main { padding-left: 1rem; padding-right: 1rem }
  .list thead { position: absolute; clip-path: inset(50%) }
  .list, .list tbody, .list tr, .list th, .list td { display: block }
  .list tr { padding: 0.5rem 0; border-bottom: 1px solid var(--line) }
  .list th, .list td { display: flex; gap: 1rem; justify-content: space-between; border: 0; padding: 0.25rem 0.75rem; text-align: right; overflow-wrap: anywhere }
  .list [data-label]::before { content: attr(data-label); color: var(--muted); text-align: left; white-space: nowrap }
}
`

/** Changes with the style sheet, which browsers keep. */
export const STYLE_VERSION: string = sha256(STYLE).slice(0, 12)
