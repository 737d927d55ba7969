import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import session from '../../src/express-session/express-session.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { SqliteStore } from '../../src/stores/sqlite.ts'
import type { Browser } from '../stories/harness/browser.ts'
import { barrier, propertiesOf, serve } from './server.ts'

/** The package that the drop-in replaces, with the same types. */
const expressSession = createRequire(import.meta.url)('express-session') as typeof session

const STORES = { memory: () => new MemoryStore(), sqlite: () => new SqliteStore(':memory:') }

async function bodies(browser: Browser, ...paths: readonly string[]): Promise<unknown[]> {
  const pages = await Promise.all(paths.map((path) => browser.post(path)))
  return pages.map(({ status }) => status)
}

describe.each(Object.entries(STORES))('overlapping requests on %s', (_name, makeStore) => {
  it('R1: a property that one of them deleted stays deleted', async () => {
    const both = barrier(2)
    const { open } = await serve(
      (app) => {
        app.post('/fill', (req, res) => {
          Object.assign(req.session, { cart: ['book'], other: 1 })
          res.end()
        })
        app.post('/delete', async (req, res) => {
          delete req.session['cart']
          await both.arrive()
          res.end()
        })
        app.post('/slow', async (req, res) => {
          req.session['other'] = 2
          await both.arrive()
          await new Promise(setImmediate)
          res.end()
        })
        app.get('/', (req, res) => res.json(propertiesOf(req)))
      },
      { store: makeStore() },
    )
    const browser = open()
    await browser.post('/fill')
    expect(await bodies(browser, '/delete', '/slow')).toEqual([200, 200])
    expect(JSON.parse((await browser.get('/')).body)).toEqual({ other: 2 })
  })

  it('R2: fifty different properties of fifty requests are all kept', async () => {
    const all = barrier(50)
    const { open } = await serve(
      (app) => {
        app.post('/begin', (req, res) => {
          req.session['begun'] = true
          res.end()
        })
        app.post('/set/:name', async (req, res) => {
          await all.arrive()
          req.session[req.params.name] = { value: req.params.name }
          res.end()
        })
        app.get('/', (req, res) => res.json(Object.keys(propertiesOf(req)).length))
      },
      { store: makeStore() },
    )
    const browser = open()
    await browser.post('/begin')
    await bodies(browser, ...Array.from({ length: 50 }, (_, index) => `/set/p${index}`))
    expect((await browser.get('/')).body).toBe('51')
  })

  it.each(['destroy', 'regenerate'] as const)('R3: a logout by %s is final', async (method) => {
    const both = barrier(2)
    const { open } = await serve(
      (app) => {
        app.post('/login', (req, res) => {
          req.session['userId'] = 7
          res.end()
        })
        app.post('/slow', async (req, res) => {
          req.session['late'] = true
          await both.arrive()
          await new Promise((resolve) => setTimeout(resolve, 5))
          res.end()
        })
        app.post('/logout', async (req, res) => {
          await both.arrive()
          req.session[method](() => res.end())
        })
        app.get('/', (req, res) => res.json(propertiesOf(req)))
      },
      { store: makeStore() },
    )
    const browser = open()
    await browser.post('/login')
    const stolen = open()
    for (const [name, value] of browser.cookies) stolen.cookies.set(name, value)
    expect(await bodies(browser, '/slow', '/logout')).toEqual([200, 200])
    expect((await stolen.get('/')).body).toBe('{}')
    expect((await browser.get('/')).body).toBe('{}')
  })

  it('R4: flash, passport and properties of the option `merge` are merged', async () => {
    const three = barrier(3)
    const { open } = await serve(
      (app) => {
        app.post('/begin', (req, res) => {
          req.session['flash'] = { info: ['zero'] }
          req.session['passport'] = { user: 7 }
          req.session['cart'] = { items: ['book'] }
          res.end()
        })
        app.post('/read', async (req, res) => {
          await three.arrive()
          delete req.session['flash'].info // as connect-flash, when messages are shown
          req.session['passport'].oauth = { state: 'one' }
          req.session['cart'].items.push('read')
          res.end()
        })
        app.post('/add/:message', async (req, res) => {
          await three.arrive()
          req.session['flash'].info.push(req.params.message)
          req.session['cart'].items.push(req.params.message)
          res.end()
        })
        app.get('/', (req, res) => res.json(propertiesOf(req)))
      },
      { store: makeStore(), merge: ['cart'] },
    )
    const browser = open()
    await browser.post('/begin')
    await bodies(browser, '/read', '/add/one', '/add/two')
    const { flash, passport, cart } = JSON.parse((await browser.get('/')).body)
    expect(flash.info.sort()).toEqual(['one', 'two'])
    expect(passport).toEqual({ user: 7, oauth: { state: 'one' } })
    expect(cart.items.sort()).toEqual(['book', 'one', 'read', 'two'])
  })

  it('increments through the verbs of the manager are all kept, next to changes of the object', async () => {
    const ten = barrier(10)
    const { open, auth } = await serve(
      (app) => {
        app.post('/begin', (req, res) => {
          req.session['views'] = 5
          res.end()
        })
        app.post('/view/:name', async (req, res) => {
          await ten.arrive()
          req.session[req.params.name] = true
          auth.sessions.of(req).update('views', (views = 0) => (views as number) + 1)
          res.json(req.session['views'])
        })
        app.get('/', (req, res) => res.json(propertiesOf(req)))
      },
      { store: makeStore() },
    )
    const browser = open()
    await browser.post('/begin')
    await bodies(browser, ...Array.from({ length: 10 }, (_, index) => `/view/p${index}`))
    const { views, ...names } = JSON.parse((await browser.get('/')).body)
    expect([views, Object.keys(names).length]).toEqual([15, 10])
  })
})

describe('random races', () => {
  it('lose nothing, and with express-session they lose properties and logouts', async () => {
    const [ours, theirs] = [session, expressSession].map((library) => race(library, 12))
    expect(await ours).toEqual({ lostProperties: 0, undoneDeletions: 0, undoneLogouts: 0 })
    const lost = await theirs
    expect(Math.min(...Object.values(lost as object))).toBeGreaterThan(0)
  })
})

interface Losses {
  readonly lostProperties: number
  readonly undoneDeletions: number
  readonly undoneLogouts: number
}

/** In each round, eight requests set a property each, one deletes a property, and then one logs out next to a slow one. */
async function race(library: typeof session, rounds: number): Promise<Losses> {
  let wait = barrier(0)
  const { open } = await serve(
    (app) => {
      app.post('/begin', (req, res) => {
        Object.assign(req.session, { user: 'ada', old: 1 })
        res.end()
      })
      app.post('/set/:name', async (req, res) => {
        await wait.arrive()
        req.session[req.params.name] = 1
        res.end()
      })
      app.post('/delete', async (req, res) => {
        await wait.arrive()
        delete req.session['old']
        res.end()
      })
      app.post('/logout', async (req, res) => {
        await wait.arrive()
        req.session.destroy(() => res.end())
      })
      app.post('/slow', async (req, res) => {
        await wait.arrive()
        req.session['late'] = 1
        await new Promise((resolve) => setTimeout(resolve, 3))
        res.end()
      })
      app.get('/', (req, res) => res.json(propertiesOf(req)))
    },
    { library, store: library === session ? new MemoryStore() : undefined },
  )
  const losses = { lostProperties: 0, undoneDeletions: 0, undoneLogouts: 0 }
  for (let round = 0; round < rounds; round += 1) {
    const browser = open()
    await browser.post('/begin')
    const names = Array.from({ length: 8 }, (_, index) => `p${index}`)
    wait = barrier(9)
    await bodies(browser, '/delete', ...names.map((name) => `/set/${name}`))
    const left = JSON.parse((await browser.get('/')).body)
    losses.lostProperties += names.filter((name) => !(name in left)).length
    losses.undoneDeletions += 'old' in left ? 1 : 0
    const stolen = open()
    for (const [name, value] of browser.cookies) stolen.cookies.set(name, value)
    wait = barrier(2)
    await bodies(browser, '/slow', '/logout')
    losses.undoneLogouts += (await stolen.get('/')).body === '{}' ? 0 : 1
  }
  return losses
}
