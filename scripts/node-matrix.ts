// Why: the README promises Node 22, 24 and 26. The built package runs under each of them, in Node's
// test runner, because vitest uses its own module loader and would prove less.
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const files = globSync('test/runtimes/*.test.ts', { cwd: root })
if (files.length === 0) throw new Error('node-matrix: no test file in test/runtimes')

const broken = ['node22', 'node', 'node26'].filter((name) => {
  const node = join(root, 'node_modules', name, 'bin/node')
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout?.trim()
  console.log(`\nNode ${version}`)
  return spawnSync(node, ['--test', '--test-reporter=spec', ...files], { cwd: root, stdio: 'inherit' }).status !== 0
})
if (broken.length > 0) throw new Error(`node-matrix: tests failed under ${broken.join(', ')}`)
