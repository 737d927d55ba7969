import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

/** Returns the path of a new database file, in a folder that is deleted after this test file. */
export function newSqliteFile(): string {
  count += 1
  return join(folder, `${count}.db`)
}

let count = 0
const folder = mkdtempSync(join(tmpdir(), 'sojourn-sqlite-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
