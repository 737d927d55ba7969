import { DatabaseSync } from 'node:sqlite'
import { djangoCodec } from '../../src/codecs/django.ts'
import { formatDjangoDate, utc } from '../../src/django/format/local-time.ts'
import type { DjangoOptions } from '../../src/django/sessions/django-options.ts'
import { djangoSessions } from '../../src/django/sessions/django-sessions.ts'
import type { Session, SessionEvent, Sessions } from '../../src/index.ts'
import { DjangoSigner } from '../../src/wire/django-signing.ts'
import { Clock } from '../core/fixture.ts'
import { incoming } from '../helpers/incoming.ts'
import { DJANGO_TABLE } from './tables.ts'
import { SALT } from './vectors.ts'

export const SECRET = 'django-insecure-test'

interface RowOptions {
  readonly key?: string
  readonly secret?: string
  /** In milliseconds. */
  readonly lifetime?: number
}

/** A Django table in memory, a manager that uses it, and the cookie of one browser. */
export class Site {
  readonly clock: Clock = new Clock()
  readonly events: SessionEvent[] = []
  readonly warnings: string[] = []
  readonly database: DatabaseSync = new DatabaseSync(':memory:')
  readonly sessions: Sessions<any>
  cookie: string | undefined

  constructor(options: Partial<DjangoOptions> = {}) {
    this.database.exec(DJANGO_TABLE.sqlite('django_session'))
    this.sessions = this.manager(options)
  }

  manager(options: Partial<DjangoOptions> = {}): Sessions<any> {
    const common = { secretKey: SECRET, database: this.database, clock: this.clock.read }
    const listeners = { onEvent: (event: SessionEvent) => this.events.push(event), onWarning: (text: string) => this.warnings.push(text) }
    return djangoSessions<any>({ ...common, ...listeners, ...options })
  }

  open(cookie: string | undefined = this.cookie): Promise<Session<any>> {
    return this.sessions.open(incoming(cookie, { secure: false }))
  }

  /** Runs a request, stores the cookie of its response and returns the `Set-Cookie` header. */
  async request(handler: (session: Session<any>) => unknown, status = 200): Promise<string | undefined> {
    const session = await this.open()
    await handler(session)
    const headers = await this.sessions.commit(session, { status })
    const [setCookie] = headers.getSetCookie()
    if (setCookie === undefined) return undefined
    const pair = setCookie.slice(0, setCookie.indexOf(';'))
    this.cookie = pair.endsWith('=') ? undefined : pair
    return setCookie
  }

  get key(): string {
    return (this.cookie ?? '').split('=')[1] ?? ''
  }

  /** Inserts a row in Django's format and gives the browser its cookie. */
  insertRow(json: string, { key = 'k'.repeat(32), secret = SECRET, lifetime = 1_209_600_000 }: RowOptions = {}): string {
    const data = new DjangoSigner([secret], SALT, 1 << 20).sign(json, Math.floor(this.clock.at / 1000))
    const date = formatDjangoDate(this.clock.at + lifetime, utc)
    this.database.prepare('INSERT OR REPLACE INTO django_session VALUES (?, ?, ?)').run(key, data, date)
    this.cookie = `sessionid=${key}`
    return key
  }

  rows(): { readonly session_key: string; readonly session_data: string; readonly expire_date: string }[] {
    return this.database.prepare('SELECT * FROM django_session ORDER BY session_key').all() as ReturnType<Site['rows']>
  }

  /** The sessions as Django reads them, by key, without `_sojourn`. */
  data(secret: string = SECRET): Record<string, Record<string, string>> {
    const signer = new DjangoSigner([secret], SALT, 1 << 20)
    const read = (data: string): Record<string, string> => {
      const texts = djangoCodec.decode(signer.unsign(data)?.text ?? '')
      texts?.delete('_sojourn')
      return Object.fromEntries(texts ?? [])
    }
    return Object.fromEntries(this.rows().map(({ session_key, session_data }) => [session_key, read(session_data)]))
  }
}
