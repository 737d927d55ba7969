import { redirect } from '@tanstack/react-router'
import { createServerFn } from '@tanstack/react-start'

const asForm = (form: FormData): FormData => form

export const getShop = createServerFn().handler(({ context: { session } }) => ({
  notices: session.flashed<string>('notice'),
  user: session.userId,
  cart: session.get('cart', []),
}))

export const addBread = createServerFn({ method: 'POST' })
  .validator(asForm)
  .handler(({ context: { session } }) => {
    session.push('cart', 'bread')
    session.flash('notice', 'Added.')
    throw redirect({ to: '/', statusCode: 303 })
  })

export const emptyCart = createServerFn({ method: 'POST' })
  .validator(asForm)
  .handler(({ context: { session } }) => {
    session.delete('cart')
    throw redirect({ to: '/', statusCode: 303 })
  })

export const logIn = createServerFn({ method: 'POST' })
  .validator(asForm)
  .handler(({ context: { session }, data }) => {
    session.login(String(data.get('name')))
    session.flash('notice', 'Welcome back.')
    throw redirect({ to: '/account', statusCode: 303 })
  })

export const logOut = createServerFn({ method: 'POST' })
  .validator(asForm)
  .handler(({ context: { session } }) => {
    session.logout()
    throw redirect({ to: '/', statusCode: 303 })
  })

export const getAccount = createServerFn().handler(({ context: { session } }) => {
  if (session.userId === undefined) throw redirect({ to: '/' })
  return { notices: session.flashed<string>('notice'), user: session.userId }
})
