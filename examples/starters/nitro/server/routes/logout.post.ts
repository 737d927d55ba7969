import { defineHandler, redirect } from 'nitro/h3'
import { sessions } from '../utils/sessions.ts'

export default defineHandler(({ req }) => {
  sessions.of(req).logout()
  return redirect('/', 303)
})
