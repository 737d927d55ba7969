import Link from 'next/link'
import { getSession } from '../../lib/session'

export default async function Page() {
  const session = await getSession()
  return (
    <main>
      <h1>Account of {session.userId}</h1>
      <p id="notice">{session.flashed<string>('notice').join(' ')}</p>
      <Link href="/">Shop</Link>
    </main>
  )
}
