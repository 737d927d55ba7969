import { connect as connectTo } from './client.ts'

export function connect(origin: string, fetch: typeof globalThis.fetch) {
  const shop = connectTo(origin, fetch)
  return {
    look: () => shop.look.query(),
    add: (sku: string) => shop.add.mutate(sku),
    empty: () => shop.empty.mutate(),
    logIn: (name: string) => shop.login.mutate(name),
    logOut: () => shop.logout.mutate(),
    async *checkout(address: string) {
      yield* await shop.checkout.mutate(address)
    },
    account: () => shop.account.query(),
  }
}
