import { NextResponse } from 'next/server'
import { proxy as withSession } from './lib/session'

export const proxy = withSession((request, session) => {
  if (request.nextUrl.pathname === '/lab/there') session.setDefault('visits', 100)
  else if (session.userId === undefined) return NextResponse.redirect(new URL('/', request.url))
})

export const config = { matcher: ['/account', '/lab/there'] }
