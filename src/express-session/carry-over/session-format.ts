import type { IncomingMessage } from 'node:http'
import type { Lifetime } from '../../core/config/profile.ts'
import { Cookie } from '../cookie/cookie.ts'
import { TrackedCookie } from '../cookie/tracked-cookie.ts'
import { plainJsonCodec } from '../values/json-texts.ts'
import { isReservedName, propertyTexts, storedName, USER } from '../values/names.ts'
import { type UserOf, userText } from '../values/user.ts'
import { type OldCookie, type OldRow, toPlain } from './old-row.ts'
import type { SessionFormat } from './row-format.ts'

/** The options that decide how a session is stored. */
export interface FormatOptions {
  readonly lifetime: Lifetime
  readonly cookieOf: (req: IncomingMessage) => object
  readonly userOf: UserOf
}

/** How sessions in the form of express-session are stored. */
export function sessionFormat({ lifetime, cookieOf, userOf }: FormatOptions): SessionFormat {
  const newCookie = (): Cookie => {
    const options: { readonly secure?: unknown } = cookieOf({ headers: {}, url: '/' } as IncomingMessage)
    return new Cookie({ ...options, secure: options.secure === 'auto' ? false : options.secure })
  }
  return {
    decode: (payload) => plainJsonCodec.decode(payload),

    textsOf({ cookie, ...properties }, before) {
      const texts = new Map([...before].filter(([name]) => isReservedName(name)))
      for (const [name, value] of Object.entries(properties)) texts.set(storedName(name), JSON.stringify(value))
      const user = userText(userOf, propertyTexts(texts))
      if (user === undefined) texts.delete(USER)
      else texts.set(USER, user)
      for (const change of cookieChanges(new TrackedCookie({ cookie: newCookie() }, before, lifetime), cookie)) {
        if (change.kind === 'set') texts.set(change.name, change.text)
        if (change.kind === 'remove') texts.delete(change.name)
      }
      return texts
    },

    rowOf(texts) {
      const { cookie } = new TrackedCookie({ cookie: newCookie() }, texts, lifetime, 0)
      if (cookie.originalMaxAge !== null) cookie.maxAge = cookie.originalMaxAge
      const properties = [...propertyTexts(texts)].map(([name, text]) => [name, JSON.parse(text) as unknown] as const)
      return { ...Object.fromEntries(properties), cookie } as unknown as OldRow
    },
  }
}

const ATTRIBUTES = ['path', 'domain', 'httpOnly', 'secure', 'sameSite', 'priority', 'partitioned'] as const

/** What has to be stored so that the session has this cookie. */
function cookieChanges(tracked: TrackedCookie, cookie: OldCookie): ReturnType<TrackedCookie['take']> {
  const given = toPlain(cookie)
  Object.assign(
    tracked.cookie,
    Object.fromEntries(ATTRIBUTES.filter((name) => name in given).map((name) => [name, given[name] ?? undefined])),
  )
  if (given.originalMaxAge !== undefined) tracked.cookie.originalMaxAge = given.originalMaxAge
  return tracked.take()
}
