// Measures the memory of a session. Needs --expose-gc; the first argument is the store, the second
// the number of sessions.
import { randomBytes } from 'node:crypto'
import expressSession from 'express-session'
import { createSessions } from 'sojourn'
import { MemoryStore } from 'sojourn/stores/memory'
import { SESSIONS } from '../workloads.ts'

const [store, count] = [process.argv[2], Number(process.argv[3])]
const before = memoryUsed()
const kept = store === 'sojourn' ? await fillSojourn() : fillExpressSession()
const bytes = (memoryUsed() - before) / count
process.send?.(bytes)
process.on('disconnect', () => process.exit(kept === undefined ? 1 : 0))

async function fillSojourn(): Promise<unknown> {
  const sessions = createSessions({ store: new MemoryStore({ max: count }) })
  for (let index = 0; index < count; index += 1) {
    const session = sessions.create()
    session.assign({ ...SESSIONS.small, visits: index })
    await session.save()
  }
  return sessions
}

function fillExpressSession(): unknown {
  const sessions = new expressSession.MemoryStore()
  const cookie = {
    originalMaxAge: 1_209_600_000,
    expires: new Date(Date.now() + 1_209_600_000),
    httpOnly: true,
    path: '/',
    sameSite: 'lax',
  }
  for (let index = 0; index < count; index += 1) {
    sessions.set(randomBytes(24).toString('base64url'), { cookie, ...SESSIONS.small, visits: index } as never)
  }
  return sessions
}

function memoryUsed(): number {
  for (let times = 0; times < 3; times += 1) globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
