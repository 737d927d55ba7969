// Reports words of `words.ts` in sources and documents, with the file, the line and what to write
// instead. Run by `npm run check`. Identifiers and file names are checked against `names`; comments,
// texts with a space (messages, test names) and Markdown against `prose`; code in Markdown is checked
// like identifiers.
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseSync, Visitor } from 'rolldown/utils'
import { fileNames, names, prose, type Word } from './words.ts'

export interface Finding {
  readonly line: number
  readonly word: string
  readonly instead: string
}

interface Span {
  readonly start: number
  readonly text: string
}

const FILES = ['{src,test,scripts,bench,examples}/**/*.{ts,md}', 'docs/**/*.md', '*.md']
/** These contain the words as data. */
const EXEMPT = ['scripts/words.ts', 'test/package/check-words.test.ts']

/** Everything in one file that a word of `words.ts` matches, in order. `file` is its path in the repository. */
export function findWords(file: string, text: string): readonly Finding[] {
  const spans = file.endsWith('.md') ? spansOfMarkdown(text) : spansOfSource(file, text)
  const fileName = { start: 0, text: basename(file).replace(/\..*$/, '') }
  return [
    ...matches(file, text, [fileName], fileNames),
    ...(file === 'CHANGELOG.md' ? [] : matches(file, text, spans.names, names)), // it lists renamed names
    ...matches(file, text, spans.prose, prose),
  ].sort((a, b) => a.line - b.line)
}

function spansOfSource(file: string, text: string): Record<'names' | 'prose', Span[]> {
  const spans: Record<'names' | 'prose', Span[]> = { names: [], prose: [] }
  const { program, comments } = parseSync(file, text)
  const addName = ({ start, name }: { start: number; name: string }): void => void spans.names.push({ start, text: name })
  const addText = (start: number, value: unknown): void => {
    if (typeof value === 'string' && value.includes(' ')) spans.prose.push({ start, text: value })
  }
  new Visitor({
    Identifier: addName,
    PrivateIdentifier: addName,
    Literal: ({ start, value }) => addText(start, value),
    TemplateElement: ({ start, value }) => addText(start, value.cooked),
  }).visit(program)
  for (const { start, end } of comments) spans.prose.push({ start, text: text.slice(start, end) })
  return spans
}

function spansOfMarkdown(text: string): Record<'names' | 'prose', Span[]> {
  const spans: Record<'names' | 'prose', Span[]> = { names: [], prose: [] }
  let end = 0
  for (const code of text.matchAll(/^(```+)[^]*?^\1|`[^`\n]+`/gm)) {
    spans.prose.push({ start: end, text: text.slice(end, code.index) })
    spans.names.push({ start: code.index, text: code[0] })
    end = code.index + code[0].length
  }
  spans.prose.push({ start: end, text: text.slice(end) })
  return spans
}

function matches(file: string, text: string, spans: readonly Span[], table: readonly Word[]): Finding[] {
  const rows = table.filter(({ only = '', except = [] }) => file.startsWith(only) && !except.includes(file))
  return rows.flatMap(({ words, instead }) => {
    // A text may continue on the next line of a comment.
    const word = words.replaceAll(' ', '|').replaceAll('\\s', '(?:[\\s*/]+)')
    const pattern = new RegExp(`(?<![\\w$-])(?:${word})(?![\\w$-])`, 'g')
    return spans.flatMap((span) =>
      [...span.text.matchAll(pattern)].map(({ 0: found, index }) => ({
        line: text.slice(0, span.start + index).split('\n').length,
        word: found.replaceAll(/[\s*/]+/g, ' '),
        instead,
      })),
    )
  })
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..')
  const files = globSync(FILES, { cwd: root, exclude: ['**/node_modules/**', ...EXEMPT] })
  const findings = files
    .sort()
    .flatMap((file) =>
      findWords(file, readFileSync(join(root, file), 'utf8')).map(({ line, word, instead }) => `${file}:${line}: ${word} (${instead})`),
    )
  for (const finding of findings) console.error(finding)
  console.log(`check-words: ${findings.length} findings in ${files.length} files`)
  process.exitCode = findings.length === 0 ? 0 : 1
}
