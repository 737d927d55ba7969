import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const folder = join(import.meta.dirname, 'jest')

/** Runs Jest; resolves to its exit code, or to `undefined` if it did not exit, and to its output. */
function runJest(nodeOptions: readonly string[], options: readonly string[]): Promise<{ readonly code: unknown; readonly output: string }> {
  const args = [...nodeOptions, join(folder, 'node_modules/jest/bin/jest.js'), '--ci', ...options]
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: folder, timeout: 60_000, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : (error.code ?? undefined), output: stdout + stderr })
    })
  })
}

it('Jest and supertest test an application of CommonJS, and Jest exits', { timeout: 70_000 }, async () => {
  const { code, output } = await runJest(['--experimental-vm-modules'], ['shop.test.js'])
  expect(output).toContain('1 passed, 1 total')
  expect(output).not.toContain('did not exit')
  expect(code).toBe(0)
})

it('Jest tests the package where it is compiled by Babel, and exits', { timeout: 70_000 }, async () => {
  const { code, output } = await runJest([], ['--config', 'with-babel.config.json', 'shop.test.js'])
  expect(output).toContain('1 passed, 1 total')
  expect(code).toBe(0)
})

it('timers, promises, bytes, dates and errors of another realm are what they are', { timeout: 70_000 }, async () => {
  const { code, output } = await runJest(['--experimental-vm-modules'], ['--testMatch', '**/realms.test.mjs'])
  expect(output).toContain('4 passed, 4 total')
  expect(code).toBe(0)
})
