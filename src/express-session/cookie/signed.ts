import * as crypto from 'node:crypto'
import type { IncomingRequest } from '../../core/cookie/incoming-request.ts'
import type { Carrier, Transport } from '../../core/cookie/transport.ts'
import { constantTimeEqual } from '../../wire/constant-time-equal.ts'

/** A secret that signs tokens: what `crypto.createHmac` accepts. */
export type Secret = crypto.BinaryLike | crypto.KeyObject

const PREFIX = 's:'

/** The text of a signed token: `s:`, the token, a dot and HMAC-SHA256 in base64 without padding. */
export function sign(token: string, secret: Secret): string {
  return `${PREFIX}${token}.${signatureOf(token, secret)}`
}

/**
 * The token of a signed text; `undefined` if none of the secrets made the signature. Every
 * comparison takes constant time. Never throws because of the text.
 */
export function unsign(text: string, secrets: readonly Secret[]): string | undefined {
  const dot = text.lastIndexOf('.')
  if (!text.startsWith(PREFIX) || dot < 0) return undefined
  const token = text.slice(PREFIX.length, dot)
  const signature = text.slice(dot + 1)
  return secrets.some((secret) => constantTimeEqual(signature, signatureOf(token, secret))) ? token : undefined
}

function signatureOf(token: string, secret: Secret): string {
  return crypto.createHmac('sha256', secret).update(token).digest('base64').slice(0, -1) // one `=`
}

/**
 * A transport whose tokens are signed. Tokens with a wrong signature count as absent, so that they
 * cause no access to the store. The first secret signs, and all of them verify.
 */
export function signed(transport: Transport, secretsOf: (request: IncomingRequest) => readonly [Secret, ...Secret[]]): Transport {
  return {
    vary: transport.vary,
    carrierFor(request) {
      const carrier = transport.carrierFor(request)
      return 'reason' in carrier ? carrier : signedCarrier(carrier, secretsOf(request))
    },
  }
}

function signedCarrier(carrier: Carrier, secrets: readonly [Secret, ...Secret[]]): Carrier {
  const [first, ...others] = secrets
  const signedByFirst = new Map<string, string>() // so that a token that is issued again is signed once
  const verify = (text: string): string | undefined => {
    const token = unsign(text, [first])
    if (token === undefined) return others.length > 0 ? unsign(text, others) : undefined
    signedByFirst.set(token, text)
    return token
  }
  return {
    read(request) {
      const { tokens, names } = carrier.read(request)
      return { tokens: [...new Set(tokens.flatMap((text) => verify(text) ?? []))], names }
    },
    issue: (token, issue, presented) => carrier.issue(signedByFirst.get(token) ?? sign(token, first), issue, presented),
    clear: (presented) => carrier.clear(presented),
  }
}
