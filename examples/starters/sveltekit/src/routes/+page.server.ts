import { redirect } from '@sveltejs/kit'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = ({ locals: { session } }) => ({
  notices: session.flashed<string>('notice'),
  user: session.userId,
  cart: session.get('cart', []),
})

export const actions: Actions = {
  add({ locals: { session } }) {
    session.push('cart', 'bread')
    session.flash('notice', 'Added.')
    redirect(303, '/')
  },
  empty({ locals: { session } }) {
    session.delete('cart')
    redirect(303, '/')
  },
  async login({ locals: { session }, request }) {
    const form = await request.formData()
    session.login(String(form.get('name')))
    session.flash('notice', 'Welcome back.')
    redirect(303, '/account')
  },
  logout({ locals: { session } }) {
    session.logout()
    redirect(303, '/')
  },
}
