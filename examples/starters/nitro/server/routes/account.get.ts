import { defineHandler, html, raw, redirect } from 'nitro/h3'
import { accountPage } from '../utils/pages.ts'
import { sessions } from '../utils/sessions.ts'

export default defineHandler(({ req }) => {
  const session = sessions.of(req)
  if (session.userId === undefined) return redirect('/', 303)
  return html(raw(accountPage({ notices: session.flashed<string>('notice'), user: session.userId })))
})
