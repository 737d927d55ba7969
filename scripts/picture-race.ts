// Why: the README's picture must show what the Race really does, so it is a screenshot of the real
// page after a real race.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { findChromium, launch } from '../test/browser/chromium.ts'
import { startShop } from '../test/browser/shop-server.ts'

const MARGIN = 28
const target = join(import.meta.dirname, '../docs/race.png')

const executable = findChromium()
if (executable === undefined) throw new Error('picture-race: Chromium was not found. Install it to take the picture.')
const [shop, browser] = await Promise.all([startShop(), launch(executable)])
try {
  const page = await browser.newPage({ viewport: { width: 1000, height: 1400 }, deviceScaleFactor: 2, colorScheme: 'light' })
  await page.goto(`${shop.url}/race`)
  await page.getByRole('button', { name: 'Start the race' }).click()
  await page.getByRole('button', { name: 'Race again' }).waitFor()
  const box = await page.locator('#race-cart').boundingBox()
  if (box === null) throw new Error('picture-race: the page has no element #race-cart')
  const clip = { x: box.x - MARGIN, y: box.y - MARGIN, width: box.width + 2 * MARGIN, height: box.height + 2 * MARGIN }
  mkdirSync(join(target, '..'), { recursive: true })
  await page.screenshot({ path: target, clip })
  console.log(`${target}: ${(await page.locator('#race-cart .verdict > span').allTextContents()).join(' ')}`)
} finally {
  await browser.close()
  await shop.stop()
}
