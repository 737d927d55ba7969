import { race } from '../../../race'
import type { Actions, PageServerLoad } from './$types'

/** Requests of the server to itself, in which a session starts and is changed. */
export const load: PageServerLoad = async ({ fetch, locals: { session } }) => {
  session.setDefault('cart', ['salt'])
  for (const step of ['count', 'count']) await fetch(`/lab/${step}`, { method: 'POST' })
  return { visits: session.get('visits') }
}

export const actions: Actions = {
  async slow({ locals: { session } }) {
    return { text: await race('slow', session) }
  },
}
