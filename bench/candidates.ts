import type { Framework } from './servers/serve.ts'
import type { StoreName } from './stores/connections.ts'
import { type WorkloadName, workloadNames } from './workloads.ts'

/** A measured server: a library on a framework, with a store. */
export interface Candidate {
  readonly framework: Framework
  readonly library: string
  /** `cookie`: the session is in the cookie. `none`: there is no session. */
  readonly store: StoreName | 'cookie' | 'none'
  readonly workloads: readonly WorkloadName[]
}

const ALL = workloadNames
/** Without W6: 50 KB do not fit into a cookie. */
const IN_A_COOKIE: readonly WorkloadName[] = ['W1', 'W2', 'W3', 'W4', 'W5']
/** A lazy session differs only in requests that do not use it. */
const LAZY: readonly WorkloadName[] = ['W2', 'W4']

/** All candidates. The bare framework is measured twice, and the difference is the noise. */
export const CANDIDATES: readonly Candidate[] = [
  ...on('express', [
    ['bare', 'none', ALL],
    ['bare again', 'none', ALL],
    ['sojourn', 'memory', ALL],
    ['sojourn lazy', 'memory', LAZY],
    ['sojourn/express-session', 'memory', ALL],
    ['express-session', 'memory', ALL],
    ['sojourn', 'sqlite', ALL],
    ['sojourn/express-session', 'sqlite', ALL],
    ['express-session', 'sqlite', ALL],
    ['sojourn', 'redis', ALL],
    ['sojourn lazy', 'redis', LAZY],
    ['sojourn/express-session', 'redis', ALL],
    ['express-session', 'redis', ALL],
    ['sojourn', 'postgres', ALL],
    ['sojourn/express-session', 'postgres', ALL],
    ['express-session', 'postgres', ALL],
    ['sojourn', 'cookie', IN_A_COOKIE],
    ['cookie-session', 'cookie', IN_A_COOKIE],
  ]),
  ...on('fastify', [
    ['bare', 'none', ALL],
    ['bare again', 'none', ALL],
    ['sojourn', 'memory', ALL],
    ['sojourn lazy', 'memory', LAZY],
    ['@fastify/session', 'memory', ALL],
    ['sojourn', 'redis', ALL],
    ['@fastify/session', 'redis', ALL],
    ['@fastify/session not rolling', 'redis', ALL],
    ['sojourn', 'cookie', IN_A_COOKIE],
    ['@fastify/secure-session', 'cookie', IN_A_COOKIE],
  ]),
  ...on('koa', [
    ['bare', 'none', ALL],
    ['bare again', 'none', ALL],
    ['sojourn', 'redis', ALL],
    ['koa-session', 'redis', ALL],
  ]),
  ...on('hono', [
    ['bare', 'none', ALL],
    ['bare again', 'none', ALL],
    ['sojourn', 'redis', ALL],
    ['@hono/session', 'redis', ALL],
    ['sojourn', 'cookie', IN_A_COOKIE],
    ['@hono/session in the cookie', 'cookie', IN_A_COOKIE],
  ]),
  ...on('node', [
    ['bare', 'none', ALL],
    ['bare again', 'none', ALL],
    ['hand-written', 'memory', ALL],
    ['sojourn', 'memory', ALL],
    ['hand-written', 'sqlite', ALL],
    ['sojourn', 'sqlite', ALL],
    ['hand-written', 'sqlite-full', ['W3']],
    ['sojourn', 'sqlite-full', ['W3']],
    ['hand-written', 'redis', ALL],
    ['sojourn', 'redis', ALL],
    ['hand-written', 'postgres', ALL],
    ['sojourn', 'postgres', ALL],
    ['sojourn', 'cookie', IN_A_COOKIE],
    ['iron-session', 'cookie', IN_A_COOKIE],
  ]),
]

type Row = readonly [library: string, store: Candidate['store'], workloads: readonly WorkloadName[]]

function on(framework: Framework, rows: readonly Row[]): Candidate[] {
  return rows.map(([library, store, workloads]) => ({ framework, library, store, workloads }))
}

/** The name of a candidate in the results: `express / sojourn / redis`. */
export function nameOf({ framework, library, store }: Candidate): string {
  return [framework, library, store].join(' / ')
}

export function isBare({ library }: Candidate): boolean {
  return library.startsWith('bare')
}
