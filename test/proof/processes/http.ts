import { Agent, type IncomingMessage, request } from 'node:http'
import type { Report } from '../checks/history.ts'
import type { Network } from '../simulation/browser.ts'
import { parseSetCookie } from '../simulation/subject.ts'
import type { ServerProcess } from './server-process.ts'

interface ResponseBody {
  readonly code?: string
  readonly report?: Report
}

/**
 * Sends requests to server processes over HTTP. A lost response leaves the exchange without a
 * report.
 */
export function overHttp(servers: readonly ServerProcess[], agent: Agent): Network['serve'] {
  return async function serve(exchange) {
    try {
      const port = await (servers[exchange.process % servers.length] as ServerProcess).port
      const { cookies, body } = await send(port, agent, JSON.stringify(exchange.script), exchange.cookie)
      const result = JSON.parse(body) as ResponseBody
      exchange.code = result.code
      exchange.report = result.report
      return cookies.map(parseSetCookie)
    } catch {
      exchange.code = 'NETWORK'
      return []
    }
  }
}

/** A keep-alive agent, as browsers use. */
export function newAgent(): Agent {
  return new Agent({ keepAlive: true, maxSockets: 256 })
}

function send(port: number, agent: Agent, script: string, id: string | undefined): Promise<{ cookies: string[]; body: string }> {
  return new Promise((resolve, reject) => {
    const headers = { 'x-script': script, ...(id === undefined ? {} : { cookie: `sid=${id}` }) }
    const sent = request({ host: '127.0.0.1', port, agent, method: 'POST', path: '/run', headers }, (response) => {
      readText(response).then((body) => resolve({ cookies: response.headers['set-cookie'] ?? [], body }), reject)
    })
    sent.on('error', reject)
    sent.end()
  })
}

async function readText(response: IncomingMessage): Promise<string> {
  let body = ''
  response.setEncoding('utf8')
  for await (const chunk of response) body += chunk as string
  return body
}

/** Returns the number of requests that a server is handling. */
export async function getInFlight(port: number): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/in-flight`, { headers: { connection: 'close' } })
  return (await response.json()) as number
}
