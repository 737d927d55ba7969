import { Form, Link, redirect } from 'react-router'
import { sessions } from '../sessions.server'
import type { Route } from './+types/home'

export function loader({ context }: Route.LoaderArgs) {
  const session = sessions.of(context)
  return { notices: session.flashed<string>('notice'), user: session.userId, cart: session.get('cart', []) }
}

export async function action({ context, request }: Route.ActionArgs) {
  const session = sessions.of(context)
  const form = await request.formData()
  switch (form.get('do')) {
    case 'add':
      session.push('cart', 'bread')
      session.flash('notice', 'Added.')
      break
    case 'empty':
      session.delete('cart')
      break
    case 'login':
      session.login(String(form.get('name')))
      session.flash('notice', 'Welcome back.')
      throw redirect('/account')
    case 'logout':
      session.logout()
      break
  }
  throw redirect('/')
}

export default function Home({ loaderData: { notices, user, cart } }: Route.ComponentProps) {
  return (
    <main>
      <h1>Shop</h1>
      <p id="notice">{notices.join(' ')}</p>
      <p id="user">{user ?? 'nobody'}</p>
      <p id="cart">{cart.join(', ')}</p>
      <Form method="post">
        <button name="do" value="add">
          Add bread
        </button>
      </Form>
      <Form method="post">
        <button name="do" value="empty">
          Empty the cart
        </button>
      </Form>
      <Form method="post">
        <input name="name" aria-label="Name" required />
        <button name="do" value="login">
          Log in
        </button>
      </Form>
      <Form method="post">
        <button name="do" value="logout">
          Log out
        </button>
      </Form>
      <Link to="/account">Account</Link>
    </main>
  )
}
