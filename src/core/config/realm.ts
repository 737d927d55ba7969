import { scopeOf } from '../cookie/cookie-transport.ts'
import { sha256 } from '../store/id.ts'
import type { SessionOptions } from './options.ts'

/** The realm of a manager. The users of bearer tokens are those of the default cookie. */
export function realmOf({ realm, transport }: SessionOptions, scope: string): string {
  return realm ?? (transport === 'bearer' ? scopeOf() : scope)
}

/** Longer texts are replaced by their hash, because the indexes of databases have limits. */
const MAX_LENGTH = 200

/**
 * The text under which a store finds the sessions of a user. Users with the same id in different
 * realms are different users, even if the realms share a table. The mapping is injective: no user
 * id is the text of a user of another realm.
 */
export function userIndex(userId: string, realm: string): string {
  const name = realm === '' ? userId.replace(/^~/, '~~') : `~${sha256(realm).slice(0, 22)}~${userId}`
  return name.length > MAX_LENGTH ? `~#${sha256(name)}` : name
}

/**
 * Whether an index text belongs to the realm. Sessions without a user, and hashes, belong to all.
 */
export function isInRealm(index: string | undefined, realm: string): boolean {
  if (index === undefined || index.startsWith('~#')) return true
  return realm === '' ? !/^~[^~]/.test(index) : index.startsWith(`~${sha256(realm).slice(0, 22)}~`)
}
