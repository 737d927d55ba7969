import type { Exchange } from '../checks/history.ts'
import type { Network } from './browser.ts'
import { codeOf, type Environment, newReport, runScript } from './script.ts'
import { parseSetCookie, type SessionLike, type Subject } from './subject.ts'

/** Handles requests like a server, for processes inside of this one. */
export function inProcess(subjects: (process: number) => Subject, environment: Omit<Environment, 'start'>): Network['serve'] {
  return async function serve(exchange) {
    const subject = subjects(exchange.process)
    const session = await subject.open(exchange.cookie)
    let sent: readonly string[] | undefined
    const start = async (): Promise<void> => {
      sent = await subject.start(session)
    }
    const status = await handle(session, exchange, { ...environment, start })
    try {
      await subject.commit(session, status)
    } catch (error) {
      exchange.code = codeOf(error)
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
    exchange.code = codeOf(error)
  }
  return exchange.code === undefined ? 200 : 500
}
