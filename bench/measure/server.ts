import { type Candidate, nameOf } from '../candidates.ts'
import type { ServerOptions, Usage } from '../servers/serve.ts'
import type { StoreLocation } from '../stores/connections.ts'
import { type Path, type WorkloadName, workloadOf } from '../workloads.ts'
import { type Child, startChild } from './pinned-child.ts'

const SERVE = new URL('../servers/serve.ts', import.meta.url).pathname

/** A candidate's running server. */
export class Server {
  readonly candidate: Candidate
  readonly #child: Child

  private constructor(candidate: Candidate, child: Child) {
    this.candidate = candidate
    this.#child = child
  }

  static async start(candidate: Candidate, location: Omit<StoreLocation, 'name'>, nodeOptions: readonly string[]): Promise<Server> {
    const { framework, library, store } = candidate
    const name = nameOf(candidate).replaceAll(/\W+/g, '_').toLowerCase()
    const options: ServerOptions = {
      framework,
      library: library === 'bare again' ? 'bare' : library,
      store: store === 'none' ? 'memory' : store,
      location: { ...location, name },
    }
    return new Server(candidate, await startChild(SERVE, [JSON.stringify(options)], nodeOptions))
  }

  url(path: Path): string {
    return `http://127.0.0.1:${(this.#child.ready as { readonly port: number }).port}${path}`
  }

  usage(): Promise<Usage> {
    return this.#child.request<Usage>({})
  }

  stop(): Promise<void> {
    return this.#child.stop()
  }

  /**
   * Returns the cookies of `count` new sessions for the workload; empty strings if it needs none.
   */
  async cookies(workload: WorkloadName, count: number): Promise<readonly string[]> {
    const { session } = workloadOf(workload)
    if (session === undefined || this.candidate.store === 'none') return Array.from({ length: count }, () => '')
    return Promise.all(Array.from({ length: count }, () => this.#seed(`/seed/${session}`)))
  }

  /**
   * Throws if the response is not the expected one, so that no server is measured that does
   * something else.
   */
  async check(workload: WorkloadName, cookie: string): Promise<void> {
    const { path, response: expected } = workloadOf(workload)
    const response = await fetch(this.url(path), { headers: { cookie } })
    const text = await response.text()
    const isRight = response.ok && expected.test(text)
    const hasCookie = workload !== 'W5' || this.candidate.store === 'none' || response.headers.getSetCookie().length > 0
    if (!isRight || !hasCookie)
      throw new Error(`${nameOf(this.candidate)}: unexpected response to ${workload}: ${response.status} ${text.slice(0, 200)}`)
  }

  async visits(cookies: readonly string[]): Promise<number> {
    const counts = await Promise.all(
      cookies.map(async (cookie) => Number(await (await fetch(this.url('/visits'), { headers: { cookie } })).text())),
    )
    return counts.reduce((sum, count) => sum + count, 0)
  }

  async #seed(path: '/seed/small' | '/seed/large'): Promise<string> {
    const response = await fetch(this.url(path))
    if (!response.ok)
      throw new Error(`${nameOf(this.candidate)}: unexpected response to ${path}: ${response.status} ${await response.text()}`)
    await response.text()
    const cookies = response.headers.getSetCookie().map((cookie) => cookie.split(';')[0] ?? '')
    if (cookies.length === 0) throw new Error(`${nameOf(this.candidate)}: the response to ${path} sets no cookie`)
    return cookies.join('; ')
  }
}
