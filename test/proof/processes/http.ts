import { Agent, type IncomingMessage, request } from 'node:http'
import type { Report } from '../checks/history.ts'
import type { Network } from '../simulation/browser.ts'
import { idIn } from '../simulation/subject.ts'
import type { Server } from './server-process.ts'

interface Answer {
  readonly code?: string
  readonly report?: Report
}

/** Carries requests to server processes over HTTP. A lost answer leaves the exchange without a report. */
export function overHttp(servers: readonly Server[], agent: Agent): Network['serve'] {
  return async function serve(exchange) {
    try {
      const port = await (servers[exchange.process % servers.length] as Server).port
      const { cookies, body } = await send(port, agent, JSON.stringify(exchange.script), exchange.cookie)
      const answer = JSON.parse(body) as Answer
      exchange.code = answer.code
      exchange.report = answer.report
      return cookies.map(idIn)
    } catch {
      exchange.code = 'NETWORK'
      return []
    }
  }
}

/** Connections that are used again, as browsers do. */
export function newAgent(): Agent {
  return new Agent({ keepAlive: true, maxSockets: 256 })
}

function send(port: number, agent: Agent, script: string, id: string | undefined): Promise<{ cookies: string[]; body: string }> {
  return new Promise((resolve, reject) => {
    const headers = { 'x-script': script, ...(id === undefined ? {} : { cookie: `sid=${id}` }) }
    const sent = request({ host: '127.0.0.1', port, agent, method: 'POST', path: '/run', headers }, (response) => {
      text(response).then((body) => resolve({ cookies: response.headers['set-cookie'] ?? [], body }), reject)
    })
    sent.on('error', reject)
    sent.end()
  })
}

async function text(response: IncomingMessage): Promise<string> {
  let body = ''
  response.setEncoding('utf8')
  for await (const piece of response) body += piece as string
  return body
}

/** How many requests a server is at work on. */
export async function getInFlight(port: number): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/in-flight`, { headers: { connection: 'close' } })
  return (await response.json()) as number
}
