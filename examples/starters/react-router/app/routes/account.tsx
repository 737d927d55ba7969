import { Link, redirect } from 'react-router'
import { sessions } from '../sessions.server'
import type { Route } from './+types/account'

export function loader({ context }: Route.LoaderArgs) {
  const session = sessions.of(context)
  if (session.userId === undefined) throw redirect('/')
  return { notices: session.flashed<string>('notice'), user: session.userId }
}

export default function Account({ loaderData: { notices, user } }: Route.ComponentProps) {
  return (
    <main>
      <h1>Account of {user}</h1>
      <p id="notice">{notices.join(' ')}</p>
      <Link to="/">Shop</Link>
    </main>
  )
}
