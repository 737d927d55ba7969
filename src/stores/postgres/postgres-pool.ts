import type { Check } from '../../core/base/option-checks.ts'

const REMEDY = 'pass a `Pool` of pg, or the `sql` of postgres.js: `new PostgresStore({ pool })`'

/** Methods of objects that look like a pool, and what each of them is. */
const MISTAKEN: readonly (readonly [method: string, what: string])[] = [
  ['escapeIdentifier', 'this is a single `Client`, which cannot be replaced when its connection is lost'],
  ['savepoint', 'this is the `sql` of one transaction'],
  ['transaction', 'this is the `neon()` of Neon, which sends each statement by HTTP; `@neondatabase/serverless` has a `Pool`'],
  ['connectToShadowDb', 'this is an adapter of Prisma; create a `Pool` of pg next to it'],
]

/** A pool of PostgreSQL. What is easily mistaken for one is named. */
export const aPostgresPool: Check = (value) => {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return REMEDY
  const has = (method: string): boolean => typeof (value as Record<string, unknown>)[method] === 'function'
  const mistaken = MISTAKEN.find(([method]) => has(method))
  if (mistaken !== undefined) return `${mistaken[1]}; ${REMEDY}`
  return has('connect') || has('unsafe') ? undefined : REMEDY
}
