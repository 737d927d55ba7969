// Runs under each Node of the matrix (scripts/node-matrix.ts) on the built package: its name
// resolves to dist.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSessions } from 'sojourn'

test('the package can be imported', () => {
  assert.equal(typeof createSessions, 'function')
})
