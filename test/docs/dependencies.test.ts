import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }

it('a decision has a reason for each runtime dependency', () => {
  const [file = ''] = globSync('docs/decisions/0116-*.md', { cwd: join(import.meta.dirname, '../..') })
  const page = readFileSync(join(import.meta.dirname, '../..', file), 'utf8')
  expect(Object.keys(manifest.dependencies).filter((name) => !page.includes(`\`${name}\``))).toEqual([])
})
