// A Fastify application with plugins that use the session, its cookies or its responses.
import compress from '@fastify/compress'
import cookie from '@fastify/cookie'
import csrfProtection from '@fastify/csrf-protection'
import webSocket from '@fastify/websocket'
import fastify from 'fastify'
import { createSessions, StoreError } from 'sojourn'
import { session } from 'sojourn/fastify'
import { closeWithSession } from 'sojourn/sockets'
import { MemoryStore } from 'sojourn/stores/memory'

/** A store whose error says what a visitor must not see. */
class FailingStore extends MemoryStore {
  async create() {
    throw new StoreError('create', new Error('password authentication failed for user "shop" at db.internal'), { applied: false })
  }
}

export async function makeApp({ onEvent, failing = false } = {}) {
  const sessions = createSessions({ store: failing ? new FailingStore() : new MemoryStore(), onEvent })
  const app = fastify()
  await app.register(compress, { threshold: 0 })
  await app.register(cookie)
  await app.register(session, sessions)
  // These options make it use session.get and session.set; names that begin with "_" are reserved.
  await app.register(csrfProtection, { sessionPlugin: '@fastify/secure-session', sessionKey: 'csrf' })
  await app.register(webSocket)
  app.get('/', (request) => request.session.toObject())
  app.post('/name/:name', (request, reply) => {
    request.session.set('name', request.params.name)
    return reply.setCookie('theme', 'dark').redirect('/')
  })
  app.get('/form', (_request, reply) => ({ token: reply.generateCsrf() }))
  app.post('/order', { onRequest: app.csrfProtection }, (request) => request.session.push('orders', 'one'))
  app.get('/socket', { websocket: true }, (socket, request) => {
    socket.on('message', async (data) => {
      const message = data.toString()
      if (message === 'name') return socket.send(JSON.stringify(request.session.get('name', null)))
      request.session.push('notes', message)
      await request.session.save()
      return socket.send(JSON.stringify(request.session.get('notes')))
    })
  })
  app.get('/forgetful', { websocket: true }, (socket, request) => {
    socket.on('message', () => socket.send(String(request.session.increment('lost'))))
  })
  app.get('/login', { websocket: true }, (socket, request) => {
    socket.on('message', (data) => {
      try {
        request.session.login(data.toString())
        socket.send('"logged in"')
      } catch (error) {
        socket.send(JSON.stringify(error.code))
      }
    })
  })
  return app
}

/** Sockets that close when the session of their page ends. */
export async function makeClosingApp() {
  const sessions = createSessions({ store: new MemoryStore() })
  const app = fastify()
  await app.register(session, sessions)
  await app.register(webSocket)
  app.post('/login/:user', (request, reply) => {
    request.session.login(request.params.user)
    return reply.redirect('/')
  })
  app.post('/logout', (request, reply) => {
    request.session.logout()
    return reply.redirect('/')
  })
  app.get('/socket', { websocket: true }, (socket, request) => {
    closeWithSession(sessions, request.session, socket)
    socket.on('message', (data) => socket.send(JSON.stringify(`${request.session.userId}: ${data.toString()}`)))
  })
  return app
}

/** @fastify/csrf-protection with the names that it has for @fastify/session. */
export async function makeCsrfDefaultsApp(options) {
  const app = fastify()
  await app.register(session, { store: new MemoryStore() })
  await app.register(csrfProtection, options)
  app.get('/form', (_request, reply) => ({ token: reply.generateCsrf() }))
  app.setErrorHandler((error, _request, reply) => reply.code(500).send({ message: error.message }))
  return app
}
