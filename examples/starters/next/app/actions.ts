'use server'

import { redirect } from 'next/navigation'
import { action } from '../lib/session'

export const addBread = action((session) => {
  session.push('cart', 'bread')
  session.flash('notice', 'Added.')
  redirect('/')
})

export const emptyCart = action((session) => {
  session.delete('cart')
  redirect('/')
})

export const logIn = action((session, form: FormData) => {
  session.login(String(form.get('name')))
  session.flash('notice', 'Welcome back.')
  redirect('/account')
})

export const logOut = action((session) => {
  session.logout()
  redirect('/')
})
