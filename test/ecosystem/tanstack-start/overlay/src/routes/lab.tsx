import { createFileRoute } from '@tanstack/react-router'
import { createServerFn } from '@tanstack/react-start'
import { race } from '../../race'
import { Form } from '../form'

const slow = createServerFn({ method: 'POST' })
  .validator((form: FormData) => form)
  .handler(async ({ context: { session } }) => ({ text: await race('slow', session) }))

export const Route = createFileRoute('/lab')({ component: Lab })

function Lab() {
  return (
    <Form action={slow}>
      <h1>Lab</h1>
      <button>Slow</button>
    </Form>
  )
}
