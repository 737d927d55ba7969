import type { ReactNode } from 'react'
import { getSession } from '../../lib/session'

export default async function Layout({ children }: { readonly children: ReactNode }) {
  const session = await getSession()
  return (
    <main>
      <p id="notice">{session.flashed<string>('notice').join(' ')}</p>
      {children}
    </main>
  )
}
