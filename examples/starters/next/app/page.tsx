import Link from 'next/link'
import { getSession } from '../lib/session'
import { addBread, emptyCart, logIn, logOut } from './actions'

export default async function Page() {
  const session = await getSession()
  return (
    <main>
      <h1>Shop</h1>
      <p id="notice">{session.flashed<string>('notice').join(' ')}</p>
      <p id="user">{session.userId ?? 'nobody'}</p>
      <p id="cart">{session.get('cart', []).join(', ')}</p>
      <form action={addBread}>
        <button type="submit">Add bread</button>
      </form>
      <form action={emptyCart}>
        <button type="submit">Empty the cart</button>
      </form>
      <form action={logIn}>
        <input name="name" aria-label="Name" required />
        <button type="submit">Log in</button>
      </form>
      <form action={logOut}>
        <button type="submit">Log out</button>
      </form>
      <Link href="/account">Account</Link>
    </main>
  )
}
