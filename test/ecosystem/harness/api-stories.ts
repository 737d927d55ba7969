// What every framework without pages has to do. The server of the starter runs as it is, with only
// gate.js loaded before it, and a client of the framework visits it.
import { existsSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ApiBrowser } from './api-browser.ts'
import { freePort, Starter } from './starter.ts'

const CLIENTS = join(import.meta.dirname, '../apis/clients')

/** The shop of a starter, as its client sees it. A call that fails rejects. */
export interface Shop {
  look(): Promise<{ readonly notices: readonly string[]; readonly user?: string | null; readonly cart: readonly string[] }>
  add(sku: string): Promise<unknown>
  empty(): Promise<unknown>
  logIn(name: string): Promise<unknown>
  logOut(): Promise<unknown>
  /** Resolves to the user who is logged in. Rejects without one. */
  account(): Promise<string>
}

/** Makes the client of a visitor. Its `fetch` keeps the cookies of this visitor. */
export type Connect<S extends Shop = Shop> = (origin: string, fetch: typeof globalThis.fetch) => S

export interface ApiStarter<S extends Shop> {
  /** The folder in examples/starters. */
  readonly starter: string
  /** The program that runs its server. Default: this Node. */
  readonly runtime?: string
  /** Its client. Default: the one in test/ecosystem/apis/clients, which uses the client of the starter. */
  readonly connect?: Connect<S>
}

interface Visit<S extends Shop> {
  readonly shop: S
  readonly browser: ApiBrowser
  readonly origin: string
}

/** For tests of one framework. */
export interface Opened<S extends Shop = Shop> {
  /** A visitor without cookies. */
  open(): Promise<Visit<S>>
  /** Controls the server: see gate.js. */
  gate(step: 'hold' | 'held' | 'release' | 'fail' | 'heal'): Promise<unknown>
}

interface Client<S extends Shop> {
  readonly connect: Connect<S>
}

/** `more` adds tests. */
export function apiStories<S extends Shop>(
  name: string,
  { starter: folder, runtime, connect }: ApiStarter<S>,
  more?: (opened: Opened<S>) => void,
): void {
  describe(name, () => {
    let starter: Starter
    let origin: string
    let control: string
    beforeAll(async () => {
      starter = await Starter.prepare(folder, 'apis')
      const client = join(CLIENTS, `${folder}.ts`)
      if (existsSync(client)) await cp(client, join(starter.folder, 'shop.ts'))
      const port = String(await freePort())
      control = `http://127.0.0.1:${port}`
      const environment = { GATE_PORT: port, NODE_OPTIONS: '--import ./gate.js', BUN_OPTIONS: '--preload ./gate.js' }
      ;[origin] = await Promise.all([starter.serve('./server.ts', [], environment, runtime), starter.run('typescript/bin/tsc')])
    })
    afterAll(() => starter.remove())

    const opened: Opened<S> = {
      async open() {
        const browser = new ApiBrowser()
        const make = connect ?? ((await import(/* @vite-ignore */ join(starter.folder, 'shop.ts'))) as Client<S>).connect
        return { browser, origin, shop: make(origin, browser.fetch) }
      },
      gate: (step) => fetch(`${control}/${step}`),
    }
    visit(opened)
    races(opened)
    more?.(opened)
  })
}

function visit({ open }: Opened): void {
  it('keeps the cart through a login, shows a message once, and refuses the account after the logout', async () => {
    const { shop, browser } = await open()
    await expect(shop.account()).rejects.toThrow()
    expect(browser.cookies.size).toBe(0)
    await shop.add('bread')
    expect(await shop.look()).toMatchObject({ notices: ['Added.'], cart: ['bread'] })
    const anonymous = new Map(browser.cookies)
    await shop.logIn('ada')
    expect(browser.cookies).not.toEqual(anonymous)
    expect(await shop.account()).toBe('ada')
    expect(await shop.look()).toEqual({ notices: ['Welcome back.'], user: 'ada', cart: ['bread'] })
    expect((await shop.look()).notices).toEqual([])
    await shop.logOut()
    expect(browser.cookies.size).toBe(0)
    await expect(shop.account()).rejects.toThrow()
    expect((await shop.look()).cart).toEqual([])
  })
}

/** Two requests of one visitor at the same time, and a store that fails. */
function races({ open, gate }: Opened): void {
  it('a deletion stays deleted when a slow request overlaps with it', async () => {
    const { shop } = await open()
    await shop.add('bread')
    await gate('hold')
    const slow = shop.add('milk')
    await gate('held')
    await shop.empty()
    await gate('release')
    await slow
    expect((await shop.look()).cart).toEqual(['milk'])
  })

  it('a request whose session ended while it was running is refused, and does not restore it', async () => {
    const { shop, browser } = await open()
    await shop.add('bread')
    await gate('hold')
    const slow = shop.add('milk')
    const refused = expect(slow).rejects.toThrow()
    await gate('held')
    await shop.logOut()
    await gate('release')
    await refused
    expect(browser.lastFailure?.status).toBe(409)
    expect((await shop.look()).cart).toEqual([])
  })

  it('a request whose commit failed is no success, and does not show what the store said', async () => {
    const { shop, browser } = await open()
    await shop.add('bread')
    await gate('fail')
    try {
      await expect(shop.add('milk')).rejects.toThrow()
    } finally {
      await gate('heal')
    }
    expect(browser.lastFailure?.status).toBe(503)
    expect(browser.lastFailure?.body).not.toMatch(/password|db\.internal/)
    expect((await shop.look()).cart).toEqual(['bread'])
  })
}
