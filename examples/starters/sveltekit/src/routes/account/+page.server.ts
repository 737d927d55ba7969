import { redirect } from '@sveltejs/kit'
import type { PageServerLoad } from './$types'

export const load: PageServerLoad = ({ locals: { session } }) => {
  if (session.userId === undefined) redirect(303, '/')
  return { notices: session.flashed<string>('notice'), user: session.userId }
}
