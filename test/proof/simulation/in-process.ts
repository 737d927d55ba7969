import type { Exchange } from '../checks/history.ts'
import type { Network } from './browser.ts'
import { codeOf, newReport, perform, type Surroundings } from './script.ts'
import { idIn, type SessionLike, type Subject } from './subject.ts'

/** What a server does with a request, for processes that live in this one. */
export function inProcess(subjects: (process: number) => Subject, around: Surroundings): Network['serve'] {
  return async function serve(exchange) {
    const subject = subjects(exchange.process)
    const session = await subject.open(exchange.cookie)
    const status = await handle(session, exchange, around)
    try {
      await subject.commit(session, status)
    } catch (error) {
      exchange.code = codeOf(error)
    }
    return subject.setCookies(session).map(idIn)
  }
}

async function handle(session: SessionLike, exchange: Exchange, around: Surroundings): Promise<number> {
  const report = newReport()
  exchange.report = report
  try {
    if (await perform(session, exchange.script, report, around)) exchange.code = 'APPLICATION'
  } catch (error) {
    exchange.code = codeOf(error)
  }
  return exchange.code === undefined ? 200 : 500
}
