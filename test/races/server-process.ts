// A server process for processes.test.ts: `server-process.ts <location of the store>`. Prints its
// port, then the checkpoints at which requests arrive.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import express, { type NextFunction, type Request, type Response } from 'express'
import { session } from '../../src/adapters/express.ts'
import { storeAt } from '../services/store-at.ts'
import { runRoute } from './routes.ts'

const waiting = new Map<string, () => void>()
createInterface(process.stdin).on('line', (name) => waiting.get(name)?.())
process.stdin.on('end', () => process.exit())

const checkpoints = {
  pass: (name: string): Promise<void> =>
    new Promise((resolve) => {
      waiting.set(name, resolve)
      console.log(`checkpoint ${name}`)
    }),
}

const app = express()
app.use(
  session({
    store: storeAt(process.argv[2] as string, { busyTimeout: '5s' }),
    timeout: { request: '20s', operation: '10s' },
  }),
)
app.use(async (req: Request, res: Response) => {
  res.json(await runRoute(req.session, req.originalUrl, checkpoints))
})
app.use((error: { status?: number; message: string }, _req: Request, res: Response, _next: NextFunction) => {
  if ((error.status ?? 500) >= 500) console.error(error.message)
  res.status(error.status ?? 500).json(null)
})

const server = createServer(app).listen(0, '127.0.0.1')
await once(server, 'listening')
console.log(`port ${(server.address() as AddressInfo).port}`)
