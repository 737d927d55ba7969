import { Form } from 'react-router'
import { race } from '../../race'
import { sessions } from '../sessions.server'
import type { Route } from './+types/lab'

export async function action({ context }: Route.ActionArgs) {
  return { text: await race('slow', sessions.of(context)) }
}

export default function Lab() {
  return (
    <Form method="post">
      <h1>Lab</h1>
      <button>Slow</button>
    </Form>
  )
}
