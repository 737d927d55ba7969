import { connect as connectTo } from './client.ts'

export function connect(origin: string, fetch: typeof globalThis.fetch) {
  const shop = connectTo(origin, fetch)
  return {
    look: async () => (await succeed(shop.cart.$get())).json(),
    add: (sku: string) => succeed(shop.cart[':sku'].$post({ param: { sku } })),
    empty: () => succeed(shop.cart.$delete()),
    logIn: (name: string) => succeed(shop.login[':name'].$post({ param: { name } })),
    logOut: () => succeed(shop.logout.$post()),
    async account(): Promise<string> {
      const response = await shop.account.$get()
      if (response.status === 401) throw new Error((await response.json()).error)
      return (await response.json()).user
    },
  }
}

async function succeed<Answer extends { readonly ok: boolean; readonly status: number }>(sent: Promise<Answer>): Promise<Answer> {
  const response = await sent
  if (!response.ok) throw new Error(`The status is ${response.status}`)
  return response
}
