// Why: the pictures in docs/inspector.md must show what the inspector really is, so they are
// screenshots of the one in the shop, after it was used.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createSessions } from '../src/index.ts'
import { SqliteStore } from '../src/stores/sqlite.ts'
import { findChromium, launch } from '../test/browser/chromium.ts'
import { startShop } from '../test/browser/shop-server.ts'
import { Visitor } from '../test/browser/visitor.ts'

const docs = join(import.meta.dirname, '../docs')
const HOUR = 3_600_000
const SESSIONS = 240
/** The duration of the traffic in milliseconds: twelve intervals of the charts. */
const TRAFFIC = 120_000

const executable = findChromium()
if (executable === undefined) throw new Error('picture-inspector: Chromium was not found. Install it to take the pictures.')
const [shop, browser] = await Promise.all([startShop(), launch(executable)])
try {
  await addOlderSessions(shop.database)
  await sendTraffic(shop.url)
  const ada = await Visitor.open(shop, browser, { viewport: { width: 1100, height: 1040 }, deviceScaleFactor: 2 })
  await ada.fillSession()
  await ada.press('Log out')
  await ada.add('Enamel mug')
  await ada.logIn('Ada')
  for (const [name, colorScheme, query] of [
    ['inspector', 'light', 'view=overview'],
    ['inspector-session', 'dark', 'view=sessions&user=ada'],
  ] as const) {
    await ada.page.emulateMedia({ colorScheme })
    await ada.page.goto(`${shop.url}/inspector?${query}`)
    if (name === 'inspector-session') await ada.page.locator('tbody a').first().click()
    await ada.page.screenshot({ path: join(docs, `${name}.png`) })
  }
} finally {
  await browser.close()
  await shop.stop()
}

/** Adds sessions of many ages and sizes, by a manager whose clock is slow. */
async function addOlderSessions(database: string): Promise<void> {
  let age = 0
  const sessions = createSessions<{ cart: string[]; userId: string }>({
    store: new SqliteStore(database),
    clock: () => Date.now() - age,
  })
  for (let count = 1; count <= SESSIONS; count++) {
    age = Math.round(0.002 * HOUR * (count % 97) ** 2.1 * (1 + (count % 5)))
    const session = sessions.create().set(
      'cart',
      Array.from({ length: (count * 7) % 300 }, (_, index) => `product-${index}`),
    )
    if (count % 3 === 0) session.login(['grace', 'linus'][count % 2] ?? '')
    await session.save()
  }
  await sessions.close()
}

/** Sends requests of one visitor for two minutes, several at a time. */
async function sendTraffic(url: string): Promise<void> {
  const post = (cookie: string): Promise<Response> =>
    fetch(`${url}/cart/add`, { method: 'POST', headers: { cookie }, body: new URLSearchParams({ sku: 'mug' }), redirect: 'manual' })
  const cookie = (await post('')).headers.getSetCookie()[0]?.split(';')[0] ?? ''
  const end = Date.now() + TRAFFIC
  for (let burst = 0; Date.now() < end; burst++) {
    await Promise.all(Array.from({ length: 1 + ((burst * burst) % 7) }, () => post(cookie)))
    await sleep(200 + 100 * (Math.floor(burst / 20) % 5))
  }
}
