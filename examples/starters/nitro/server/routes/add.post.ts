import { defineHandler, redirect } from 'nitro/h3'
import { sessions } from '../utils/sessions.ts'

export default defineHandler(({ req }) => {
  const session = sessions.of(req)
  session.push('cart', 'bread')
  session.flash('notice', 'Added.')
  return redirect('/', 303)
})
