import { expect, test } from 'vitest'
import { findWords } from '../../scripts/check-words.ts'
import { fileNames, names, prose } from '../../scripts/words.ts'

/** File, text, and the words that are reported. */
const cases: readonly (readonly [file: string, text: string, words: readonly string[]])[] = [
  // identifiers
  ['src/a.ts', 'const patience = 1', ['patience']],
  ['src/a.ts', 'class A {\n  #keeper = 1\n}', ['keeper']],
  ['src/a.ts', 'function f(owed: number) {\n  return { owed }\n}', ['owed', 'owed', 'owed']],
  ['src/a.ts', 'const MOST_TRIES = 1', ['MOST_TRIES']],
  ['src/a.ts', 'const impatience = 1, patienceOf = 2', []],
  ['src/core/a.ts', 'const dialect = 1', ['dialect']],
  ['src/stores/a.ts', 'const dialect = 1', []],
  ['src/a.ts', "const text = 'patience'", []],
  ['src/a.ts', '// patience', []],
  // prose in comments and texts
  ['src/a.ts', '// Whoever calls this waits.', ['Whoever']],
  ['src/a.ts', '// It reads the row anew.', ['anew']],
  ['src/a.ts', '/**\n * The table has a line of\n * its own.\n */', ['of its own']],
  ['src/a.ts', "throw new Error('The session ended meanwhile')", ['meanwhile']],
  ['src/a.ts', 'throw new Error(`The session ended ${n} ms ago, surely`)', ['surely']],
  ['src/a.ts', "const status = 'meanwhile'", []],
  ['src/a.ts', 'const meanwhile = 1', []],
  ['src/a.ts', '// whoever, besides, instantly, reborn', []],
  ['src/a.ts', '// Requests wait behind its write.', ['behind']],
  ['src/a.ts', '// Works behind a proxy and behind a load balancer; what was left behind', []],
  // Markdown
  ['docs/a.md', 'Nobody waits.\n\n```ts\nconst patience = 1 // surely\n```\n\n`owed` and beside', ['Nobody', 'patience', 'owed', 'beside']],
  ['README.md', 'Patience is a virtue.', []],
  ['CHANGELOG.md', '`Patience` is now `OperationOptions`.', []],
  // file names
  ['test/weather-store.ts', '', ['weather-store']],
  ['test/stores/cookie-pieces.test.ts', '', ['cookie-pieces']],
  ['src/household.ts', '', []],
]

test.each(cases)('%s: %j', (file, text, words) => {
  expect(findWords(file, text).map(({ word }) => word)).toEqual(words)
})

test('a finding has its line and what to write instead', () => {
  expect(findWords('src/a.ts', '/**\n * Reads.\n * Then reads anew.\n */\nconst patience = 1')).toEqual([
    { line: 3, word: 'anew', instead: 'again' },
    { line: 5, word: 'patience', instead: 'OperationOptions, options' },
  ])
})

test('every word of the tables is found', () => {
  for (const { words, only = 'src/' } of names)
    for (const word of words.replaceAll('\\w+', 'X').split(' ')) expect(findWords(`${only}a.ts`, `const ${word} = 1`)).not.toEqual([])
  for (const { words, only = 'src/' } of fileNames)
    for (const word of words.split(' ')) expect(findWords(`${only}${word}.ts`, '')).not.toEqual([])
  expect(prose.length).toBeGreaterThan(10)
})
