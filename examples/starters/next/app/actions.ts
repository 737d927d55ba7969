'use server'

import { redirect } from 'next/navigation'
import { action } from '../lib/session'

export const addBread = action(async (session) => {
  session.push('cart', 'bread')
  session.flash('notice', 'Added.')
  redirect('/')
})

export const emptyCart = action(async (session) => {
  session.delete('cart')
  redirect('/')
})

export const logIn = action(async (session, form: FormData) => {
  session.login(String(form.get('name')))
  session.flash('notice', 'Welcome back.')
  redirect('/account')
})

export const logOut = action(async (session) => {
  session.logout()
  redirect('/')
})
