import type { Exchange } from '../checks/history.ts'
import type { Network } from './browser.ts'
import { codeOf, type Environment, newReport, runScript } from './script.ts'
import { parseSetCookie, type SessionLike, type Subject } from './subject.ts'

/** Handles requests like a server, for processes inside of this one. */
export function inProcess(subjects: (process: number) => Subject, environment: Environment): Network['serve'] {
  return async function serve(exchange) {
    const subject = subjects(exchange.process)
    const session = await subject.open(exchange.cookie)
    const status = await handle(session, exchange, environment)
    try {
      await subject.commit(session, status)
    } catch (error) {
      exchange.code = codeOf(error)
    }
    return subject.setCookies(session).map(parseSetCookie)
  }
}

async function handle(session: SessionLike, exchange: Exchange, environment: Environment): Promise<number> {
  const report = newReport()
  exchange.report = report
  try {
    if (await runScript(session, exchange.script, report, environment)) exchange.code = 'APPLICATION'
  } catch (error) {
    exchange.code = codeOf(error)
  }
  return exchange.code === undefined ? 200 : 500
}
