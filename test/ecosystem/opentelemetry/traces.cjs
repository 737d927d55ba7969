// Serves a page with each framework, visits it twice, and prints the spans of every request.
const { once } = require('node:events')
const { context, trace } = require('@opentelemetry/api')
const { FastifyOtelInstrumentation } = require('@fastify/otel')
const { AsyncLocalStorageContextManager } = require('@opentelemetry/context-async-hooks')
const { registerInstrumentations } = require('@opentelemetry/instrumentation')
const { ExpressInstrumentation } = require('@opentelemetry/instrumentation-express')
const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http')
const { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } = require('@opentelemetry/sdk-trace')
const { createSessions } = require('sojourn')
const { SojournInstrumentation } = require('sojourn/otel')
const { MemoryStore } = require('sojourn/stores/memory')

const exporter = new InMemorySpanExporter()
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }))
registerInstrumentations({
  instrumentations: [
    new HttpInstrumentation({ disableOutgoingRequestInstrumentation: true }),
    new ExpressInstrumentation(),
    new FastifyOtelInstrumentation({ registerOnInitialization: true }),
    new SojournInstrumentation(),
  ],
})

const sessions = createSessions({ store: new MemoryStore() })

/** Adds to a list of the session, after other work. */
async function visit({ session }) {
  await new Promise((resolve) => setTimeout(resolve, 2))
  session.push('cart', 'apple')
  return { handle: session.handle, length: session.get('cart').length }
}

const SERVERS = {
  async express() {
    const express = require('express')
    const app = express().use(require('sojourn/express').session(sessions))
    app.get('/', async (req, res) => res.json(await visit(req)))
    const server = app.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return `http://127.0.0.1:${server.address().port}/`
  },
  async fastify() {
    const app = require('fastify')()
    app.register(require('sojourn/fastify').session, sessions)
    app.get('/', visit)
    return app.listen({ host: '127.0.0.1', port: 0 })
  },
}

/** The spans of the request that was sent last, once its root has ended. */
async function spansOfRequest() {
  for (;;) {
    const spans = exporter.getFinishedSpans()
    if (spans.some(({ parentSpanContext }) => parentSpanContext === undefined)) return spans
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

async function main() {
  const results = {}
  for (const [name, start] of Object.entries(SERVERS)) {
    const url = await start()
    let cookie = ''
    const requests = []
    for (let count = 0; count < 2; count += 1) {
      exporter.reset()
      const response = await fetch(url, { headers: { cookie } })
      const body = await response.json()
      cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? cookie
      const spans = (await spansOfRequest()).map((span) => ({
        name: span.name,
        id: span.spanContext().spanId,
        trace: span.spanContext().traceId,
        parent: span.parentSpanContext?.spanId,
        attributes: span.attributes,
        events: span.events.map(({ name: event, attributes }) => ({ name: event, attributes })),
      }))
      requests.push({ ...body, spans })
    }
    results[name] = { secret: cookie.split('.')[1], requests }
  }
  console.log(JSON.stringify(results))
  process.exit()
}

main()
