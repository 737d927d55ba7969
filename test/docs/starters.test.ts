// The programs of docs/frameworks/<framework>.md are files of the starters, which test/ecosystem runs.
// The first line of a block names the file.
import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const PAGES = globSync('docs/frameworks/*.md', { cwd: ROOT })

describe.each(PAGES)('%s', (page) => {
  const starter = join(ROOT, 'examples/starters', basename(page, '.md'))
  const blocks = [...readFileSync(join(ROOT, page), 'utf8').matchAll(/^```\w+\n(?:\/\/|<!--|#) (\S+?)(?: -->)?\n([^]*?)^```/gm)]

  it('has a starter, and shows files of it', () => {
    expect(existsSync(join(starter, 'package.json'))).toBe(true)
    expect(blocks.length).toBeGreaterThan(0)
  })

  it.each(blocks.map(([, file = '', code = '']) => [file, code]))('shows %s as it is', (file, code) => {
    expect(code).toBe(readFileSync(join(starter, file), 'utf8'))
  })
})
