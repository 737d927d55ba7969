// Why: a test of behaviour that is not there yet says what it has to be. It must fail until then,
// so a change that makes it pass has to remove its point from this list.
import { test } from 'vitest'

/** Points of which some tests fail, with what happens instead. */
const PENDING: Readonly<Record<string, string>> = {
  B1: 'session.flash = session.flash || {} is ignored, and connect-flash writes the messages of all visitors into the method',
  B2: 'session.save(callback) rejects a promise that nothing handles',
  B5: 'changes that were not saved when a connection closes are lost without an event',
  C6: 'flushHeaders() does not call the writeHead of layers above session(), so compression sends plain text as gzip',
  C7: 'an object in place of a response is deferred like a response, which fails',
  C8: 'sessions.open() takes no request of Node',
  F24: 'the default error page of Fastify shows the message of a 5xx, and NestJS answers every SessionError with 500',
}

/** A test of a point: `test`, or `test.fails` while the point is pending and this test `isAffected`. */
export function of(point: string, isAffected = true): typeof test | typeof test.fails {
  return point in PENDING && isAffected ? test.fails : test
}
