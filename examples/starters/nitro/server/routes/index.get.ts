import { defineHandler, html, raw } from 'nitro/h3'
import { shopPage } from '../utils/pages.ts'
import { sessions } from '../utils/sessions.ts'

export default defineHandler(({ req }) => {
  const session = sessions.of(req)
  return html(raw(shopPage({ notices: session.flashed<string>('notice'), user: session.userId, cart: session.get('cart', []) })))
})
