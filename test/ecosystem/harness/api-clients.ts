import { expect } from 'vitest'
import type { Connect, Shop } from './api-stories.ts'

/** The client of starters with a form for each change, as a browser without a script. */
export const formClient: Connect = (origin, fetch) => {
  async function read<T>(path: string): Promise<T> {
    const response = await fetch(origin + path)
    if (response.status !== 200) throw new Error(`${path} has the status ${response.status}`)
    return (await response.json()) as T
  }
  async function change(method: string, path: string, fields?: Readonly<Record<string, string>>, location = '/'): Promise<void> {
    const { status, headers } = await fetch(origin + path, { method, ...(fields && { body: new URLSearchParams(fields) }) })
    if (status >= 400) throw new Error(`${path} has the status ${status}`)
    expect([status, headers.get('location')]).toEqual([303, location])
  }
  return {
    look: () => read('/'),
    add: (sku) => change('POST', '/cart', { sku }),
    empty: () => change('DELETE', '/cart'),
    logIn: (name) => change('POST', '/login', { name }, '/account'),
    logOut: () => change('POST', '/logout'),
    account: async () => (await read<{ readonly user: string }>('/account')).user,
  }
}

/** The client of starters with GraphQL. */
export const graphqlClient: Connect = (origin, fetch) => {
  async function send(query: string): Promise<Record<string, never>> {
    const response = await fetch(`${origin}/graphql`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ query }),
    })
    if (response.status !== 200) throw new Error(`The status is ${response.status}`)
    const { data, errors } = (await response.json()) as { data: Record<string, never>; errors?: readonly { readonly message: string }[] }
    if (errors !== undefined) throw new Error(errors[0]?.message)
    return data
  }
  return {
    look: () => send('{ notices user cart }') as ReturnType<Shop['look']>,
    add: (sku) => send(`mutation { add(sku: "${sku}") }`),
    empty: () => send('mutation { empty }'),
    logIn: (name) => send(`mutation { login(name: "${name}") }`),
    logOut: () => send('mutation { logout }'),
    account: async () => (await send('{ account }'))['account'] as unknown as string,
  }
}
