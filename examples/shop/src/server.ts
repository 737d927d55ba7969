import { fileURLToPath } from 'node:url'
import { createShop } from './app.ts'

const database = process.env.SESSIONS_DB ?? fileURLToPath(new URL('../sessions.db', import.meta.url))
const shop = createShop(database)

const server = shop.app.listen(Number(process.env.PORT ?? 3000), (error) => {
  if (error) throw error
  const address = server.address()
  console.log(`The shop listens on http://localhost:${typeof address === 'object' ? address?.port : address}`)
  console.log(`Its sessions are stored in ${database}`)
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    server.close(() => shop.close())
    server.closeAllConnections()
  })
}
