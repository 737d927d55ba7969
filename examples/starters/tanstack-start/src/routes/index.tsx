import { createFileRoute, Link } from '@tanstack/react-router'
import { Form } from '../form'
import { addBread, emptyCart, getShop, logIn, logOut } from '../shop'

export const Route = createFileRoute('/')({ loader: () => getShop(), component: Home })

function Home() {
  const { notices, user, cart } = Route.useLoaderData()
  return (
    <main>
      <h1>Shop</h1>
      <p id="notice">{notices.join(' ')}</p>
      <p id="user">{user ?? 'nobody'}</p>
      <p id="cart">{cart.join(', ')}</p>
      <Form action={addBread}>
        <button>Add bread</button>
      </Form>
      <Form action={emptyCart}>
        <button>Empty the cart</button>
      </Form>
      <Form action={logIn}>
        <input name="name" aria-label="Name" required />
        <button>Log in</button>
      </Form>
      <Form action={logOut}>
        <button>Log out</button>
      </Form>
      <Link to="/account">Account</Link>
    </main>
  )
}
