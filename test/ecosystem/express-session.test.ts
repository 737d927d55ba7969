// Applications written for express-session, run with express-session and with the drop-in. Their
// transcripts are recorded in express-session.json. Where the drop-in behaves differently on purpose,
// `IMPROVEMENTS` names the steps. RECORD=1 records the transcripts of express-session again.
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { Browser } from '../stories/harness/browser.ts'
import { requireFrom } from './harness/serve.ts'
import { IMPROVEMENTS, SITUATIONS, type Situation } from './harness/situations.ts'

interface Library {
  (options: object): unknown
  readonly MemoryStore: new () => object
}

type Environment = { readonly session: Library; readonly store: object; readonly express: unknown }
type MakeApp = (environment: Environment, provider?: object) => RequestListener | Server | Promise<RequestListener>

const APPLICATION = 'express-session'
const RECORD = process.env['RECORD'] === '1'
const file = join(import.meta.dirname, 'express-session.json')
const recorded: Record<string, string[]> = JSON.parse(readFileSync(file, 'utf8'))
const applications: Record<string, MakeApp> = {
  ...requireFrom<Record<string, MakeApp>>(APPLICATION, './apps.cjs'),
  ...requireFrom<Record<string, MakeApp>>(APPLICATION, './oidc.cjs'),
  nest: requireFrom<{ makeNestApp: MakeApp }>(APPLICATION, './nest.cjs').makeNestApp,
  adminjs: requireFrom<{ makeAdminApp: MakeApp }>(APPLICATION, './adminjs.cjs').makeAdminApp,
}

afterAll(() => {
  if (RECORD) writeFileSync(file, `${JSON.stringify(recorded, undefined, 2)}\n`)
})

describe.each(Object.entries(SITUATIONS))('%s', (name, situation) => {
  describe.each(situation.express ?? ['express', 'express4'])('on %s', (express) => {
    it('is recorded as express-session behaves', async () => {
      const transcript = await run(situation, 'express-session', express)
      if (RECORD) recorded[name] = transcript
      expect(transcript).toEqual(recorded[name])
    })

    it('behaves the same with sojourn/express-session, or better', async () => {
      const expected = (recorded[name] as string[]).map((line, index) => IMPROVEMENTS[name]?.steps[index] ?? line)
      expect(await run(situation, 'sojourn/express-session', express)).toEqual(expected)
    })
  })
})

it('every improvement belongs to a situation and changes it', () => {
  for (const [name, { steps }] of Object.entries(IMPROVEMENTS))
    for (const [index, line] of Object.entries(steps)) {
      expect(recorded[name]?.[Number(index)], `${name} ${index}`).toBeTypeOf('string')
      expect(recorded[name]?.[Number(index)]).not.toBe(line)
    }
})

/** Runs a situation and returns its transcript: one line per request. */
async function run(situation: Situation, library: string, express: string): Promise<string[]> {
  const session = requireFrom<Library>(APPLICATION, library)
  const environment = { session, store: new session.MemoryStore(), express: requireFrom(APPLICATION, express) }
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closeAfterTest(server)
  const origin = originOf(server)
  const provider = situation.provider === true ? await startProvider(`${origin}/callback`) : undefined
  const app = await applications[situation.app]?.(environment, provider && { origin, issuer: provider })
  if (app instanceof Server) for (const event of ['request', 'upgrade'] as const) server.on(event, (...args) => app.emit(event, ...args))
  else server.on('request', app as RequestListener)
  const transcript: string[] = []
  await situation.run({
    open: () => new Browser(Number(new URL(origin).port)),
    origin,
    log: (line) => transcript.push(line.replaceAll(origin, '')),
  })
  return transcript
}

async function startProvider(redirectUri: string): Promise<string> {
  const { startProvider: start } = requireFrom<{ startProvider(uri: string): Promise<Server> }>(APPLICATION, './oidc.cjs')
  const server = await start(redirectUri)
  closeAfterTest(server)
  return originOf(server)
}

function originOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function closeAfterTest(server: Server): void {
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
}
