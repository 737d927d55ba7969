const UUID = /^([\da-f]{8})-?([\da-f]{4})-?([\da-f]{4})-?([\da-f]{4})-?([\da-f]{12})$/i

/**
 * The text by which the ids of users are compared. A UUID has hyphens in Django's sessions and in
 * PostgreSQL, and none in the tables of SQLite and MySQL. Django compares the values.
 */
export function normalizeUserId(id: string): string {
  const [, ...groups] = UUID.exec(id) ?? []
  return groups.length === 0 ? id : groups.join('-').toLowerCase()
}

/** The texts that a table may contain in place of an id, the id itself first. */
export function spellingsOf(id: string): readonly string[] {
  const normalized = normalizeUserId(id)
  return UUID.test(id) ? [...new Set([id, normalized, normalized.replaceAll('-', '')])] : [id]
}
