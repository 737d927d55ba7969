import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

interface Span {
  readonly name: string
  readonly id: string
  readonly trace: string
  readonly parent?: string
  readonly attributes: Readonly<Record<string, unknown>>
}

interface Visits {
  readonly secret: string
  readonly requests: readonly { readonly handle?: string; readonly length: number; readonly spans: readonly Span[] }[]
}

const folder = join(import.meta.dirname, 'opentelemetry')
const visits = JSON.parse(
  execFileSync(process.execPath, ['traces.cjs'], { cwd: folder, encoding: 'utf8', timeout: 60_000, stdio: ['ignore', 'pipe', 'inherit'] }),
) as Readonly<Record<'express' | 'fastify', Visits>>

/** The names of the spans from a span to the root of its trace. */
function pathTo(name: string, spans: readonly Span[]): string[] {
  const path: string[] = []
  for (let span = spans.find((each) => each.name === name); span !== undefined; span = spans.find(({ id }) => id === span?.parent))
    path.push(span.name)
  return path
}

describe.each(['express', 'fastify'] as const)('the trace of a request of %s with its instrumentation', (name) => {
  const { secret, requests } = visits[name]
  const [first, second] = requests.map(({ spans }) => spans) as [readonly Span[], readonly Span[]]

  it('has the spans of the session below the one of the request, in one trace', () => {
    expect(requests.map(({ length }) => length)).toEqual([1, 2])
    for (const [spans, expected] of [
      [first, ['sojourn.commit', 'sojourn.store.create']],
      [second, ['sojourn.load', 'sojourn.store.load', 'sojourn.commit', 'sojourn.store.replace']],
    ] as const) {
      for (const span of expected) expect([span, pathTo(span, spans).at(-1)]).toEqual([span, 'GET /'])
      expect(new Set(spans.map((span) => span.trace)).size).toBe(1)
    }
  })

  it('has the operations of the store below the load and the commit', () => {
    expect(pathTo('sojourn.store.load', second)[1]).toBe('sojourn.load')
    expect(pathTo('sojourn.store.replace', second)[1]).toBe('sojourn.commit')
  })

  it('names the session by its handle, and has neither the id nor a value', () => {
    const commit = second.find((span) => span.name === 'sojourn.commit')
    expect(commit?.attributes).toMatchObject({ 'session.id': requests[1]?.handle, 'sojourn.outcome': 'saved' })
    expect(secret).toMatch(/^[\w-]{32}$/)
    expect(JSON.stringify([first, second])).not.toMatch(new RegExp(`${secret}|apple`))
  })
})
