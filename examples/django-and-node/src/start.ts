import { fileURLToPath } from 'node:url'
import express from 'express'
import { createProxyMiddleware } from 'http-proxy-middleware'
import { cart } from './cart.ts'
import { startDjango } from './django-process.ts'

const site = {
  secretKey: process.env.SECRET_KEY ?? 'a public value, only for this example',
  database: process.env.DATABASE ?? fileURLToPath(new URL('../site.db', import.meta.url)),
}
const django = await startDjango(site)

// One origin, so that the browser sends one cookie to both sides. In production nginx does this.
const app = express()
app.disable('x-powered-by')
app.use('/cart', cart(site))
app.use(createProxyMiddleware({ target: django.url }))

const server = app.listen(Number(process.env.PORT ?? 3000), 'localhost', () => {
  const address = server.address()
  console.log(`Django and Node: http://localhost:${typeof address === 'object' ? address?.port : address}`)
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    server.close()
    server.closeAllConnections()
    void django.stop().then(() => process.exit())
  })
}
