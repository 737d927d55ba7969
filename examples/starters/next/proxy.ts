import { NextResponse } from 'next/server'
import { proxy as withSession } from './lib/session'

export const proxy = withSession((request, session) => {
  if (session.userId === undefined) return NextResponse.redirect(new URL('/', request.url))
})

export const config = { matcher: '/account' }
