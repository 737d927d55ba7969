'use server'

import { revalidatePath } from 'next/cache'
import { notFound, redirect } from 'next/navigation'
import { action } from '../../lib/session'
import { race } from '../../race'

/** The page is rendered in the same request. */
export const stay = action(async (session) => {
  session.push('cart', 'milk')
  revalidatePath('/lab')
})

export const leaveANotice = action(async (session) => {
  session.flash('notice', 'Hello.')
})

export const notThere = action(async (session) => {
  session.push('cart', 'salt')
  notFound()
})

export const slow = action(async (session) => {
  await race('slow', session)
  redirect('/account')
})

export const broken = action(async (session) => {
  session.push('cart', 'never saved')
  throw new Error('broken')
})
