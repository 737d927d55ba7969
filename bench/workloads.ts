/** One item of a cart; most properties of the sessions are lists of such items. */
const item = (number: number): object => ({ sku: `sku-${number}`, title: `Thing ${number}`, price: 1999 + number, quantity: 1 })

/** A session of `count` properties: a counter, a setting, and carts of `each` items. */
function sessionOf(count: number, each: number): Record<string, unknown> {
  const carts = Array.from({ length: count - 2 }, (_, index) => [
    `cart${index}`,
    Array.from({ length: each }, (_, n) => item(index * each + n)),
  ])
  return { visits: 0, theme: 'theme-0', ...Object.fromEntries(carts) }
}

/** The sessions before a measurement: 10 properties in 1 KB, and 100 properties in 50 KB. */
export const SESSIONS = { small: sessionOf(10, 2), large: sessionOf(100, 8) } as const

/** The routes of the servers. */
export type Path = '/seed/small' | '/seed/large' | '/read' | '/untouched' | '/increment' | '/login' | '/change' | '/visits'

export interface Workload {
  readonly text: string
  readonly path: Path
  /** The session of its requests. Every connection has its own sessions. */
  readonly session?: keyof typeof SESSIONS
  /** The expected response body, however often the route was requested before. */
  readonly response: RegExp
}

const WORKLOADS = {
  W1: { text: 'reads one property of a 1 KB session of 10 properties', path: '/read', session: 'small', response: /^Thing 6$/ },
  W2: { text: 'sends a valid cookie, the session is not used', path: '/untouched', session: 'small', response: /^untouched$/ },
  W3: { text: 'increments one property of a 1 KB session', path: '/increment', session: 'small', response: /^[1-9]\d*$/ },
  W4: { text: 'sends no cookie, the session is not used', path: '/untouched', response: /^untouched$/ },
  W5: { text: 'sends no cookie, a login creates a session', path: '/login', response: /^welcome$/ },
  W6: { text: 'changes one small property of a 50 KB session of 100', path: '/change', session: 'large', response: /^changed$/ },
} as const satisfies Record<string, Workload>

export type WorkloadName = keyof typeof WORKLOADS

export const workloadNames: readonly WorkloadName[] = Object.keys(WORKLOADS) as WorkloadName[]

export function workloadOf(name: WorkloadName): Workload {
  return WORKLOADS[name]
}
