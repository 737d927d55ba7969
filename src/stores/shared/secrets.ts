import { ConfigError } from '../../core/base/errors.ts'

const MIN_SECRET_LENGTH = 32
const MIN_DISTINCT_CHARACTERS = 10
const REMEDY = 'Create one with: openssl rand -base64 32'

/**
 * The option `secrets` of a store, as a list. Throws `ConfigError`, which contains no part of a
 * secret.
 */
export function checkedSecrets(owner: string, given: unknown): readonly string[] {
  const refuse = (why: string): never => {
    throw new ConfigError(`${owner}: option \`secrets\` ${why}. ${REMEDY}`)
  }
  const secrets: readonly unknown[] = Array.isArray(given) ? given : [given]
  if (given === undefined || secrets.length === 0) refuse('is missing')
  if (!secrets.every((secret) => typeof secret === 'string')) refuse('must be a text or a list of texts')
  const texts = secrets as readonly string[]
  if (texts.some((secret) => secret.length < MIN_SECRET_LENGTH)) refuse(`contains a secret with fewer than ${MIN_SECRET_LENGTH} characters`)
  if (texts.some((secret) => new Set(secret).size < MIN_DISTINCT_CHARACTERS)) refuse('contains a secret that is not random')
  if (new Set(texts).size < texts.length) refuse('contains the same secret twice. Put a new one first')
  return texts
}
