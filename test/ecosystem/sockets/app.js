// WebSockets that use the session of the page they were opened from.
import { createServer } from 'node:http'
import express from 'express'
import expressWs from 'express-ws'
import { Server } from 'socket.io'
import { createSessions } from 'sojourn'
import { session } from 'sojourn/express'
import { session as nodeSession } from 'sojourn/node'
import { MemoryStore } from 'sojourn/stores/memory'
import { WebSocketServer } from 'ws'

function addPages(app) {
  app.post('/name/:name', (req, res) => {
    req.session.set('name', req.params.name)
    res.redirect('/')
  })
  app.get('/', (req, res) => res.json(req.session.toObject()))
}

/** socket.io as its documentation wires express-session. */
export function makeSocketIoServer() {
  const middleware = session({ store: new MemoryStore() })
  const app = express().use(middleware)
  addPages(app)
  const server = createServer(app)
  const io = new Server(server)
  io.engine.use(middleware)
  io.on('connection', (socket) => {
    const { session } = socket.request
    socket.on('name', (answer) => answer(session.get('name', null)))
    // The session of a handshake over polling ends with its response, so a later message loads it again.
    socket.on('note', async (note, answer) => answer(await addNote(await middleware.sessions.load(session.id), note)))
  })
  return server
}

/** socket.io with a session that is opened from the request of the handshake. */
export function makeSocketIoServerWithOpen() {
  const sessions = createSessions({ store: new MemoryStore() })
  const app = express().use(session(sessions))
  addPages(app)
  const server = createServer(app)
  const io = new Server(server)
  io.use((socket, next) => {
    sessions.open(socket.request).then((opened) => {
      socket.data.session = opened
      next()
    }, next)
  })
  io.on('connection', (socket) => {
    const { session } = socket.data
    socket.on('name', (answer) => answer(session.get('name', null)))
    socket.on('note', async (note, answer) => answer(await addNote(session, note)))
  })
  return server
}

/** Adds a note and saves the session; returns all notes, or the code of the error. */
async function addNote(session, note) {
  try {
    session.push('notes', note)
    await session.save()
    return session.get('notes')
  } catch (error) {
    return error.code
  }
}

/** ws as its documentation wires express-session: the middleware gets an object in place of a response. */
export function makeWsServer() {
  const middleware = session({ store: new MemoryStore() })
  const app = express().use(middleware)
  addPages(app)
  const server = createServer(app)
  serveSockets(server, (req, next) => middleware(req, {}, next))
  return server
}

/** ws on plain http. */
export function makeWsServerWithOpen() {
  const sessions = createSessions({ store: new MemoryStore() })
  const open = nodeSession(sessions)
  const server = createServer(async (req, res) => {
    await open(req, res)
    if (req.method === 'GET') return res.end(JSON.stringify(req.session.toObject()))
    req.session.set('name', req.url.replace('/name/', ''))
    res.writeHead(303, { Location: '/' }).end()
  })
  serveSockets(server, (req, next) => {
    sessions.open(req).then((opened) => {
      req.session = opened
      next()
    }, next)
  })
  return server
}

function serveSockets(server, openSession) {
  const sockets = new WebSocketServer({ noServer: true })
  server.on('upgrade', (req, socket, head) => {
    openSession(req, (error) => {
      if (error !== undefined) return socket.destroy()
      sockets.handleUpgrade(req, socket, head, (webSocket) => sockets.emit('connection', webSocket, req))
    })
  })
  sockets.on('connection', (webSocket, req) => answer(webSocket, req.session))
}

/** express-ws: the handler of a socket runs after the middleware, and no response is ever sent. */
export function makeExpressWsApp(onEvent) {
  const { app } = expressWs(express())
  app.use(session({ store: new MemoryStore(), onEvent }))
  addPages(app)
  app.ws('/socket', (webSocket, req) => answer(webSocket, req.session))
  app.ws('/forgetful', (webSocket, req) => webSocket.on('message', () => webSocket.send(req.session.increment('lost'))))
  app.ws('/login', (webSocket, req) => webSocket.on('message', (data) => webSocket.send(logIn(req.session, data.toString()))))
  return app
}

/** Logs a user in; returns the code of the error as JSON. */
function logIn(session, user) {
  try {
    session.login(user)
    return '"logged in"'
  } catch (error) {
    return JSON.stringify(error.code)
  }
}

/** Answers `name` with the name in the session, and keeps every other message in the session. */
function answer(webSocket, session) {
  webSocket.on('message', async (data) => {
    const message = data.toString()
    webSocket.send(JSON.stringify(message === 'name' ? session.get('name', null) : await addNote(session, message)))
  })
}
