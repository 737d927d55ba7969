import { type Candidate, nameOf } from '../candidates.ts'
import type { StoreLocation } from '../stores/connections.ts'
import type { ServerOptions, Usage } from '../servers/serve.ts'
import { type Path, type WorkloadName, workloadOf } from '../workloads.ts'
import { type Child, startChild } from './pinned-child.ts'

const SERVE = new URL('../servers/serve.ts', import.meta.url).pathname

/** A candidate's server while it runs. */
export class Server {
  readonly candidate: Candidate
  readonly #child: Child

  private constructor(candidate: Candidate, child: Child) {
    this.candidate = candidate
    this.#child = child
  }

  static async start(candidate: Candidate, place: Omit<StoreLocation, 'name'>, nodeOptions: readonly string[]): Promise<Server> {
    const { framework, library, store } = candidate
    const name = nameOf(candidate).replaceAll(/\W+/g, '_').toLowerCase()
    const order: ServerOptions = {
      framework,
      library: library === 'bare again' ? 'bare' : library,
      store: store === 'none' ? 'memory' : store,
      place: { ...place, name },
    }
    return new Server(candidate, await startChild(SERVE, [JSON.stringify(order)], nodeOptions))
  }

  url(path: Path): string {
    return `http://127.0.0.1:${(this.#child.ready as { readonly port: number }).port}${path}`
  }

  usage(): Promise<Usage> {
    return this.#child.ask<Usage>({})
  }

  stop(): Promise<void> {
    return this.#child.stop()
  }

  /** The cookies of `count` new sessions as the workload needs them; empty texts where it needs none. */
  async cookies(workload: WorkloadName, count: number): Promise<readonly string[]> {
    const { session } = workloadOf(workload)
    if (session === undefined || this.candidate.store === 'none') return Array.from({ length: count }, () => '')
    return Promise.all(Array.from({ length: count }, () => this.#seed(`/seed/${session}`)))
  }

  /** Fails when an answer is not what the workload says: nobody is measured while he does the wrong thing. */
  async check(workload: WorkloadName, cookie: string): Promise<void> {
    const { path, response } = workloadOf(workload)
    const response = await fetch(this.url(path), { headers: { cookie } })
    const text = await response.text()
    const isRight = response.ok && response.test(text)
    const isBorn = workload !== 'W5' || this.candidate.store === 'none' || response.headers.getSetCookie().length > 0
    if (!isRight || !isBorn) throw new Error(`${nameOf(this.candidate)} answers ${workload} with ${response.status} ${text.slice(0, 200)}`)
  }

  async visits(cookies: readonly string[]): Promise<number> {
    const counts = await Promise.all(
      cookies.map(async (cookie) => Number(await (await fetch(this.url('/visits'), { headers: { cookie } })).text())),
    )
    return counts.reduce((sum, count) => sum + count, 0)
  }

  async #seed(path: '/seed/small' | '/seed/large'): Promise<string> {
    const response = await fetch(this.url(path))
    if (!response.ok) throw new Error(`${nameOf(this.candidate)} answers ${path} with ${response.status} ${await response.text()}`)
    await response.text()
    const cookies = response.headers.getSetCookie().map((cookie) => cookie.split(';')[0] ?? '')
    if (cookies.length === 0) throw new Error(`${nameOf(this.candidate)} sets no cookie`)
    return cookies.join('; ')
  }
}
