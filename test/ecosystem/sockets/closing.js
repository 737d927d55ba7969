// Sockets that close when the session of their page ends, as docs/sockets.md shows them. Each
// function makes the server of one library. A socket sends every message back, after the user.
import { createServer } from 'node:http'
import crossws from 'crossws/adapters/node'
import express from 'express'
import expressWs from 'express-ws'
import { Server } from 'socket.io'
import { session } from 'sojourn/express'
import { closeWithSession } from 'sojourn/sockets'
import { WebSocketServer } from 'ws'
import { hooksOf } from './crossws-hooks.js'

const UNAUTHORIZED = 'HTTP/1.1 401 Unauthorized\r\n\r\n'

function addPages(app, sessions) {
  app.use(session(sessions))
  app.post('/login/:user', (req, res) => {
    req.session.login(req.params.user)
    res.redirect('/')
  })
  app.post('/logout', (req, res) => {
    req.session.logout()
    res.redirect('/')
  })
  return app
}

function answer(webSocket, session) {
  webSocket.on('message', (data) => webSocket.send(JSON.stringify(`${session.userId}: ${data}`)))
}

function addWs(server, sessions, options) {
  const wss = new WebSocketServer({ noServer: true })
  server.on('upgrade', async (req, socket, head) => {
    if (req.url !== '/socket') return
    const session = await sessions.open(req)
    if (session.userId === undefined) {
      socket.end(UNAUTHORIZED)
      return
    }
    wss.handleUpgrade(req, socket, head, (ws) => {
      closeWithSession(sessions, session, ws, options)
      answer(ws, session)
    })
  })
}

function addSocketIo(server, sessions, options) {
  const io = new Server(server)
  io.engine.use(session(sessions))
  io.on('connection', (socket) => {
    const visitor = sessions.of(socket.request)
    if (visitor.userId === undefined) {
      socket.disconnect(true)
      return
    }
    closeWithSession(sessions, visitor, socket, options)
    socket.on('say', (text, answer) => answer(`${visitor.userId}: ${text}`))
  })
}

export function makeWs(sessions) {
  const server = createServer(addPages(express(), sessions))
  addWs(server, sessions)
  return server
}

export function makeSocketIo(sessions) {
  const server = createServer(addPages(express(), sessions))
  addSocketIo(server, sessions)
  return server
}

/** ws and socket.io on one server. */
export function makeBoth(sessions, options) {
  const server = createServer(addPages(express(), sessions))
  addWs(server, sessions, options)
  addSocketIo(server, sessions, options)
  return server
}

export function makeExpressWs(sessions) {
  const { app } = expressWs(express())
  addPages(app, sessions)
  app.ws('/socket', (ws, req) => {
    closeWithSession(sessions, req.session, ws)
    answer(ws, req.session)
  })
  // The server that app.listen() makes serves the sockets.
  return app
}

export function makeCrossws(sessions) {
  const server = createServer(addPages(express(), sessions))
  const { handleUpgrade } = crossws({ hooks: hooksOf(sessions) })
  server.on('upgrade', handleUpgrade)
  return server
}
