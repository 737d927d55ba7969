/** What one thing of a cart looks like: the sessions of the bench are made of such properties. */
const item = (number: number): object => ({ sku: `sku-${number}`, title: `Thing ${number}`, price: 1999 + number, quantity: 1 })

/** A session of `count` properties: a counter, a setting, and carts of `each` things. */
function sessionOf(count: number, each: number): Record<string, unknown> {
  const carts = Array.from({ length: count - 2 }, (_, index) => [
    `cart${index}`,
    Array.from({ length: each }, (_, n) => item(index * each + n)),
  ])
  return { visits: 0, theme: 'theme-0', ...Object.fromEntries(carts) }
}

/** What is in a session before it is measured: 10 properties in 1 KB, and 100 properties in 50 KB. */
export const SESSIONS = { small: sessionOf(10, 2), large: sessionOf(100, 8) } as const

/** What the handler of the server does with the session. */
export type Path = '/seed/small' | '/seed/large' | '/read' | '/untouched' | '/increment' | '/login' | '/change' | '/visits'

export interface Workload {
  readonly text: string
  readonly path: Path
  /** The session its requests bring along. Each connection has one of its own. */
  readonly session?: keyof typeof SESSIONS
  /** What the server has to answer, however often it was asked before. */
  readonly response: RegExp
}

const WORKLOADS = {
  W1: { text: 'reads one property of a 1 KB session of 10 properties', path: '/read', session: 'small', response: /^Thing 6$/ },
  W2: { text: 'brings a valid cookie, the session is not used', path: '/untouched', session: 'small', response: /^untouched$/ },
  W3: { text: 'increments one property of a 1 KB session', path: '/increment', session: 'small', response: /^[1-9]\d*$/ },
  W4: { text: 'brings no cookie, the session is not used', path: '/untouched', response: /^untouched$/ },
  W5: { text: 'brings no cookie, a login creates a session', path: '/login', response: /^welcome$/ },
  W6: { text: 'changes one small property of a 50 KB session of 100', path: '/change', session: 'large', response: /^changed$/ },
} as const satisfies Record<string, Workload>

export type WorkloadName = keyof typeof WORKLOADS

export const workloadNames: readonly WorkloadName[] = Object.keys(WORKLOADS) as WorkloadName[]

export function workloadOf(name: WorkloadName): Workload {
  return WORKLOADS[name]
}
