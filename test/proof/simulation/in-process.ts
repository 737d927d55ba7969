import type { Exchange } from '../checks/history.ts'
import type { Network } from './browser.ts'
import { codeOf, type Environment, newReport, reasonOf, runScript } from './script.ts'
import { parseSetCookie, type SessionLike, type Subject } from './subject.ts'

/** Handles requests like a server, for processes inside of this one. */
export function inProcess(subjects: (process: number) => Subject, environment: Pick<Environment, 'now' | 'wait'>): Network['serve'] {
  return async function serve(exchange) {
    const subject = subjects(exchange.process)
    const session = await subject.open(exchange.cookie)
    let sent: readonly string[] | undefined
    const start = async (): Promise<void> => {
      sent = await subject.start(session)
    }
    const revoke: Environment['revoke'] = (user, except) => subject.revoke(user, except ? session : undefined)
    const status = await handle(session, exchange, { ...environment, start, revoke })
    try {
      await subject.commit(session, status)
    } catch (error) {
      fail(exchange, error)
    }
    return (sent ?? subject.setCookies(session)).map(parseSetCookie)
  }
}

async function handle(session: SessionLike, exchange: Exchange, environment: Environment): Promise<number> {
  const report = newReport()
  exchange.report = report
  try {
    if (await runScript(session, exchange.script, report, environment)) exchange.code = 'APPLICATION'
  } catch (error) {
    fail(exchange, error)
  }
  return exchange.code === undefined ? 200 : 500
}

function fail(exchange: Exchange, error: unknown): void {
  Object.assign(exchange, { code: codeOf(error), reason: reasonOf(error) })
}
