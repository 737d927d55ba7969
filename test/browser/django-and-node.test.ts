// The example of README.md and docs/django.md with Django and a browser: one login for both sides.
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { findDjango } from '../services/django.ts'
import { findChromium, launch } from './chromium.ts'
import { type RunningExample, startExample } from './django-server.ts'

const executable = findChromium()
const django = findDjango()

describe.skipIf(executable === undefined || django === undefined)('Django and Node behind one origin', () => {
  let example: RunningExample
  let browser: Browser
  let page: Page

  beforeAll(async () => {
    example = await startExample(django?.python ?? '')
    browser = await launch(executable ?? '')
  })
  afterAll(async () => {
    await browser?.close()
    await example?.stop()
  })
  beforeEach(async () => {
    page = await (await browser.newContext({ baseURL: example.url })).newPage()
  })

  const text = (id: string): Promise<string | null> => page.locator(`#${id}`).textContent()
  const press = (name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click()

  /** Opens the cart of Node, which redirects to the login form of Django. */
  async function logIn(): Promise<void> {
    await page.goto('/cart')
    expect(new URL(page.url()).pathname).toBe('/accounts/login/')
    await page.getByLabel('Username').fill('ada')
    await page.getByLabel('Password').fill('lovelace')
    await press('Log in')
    await page.waitForURL('**/cart')
  }

  test('a login in Django is valid in Node, and either side can log out', async () => {
    await logIn()
    expect([await page.locator('h1').textContent(), await text('user')]).toEqual(['Node', 'ada'])
    await press('Log out in Node')
    expect([await page.locator('h1').textContent(), await page.locator('#user').count()]).toEqual(['Django', 0])
    await logIn()
    await page.goto('/')
    await press('Log out in Django')
    await page.goto('/cart')
    expect(new URL(page.url()).pathname).toBe('/accounts/login/')
  })

  test('each side can read and remove what the other side added', async () => {
    await logIn()
    await press('Add in Node')
    expect([await text('cart'), await page.getByRole('status').textContent()]).toEqual(['Assam', 'Node has added Assam.'])
    await page.getByLabel('Tea').fill('Sencha')
    await press('Add, and go home')
    expect([await page.locator('h1').textContent(), await text('cart')]).toEqual(['Django', 'Assam, Sencha'])
    expect(await page.getByRole('status').textContent()).toBe('Node has added Sencha.')
    await press('Dark')
    await press('Empty the cart in Django')
    expect([await text('cart'), await page.getByRole('status').textContent()]).toEqual(['nothing', 'Django has emptied the cart.'])
    expect(await page.locator('body').getAttribute('class')).toBe('dark')
    await press('Add in Node')
    await press('Empty the cart in Node')
    await page.goto('/')
    expect([await text('cart'), await text('user')]).toEqual(['nothing', 'ada'])
  })
})
