import type { RandomText } from '../base/random.ts'
import { FAMILY_LENGTH, type Identity, type Ids, identityOf, isCurrent, SECRET_LENGTH, sha256 } from './id.ts'

/**
 * An id that was generated here: `~`, family and secret. It has no dot, because a signature follows
 * one.
 */
const OWN_SHAPE = /^~[A-Za-z0-9_-]{48}$/

/**
 * Ids where every text but the empty one is an id, such as those of another library. A text that
 * was not generated here stands for an ordinary id whose family and secret are derived from it by
 * SHA-256. So it keeps its cookie, and the store contains no id in clear text. It is as hard to
 * guess as the text was.
 */
export function aliasIds(randomText: RandomText, scope: string): Ids {
  const own = (family: string, secret: string): Identity => identityOf(scope, `~${family}${secret}`, family, secret)
  return {
    parse: (text) => (text === '' ? undefined : identityOf(scope, text, familyOf(text), secretOf(text))),
    create: () => own(randomText(FAMILY_LENGTH), randomText(SECRET_LENGTH)),
    renew: ({ id }) => own(familyOf(id), randomText(SECRET_LENGTH)),
    isCurrent,
  }
}

function familyOf(id: string): string {
  return OWN_SHAPE.test(id) ? id.slice(1, 1 + FAMILY_LENGTH) : sha256(`family ${id}`).slice(0, FAMILY_LENGTH)
}

function secretOf(id: string): string {
  return OWN_SHAPE.test(id) ? id.slice(1 + FAMILY_LENGTH) : sha256(`secret ${id}`).slice(0, SECRET_LENGTH)
}
