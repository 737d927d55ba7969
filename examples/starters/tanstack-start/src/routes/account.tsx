import { createFileRoute, Link } from '@tanstack/react-router'
import { getAccount } from '../shop'

export const Route = createFileRoute('/account')({ loader: () => getAccount(), component: Account })

function Account() {
  const { notices, user } = Route.useLoaderData()
  return (
    <main>
      <h1>Account of {user}</h1>
      <p id="notice">{notices.join(' ')}</p>
      <Link to="/">Shop</Link>
    </main>
  )
}
