import { createHash } from 'node:crypto'
import { toAscii } from '../../src/codecs/python-json.ts'
import type { DjangoRows } from '../../src/django/rows/django-rows.ts'
import { DjangoStore } from '../../src/django/stores/django-store.ts'
import { type StoreSuiteOptions, type SuiteRunner, storeSuite } from '../../src/testing/store-suite.ts'
import { DjangoSigner } from '../../src/wire/django-signing.ts'

/** Django's rows have keys of 32 characters and JSON objects as payloads, and no column for the user. Their dates end with the year 9999. */
const options: StoreSuiteOptions = {
  capabilities: { indexes: [], renames: true },
  farClocks: false,
  format: {
    key: (text) =>
      BigInt(`0x${createHash('sha256').update(text).digest('hex')}`)
        .toString(36)
        .slice(-32),
    payload: (text) => toAscii(JSON.stringify({ text })),
    textOf: (payload) => (JSON.parse(payload) as { text: string }).text,
    omits: ['proof', 'seenAt', 'userId'],
  },
}

/** Runs the store suite on Django's rows. */
export function djangoSuite(name: string, makeRows: () => DjangoRows | Promise<DjangoRows>, runner: SuiteRunner): void {
  storeSuite(
    `DjangoStore, ${name},`,
    async () => new DjangoStore({ rows: await makeRows(), signer, clock: Date.now, warn: () => undefined }),
    runner,
    options,
  )
}

const signer = new DjangoSigner(['secret'], 'django.contrib.sessions.SessionStore', 1 << 24)
