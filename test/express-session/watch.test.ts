import { expect, it } from 'vitest'
import { createChannel, type PubSubHandlers } from '../../src/channels/channels.ts'
import { serve } from './server.ts'

it('a watch ends when another user logs in, and when the session is destroyed', async () => {
  const watches: Promise<string>[] = []
  const site = await serve((app) => {
    app.get('/login/:user', (req, res) => {
      req.session['userId'] = req.params.user
      res.end()
    })
    app.get('/watch', (req, res) => {
      const { sessions } = site.auth
      watches.push(new Promise((resolve) => void sessions.watch(sessions.of(req), resolve)))
      res.end()
    })
    app.get('/logout', (req, res) => void req.session.destroy(() => res.end()))
  })
  const browser = site.open()
  for (const path of ['/login/ada', '/watch', '/login/grace']) await browser.get(path)
  await watches[0] // before the logout, because the first check follows after an import, and finds the latest reason
  for (const path of ['/watch', '/logout']) await browser.get(path)
  expect(await Promise.all(watches)).toEqual(['new-id', 'ended'])
})

it('the option `channel` informs other processes of the end of a session', async () => {
  const texts: string[] = []
  const subscribers = new Set<PubSubHandlers>()
  const channel = createChannel({
    publish: async (text) => void texts.push(text),
    subscribe: async (handlers) => void subscribers.add(handlers),
    close: async () => subscribers.clear(),
  })
  const site = await serve(
    (app) => {
      app.get('/set', (req, res) => {
        req.session['n'] = 1
        res.end()
      })
      app.get('/logout', (req, res) => void req.session.destroy(() => res.end()))
    },
    { channel },
  )
  const browser = site.open()
  await browser.get('/set')
  await browser.get('/logout')
  await site.auth.sessions.close()
  expect(texts.filter((text) => text.includes('"ended"')).length).toBe(1)
})
