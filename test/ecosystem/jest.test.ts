import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const folder = join(import.meta.dirname, 'jest')

interface Run {
  readonly code: unknown
  readonly output: string
}

function runJest(nodeOptions: readonly string[], options: readonly string[]): Promise<Run> {
  return runNode([...nodeOptions, join(folder, 'node_modules/jest/bin/jest.js'), '--ci', ...options])
}

/** Runs Node; resolves to its exit code, or to `undefined` if it did not exit, and to its output. */
function runNode(args: readonly string[]): Promise<Run> {
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

it('the test kit works with Jest, also for an application with express-session', { timeout: 70_000 }, async () => {
  const { code, output } = await runJest(['--experimental-vm-modules'], ['kit.test.js'])
  expect(output).toContain('3 passed, 3 total')
  expect(code).toBe(0)
})

it('the test kit works with node:test, also for an application with express-session', { timeout: 70_000 }, async () => {
  const { code, output } = await runNode(['--test', 'node-test.mjs'])
  expect(output).toContain('pass 2')
  expect(code).toBe(0)
})

it('timers, promises, bytes, dates and errors of another realm are what they are', { timeout: 70_000 }, async () => {
  const { code, output } = await runJest(['--experimental-vm-modules'], ['--testMatch', '**/realms.test.mjs'])
  expect(output).toContain('4 passed, 4 total')
  expect(code).toBe(0)
})
