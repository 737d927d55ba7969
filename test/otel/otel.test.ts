import { SpanStatusCode, trace } from '@opentelemetry/api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { StoreError } from '../../src/index.ts'
import { SojournInstrumentation } from '../../src/otel/otel.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { appWith, catchError, catchRejection, TestApp } from '../core/fixture.ts'
import { failBeforeEffect, type Script, ScriptedStore } from '../core/scripted-store.ts'
import { Telemetry } from './telemetry.ts'

let telemetry: Telemetry

/** Fails at once, because repeating the operation cannot help. */
const failForGood: Script = () => {
  throw new StoreError('replace', new Error('the disk is full'), { remedy: 'Free some space.' })
}

beforeEach(() => {
  telemetry = new Telemetry()
})

afterEach(() => telemetry.close())

describe('spans', () => {
  it('of a request are children of its span, and name the session by its handle', async () => {
    const app = await appWith({ n: 1 })
    telemetry.reset()
    const { session } = await telemetry.inRequest(() => app.request((opened) => opened.increment('n')))
    const [load, commit] = [telemetry.span('sojourn.load'), telemetry.span('sojourn.commit')]
    const parentOf = (name: string): string | undefined => telemetry.span(name).parentSpanContext?.spanId
    const request = telemetry.span('GET /').spanContext().spanId
    expect([parentOf('sojourn.load'), parentOf('sojourn.commit')]).toEqual([request, request])
    expect(parentOf('sojourn.store.load')).toBe(load.spanContext().spanId)
    expect(parentOf('sojourn.store.replace')).toBe(commit.spanContext().spanId)
    const common = { 'sojourn.manager': 'session', 'session.id': session.handle }
    expect(load.attributes).toEqual({ ...common, 'sojourn.outcome': 'found' })
    expect(commit.attributes).toEqual({ ...common, 'sojourn.outcome': 'saved' })
    expect(telemetry.span('sojourn.store.replace').attributes).toEqual({
      'sojourn.manager': 'session',
      'sojourn.store.operation': 'replace',
      'sojourn.store.name': 'MemoryStore',
      'sojourn.outcome': 'done',
    })
  })

  it('of a driver are children of the store operation', async () => {
    class Driver extends MemoryStore {
      override load(...args: Parameters<MemoryStore['load']>): ReturnType<MemoryStore['load']> {
        trace.getTracer('driver').startSpan('SELECT').end()
        return super.load(...args)
      }
    }
    const app = new TestApp({ store: new Driver() })
    await app.request((session) => session.set('a', 1))
    await app.open()
    expect(telemetry.span('SELECT').parentSpanContext?.spanId).toBe(telemetry.span('sojourn.store.load').spanContext().spanId)
  })

  it('have the decisions of the manager as events', async () => {
    const app = await appWith({ theme: 'dark' })
    const other = await app.open(app.browser, app.createManager())
    await app.request((session) => session.set('theme', 'light'))
    telemetry.reset()
    await other.set('theme', 'blue').save()
    const { events } = telemetry.span('sojourn.commit')
    expect(events.map(({ name }) => name)).toEqual(['sojourn.saved', 'sojourn.merged', 'sojourn.overwritten'])
    expect(events.at(-1)?.attributes).toEqual({
      'session.id': other.handle,
      'sojourn.event.reason': 'set-by-both',
      'sojourn.event.property': 'theme',
    })
  })

  it('of a failed operation have the error, and those of an ended session are not failures', async () => {
    const app = await appWith({ n: 0 }, {}, (memory) => new ScriptedStore(memory))
    const session = await app.open()
    ;(app.store as ScriptedStore).on({ replace: failForGood })
    telemetry.reset()
    await catchRejection(session.set('n', 1).save())
    const failed = telemetry.span('sojourn.commit')
    expect([failed.status.code, failed.attributes['error.type']]).toEqual([SpanStatusCode.ERROR, 'ERR_SESSION_STORE'])
    expect(failed.events.map(({ name }) => name)).toContain('exception')
    ;(app.store as ScriptedStore).on({})
    const late = await app.open()
    await app.sessions.revoke(late.handle ?? '')
    telemetry.reset()
    await catchRejection(late.set('n', 1).save())
    const ended = telemetry.span('sojourn.commit')
    expect([ended.status.code, ended.attributes['error.type']]).toEqual([SpanStatusCode.UNSET, 'ERR_SESSION_ENDED'])
  })

  it('contain neither an id nor a value', async () => {
    const app = await appWith({ card: 'value-4111' })
    const { session } = await app.request((opened) => opened.set('card', 'value-4222').login('user-ada'))
    const text = JSON.stringify([telemetry.spans().map(({ name, attributes, events }) => [name, attributes, events]), telemetry.records()])
    expect(text).toContain(session.handle)
    expect(text).not.toMatch(/value-|user-ada/)
    expect(text).not.toContain(session.id)
  })
})

describe('metrics', () => {
  it('are durations of every operation', async () => {
    const app = await appWith({ n: 1 })
    await app.request((session) => session.increment('n'))
    await app.request((session) => session.get('n'))
    expect(await telemetry.count('sojourn.load.duration', { 'sojourn.outcome': 'found' })).toBe(2)
    expect(await telemetry.count('sojourn.commit.duration', { 'sojourn.outcome': 'saved' })).toBe(1)
    expect(await telemetry.count('sojourn.commit.duration', { 'sojourn.outcome': 'unchanged' })).toBe(1)
    expect(await telemetry.count('sojourn.store.duration', { 'sojourn.store.operation': 'replace' })).toBe(1)
    const [point] = await telemetry.points('sojourn.store.duration')
    expect(point?.attributes).not.toHaveProperty('session.id')
  })

  it('count events by type and reason', async () => {
    const app = await appWith({ n: 1 })
    await app.request((session) => session.flush())
    await app.open()
    for (const [type, reason, count] of [
      ['created', 'changed', 1],
      ['ended', 'flush', 1],
      ['absent', 'no-cookie', 2],
    ] as const)
      expect(await telemetry.count('sojourn.events', { 'sojourn.event.type': type, 'sojourn.event.reason': reason }), type).toBe(count)
  })

  it('count a conflict of two writers', async () => {
    const app = await appWith({ n: 0 })
    const other = await app.open(app.browser, app.createManager())
    await app.request((session) => session.increment('n'))
    await other.set('m', 1).save()
    expect(await telemetry.count('sojourn.conflicts', { 'sojourn.store.operation': 'replace' })).toBe(1)
    expect(await telemetry.count('sojourn.retries')).toBe(0)
  })

  it('count an operation that is sent again', async () => {
    const app = await appWith({ n: 0 }, {}, (memory) => new ScriptedStore(memory))
    const session = await app.open()
    let calls = 0
    ;(app.store as ScriptedStore).on({ replace: (...args) => ((calls += 1) === 1 ? failBeforeEffect(...args) : undefined) })
    await session.set('n', 1).save()
    expect(await telemetry.count('sojourn.retries', { 'sojourn.store.operation': 'replace' })).toBe(1)
    expect(await telemetry.count('sojourn.store.duration', { 'error.type': 'ERR_SESSION_STORE' })).toBe(1)
  })

  it('show which managers have a store that does not respond', async () => {
    const app = await appWith({ n: 0 }, {}, (memory) => new ScriptedStore(memory))
    const open = async (): Promise<unknown> =>
      (await telemetry.points('sojourn.breaker.open')).map(({ attributes, value }) => [attributes, value])
    expect(await open()).toEqual([[{ 'sojourn.manager': 'session' }, 0]])
    ;(app.store as ScriptedStore).on({ load: failBeforeEffect })
    await app.open()
    await expect.poll(() => app.eventTypes()).toContain('store-down')
    expect(await open()).toEqual([[{ 'sojourn.manager': 'session' }, 1]])
    ;(app.store as ScriptedStore).on({})
    await app.waitForStore()
    expect(await open()).toEqual([[{ 'sojourn.manager': 'session' }, 0]])
  })
})

describe('session.start and session.end', () => {
  it('are emitted for a session, its end, and the next one', async () => {
    const app = await appWith({ a: 1 })
    const { handle: first } = await app.open()
    await app.request((session) => session.login('ada'))
    const { session: second } = await app.request((session) => session.login('grace'))
    await app.request((session) => session.logout())
    const common = { 'sojourn.manager': 'session' }
    expect(telemetry.records()).toEqual([
      { eventName: 'session.start', attributes: { ...common, 'session.id': first } },
      { eventName: 'session.end', attributes: { ...common, 'session.id': first } },
      { eventName: 'session.start', attributes: { ...common, 'session.id': second.handle, 'session.previous_id': first } },
      { eventName: 'session.end', attributes: { ...common, 'session.id': second.handle } },
    ])
  })
})

describe('SojournInstrumentation', () => {
  it('reports nothing while it is disabled, and everything once after enable', async () => {
    telemetry.instrumentation.disable()
    telemetry.instrumentation.disable()
    await new TestApp().request((session) => session.set('a', 1))
    expect(telemetry.spans()).toEqual([])
    telemetry.instrumentation.enable()
    telemetry.instrumentation.enable()
    await new TestApp().request((session) => session.set('a', 1))
    expect(telemetry.span('sojourn.commit').attributes['sojourn.outcome']).toBe('created')
  })

  it('has the version of the package, and a configuration', () => {
    const instrumentation = new SojournInstrumentation({ enabled: false })
    expect([instrumentation.instrumentationName, instrumentation.instrumentationVersion]).toEqual(['sojourn', manifest.version])
    expect(instrumentation.getConfig()).toEqual({ enabled: false })
    instrumentation.setConfig({})
    expect(instrumentation.getConfig()).toEqual({ enabled: true })
  })

  it('refuses an option that does not exist', () => {
    expect(catchError(() => new SojournInstrumentation({ enable: false } as never)).code).toBe('ERR_SESSION_CONFIG')
  })
})
