import { ConfigError } from '../../core/base/errors.ts'
import { formatValue } from '../../core/base/format.ts'
import type { RandomText } from '../../core/base/random.ts'
import { type Identity, type Ids, sha256 } from '../../core/store/id.ts'
import { constantTimeEqual } from '../../wire/constant-time-equal.ts'

const FAMILY_LENGTH = 16
const SECRET_LENGTH = 32
/** A sid that this package made: a tilde, the family and the secret. No other sid has this form. */
const SHAPE = /^~[A-Za-z0-9_-]{48}$/

/**
 * Ids of which every text can be one. The sids that this package makes contain family and secret;
 * those of `genid` and of express-session are mapped to both with SHA-256. So a sid keeps its text,
 * and the table contains hashes only.
 */
export function sids(randomText: RandomText, scope: string): Ids {
  const identity = (id: string, family: string, secret: string): Identity => {
    const key = sha256(scope + family)
    return { id, key, handle: key, proof: sha256(secret) }
  }
  const made = (family: string, secret: string): Identity => identity(`~${family}${secret}`, family, secret)
  return {
    parse(text) {
      if (text === '') return undefined
      if (SHAPE.test(text)) return made(familyOf(text), text.slice(1 + FAMILY_LENGTH))
      return identity(text, familyOf(text), derive('secret', text, SECRET_LENGTH))
    },
    create: () => made(randomText(FAMILY_LENGTH), randomText(SECRET_LENGTH)),
    renew: ({ id }) => made(familyOf(id), randomText(SECRET_LENGTH)),
    isCurrent: ({ proof }, entry) => constantTimeEqual(entry.proof, proof),
  }
}

/** The family is constant when the sid is renewed. */
function familyOf(sid: string): string {
  return SHAPE.test(sid) ? sid.slice(1, 1 + FAMILY_LENGTH) : derive('family', sid, FAMILY_LENGTH)
}

function derive(part: string, sid: string, length: number): string {
  return sha256(`${part} ${sid}`).slice(0, length)
}

/** Throws `ConfigError` when option `genid` returned what cannot be a sid. */
export function checkGenerated(sid: unknown): string {
  if (typeof sid === 'string' && sid !== '' && !sid.startsWith('~')) return sid
  throw new ConfigError(`Option \`genid\` returned ${formatValue(sid)}: return a text that is not empty and does not begin with "~".`)
}
