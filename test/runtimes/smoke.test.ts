// Runs under each Node of the matrix (scripts/node-matrix.ts), on what was built: the name of the package leads to dist.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSessions } from 'sojourn'

test('the front door opens', () => {
  assert.equal(typeof createSessions, 'function')
})
