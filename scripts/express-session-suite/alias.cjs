// Loaded by mocha before the suite of express-session: its imports of express-session lead to the
// module under test. Without `SUITE_TARGET` the suite tests the checkout itself.
'use strict'
const Module = require('node:module')
const path = require('node:path')

process.env.NO_DEPRECATION = 'express-session'
const { SUITE_CHECKOUT, SUITE_TARGET } = process.env
if (SUITE_TARGET) {
  const index = path.join(SUITE_CHECKOUT, 'index.js')
  const cookie = path.join(SUITE_CHECKOUT, 'session', 'cookie.js')
  const { _resolveFilename } = Module
  Module._resolveFilename = function resolve(...args) {
    const found = _resolveFilename.apply(this, args)
    if (found === index) return path.join(__dirname, 'under-test.cjs')
    if (found === cookie) return path.join(__dirname, 'under-test-cookie.cjs')
    return found
  }
}
