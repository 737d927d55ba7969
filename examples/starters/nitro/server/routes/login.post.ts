import { defineHandler, redirect } from 'nitro/h3'
import { sessions } from '../utils/sessions.ts'

export default defineHandler(async ({ req }) => {
  const form = await req.formData()
  const session = sessions.of(req)
  session.login(String(form.get('name')))
  session.flash('notice', 'Welcome back.')
  return redirect('/account', 303)
})
