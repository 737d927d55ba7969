'use strict'
// An Express application with the middleware that most have, and a second one for every way in
// which a response can start.
const { Readable } = require('node:stream')
const compression = require('compression')
const cookieParser = require('cookie-parser')
const express = require('express')
const { ipKeyGenerator, rateLimit } = require('express-rate-limit')
const helmet = require('helmet').default
const { createProxyMiddleware } = require('http-proxy-middleware')
const morgan = require('morgan')
const multer = require('multer')
const onHeaders = require('on-headers')
const responseTime = require('response-time')
const { StoreError } = require('sojourn')
const { session } = require('sojourn/express')
const { session: nodeSession } = require('sojourn/node')
const { MemoryStore } = require('sojourn/stores/memory')

/** A store that accepts no new session. */
exports.FullStore = class FullStore extends MemoryStore {
  async create() {
    throw new StoreError('create', new Error('disk full'), { applied: false })
  }
}

/** The application, with the log of its requests in `lines` and the address of another server. */
exports.makeApp = ({ store = new MemoryStore(), lines = [], upstream } = {}) => {
  const app = express()
  app.use(helmet())
  app.use(morgan(':method :url :status :res[location]', { stream: { write: (line) => lines.push(line.trim()) } }))
  app.use(responseTime())
  app.use(compression({ threshold: 0 }))
  app.use(cookieParser())
  app.use(session({ store }))
  app.use(
    '/limited',
    rateLimit({
      limit: 2,
      keyGenerator: (req) => req.session.handle ?? ipKeyGenerator(req.ip),
      legacyHeaders: false,
      standardHeaders: 'draft-8',
    }),
  )
  app.get('/', (req, res) =>
    res.json({ cart: req.session.get('cart', []), files: req.session.get('files', []), cookies: Object.keys(req.cookies) }),
  )
  app.post('/cart/:sku', (req, res) => {
    req.session.push('cart', req.params.sku)
    res.cookie('theme', 'dark').redirect('/')
  })
  app.post('/limited', (req, res) => res.json(req.session.increment('tries')))
  app.post('/upload', multer().array('file'), (req, res) => {
    req.session.push('files', ...req.files.map(({ originalname, size }) => `${originalname} ${size}`))
    res.json(req.body)
  })
  if (upstream !== undefined) {
    const proxy = createProxyMiddleware({ target: upstream, changeOrigin: true })
    app.use('/proxied', (req, res, next) => {
      req.session.increment('proxied')
      proxy(req, res, next)
    })
    app.get('/proxied-count', (req, res) => res.json(req.session.get('proxied', 0)))
  }
  app.use((error, _req, res, _next) => res.status(error.status ?? 500).json({ code: error.code }))
  return app
}

const LINES = Array.from({ length: 200 }, (_, line) => `line ${line} of a text that is worth compressing\n`)
exports.BODY = LINES.join('')

/** Every way to start a response. */
const STARTS = {
  writeHead(res) {
    res.writeHead(200, { 'Content-Type': 'text/plain' })
    res.end(exports.BODY)
  },
  flushHeaders(res) {
    res.flushHeaders()
    res.write(LINES[0])
    setImmediate(() => res.end(LINES.slice(1).join('')))
  },
  write(res) {
    for (const line of LINES) res.write(line)
    res.end()
  },
  end(res) {
    res.end(exports.BODY)
  },
  pipe(res) {
    Readable.from(LINES).pipe(res)
  },
  async events(res) {
    res.writeHead(200, { 'Content-Type': 'text/event-stream' })
    for (const line of LINES) {
      res.write(line)
      res.flush?.()
      await new Promise(setImmediate)
    }
    res.end()
  },
}
exports.STARTS = Object.keys(STARTS)

/** A store that needs some turns of the event loop for a write. */
class SlowStore extends MemoryStore {
  async create(operation) {
    for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate)
    return super.create(operation)
  }
}

/**
 * A response that starts in one way. The session is the `first` or the `last` middleware, as `order`
 * says. Works on Node's own request and response, so over HTTP/2 too.
 */
exports.makeStart = ({ start, order, speed, compressed, seen }) => {
  const sessions = nodeSession({ store: speed === 'slow' ? new SlowStore() : new MemoryStore() })
  const layers = [
    ...(compressed ? [compression({ threshold: 0, filter: () => true })] : []),
    responseTime(),
    (_req, res, next) => {
      onHeaders(res, () => {
        seen.push(res.getHeader('Content-Type'))
        res.setHeader('X-Seen', '1')
      })
      next()
    },
  ]
  const chain = order === 'first' ? [sessions, ...layers] : [...layers, sessions]
  return (req, res) => {
    const run = (at, error) => {
      if (error !== undefined) return res.destroy(error)
      if (at < chain.length) return chain[at](req, res, (failed) => run(at + 1, failed))
      if (req.url === '/count') return res.end(String(req.session.get('visits', 0)))
      req.session.increment('visits')
      res.setHeader('Content-Type', 'text/plain')
      return STARTS[start](res)
    }
    run(0)
  }
}
